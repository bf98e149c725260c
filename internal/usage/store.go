package usage

import (
	"context"
	"io"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// CountWrites returns a store of a namespace that adds to the meter what is stored, while
// it is written. For a namespace without a bound it returns the store itself.
func (m *Meter) CountWrites(inner archive.Store, namespace string) archive.Store {
	if m.Limits.Of(namespace) == 0 {
		return inner
	}
	store := counted{inner, m, namespace}
	if creator, ok := inner.(archive.HoldCreator); ok {
		return countedHolds{store, creator}
	}
	return store
}

// counted is a store whose writes are counted.
type counted struct {
	archive.Store
	meter     *Meter
	namespace string
}

// Create stores, and counts what was stored. If it fails, nothing is stored or counted.
func (c counted) Create(ctx context.Context, key string, write func(io.Writer) error) error {
	return c.count(ctx, key, write, c.Store.Create)
}

// Unwrap returns the store. What is discarded there counts until the next measurement.
func (c counted) Unwrap() archive.Store { return c.Store }

// countedHolds is a counted store that supports legal hold.
type countedHolds struct {
	counted
	inner archive.HoldCreator
}

// CreateHeld is Create, under legal hold.
func (c countedHolds) CreateHeld(ctx context.Context, key string, write func(io.Writer) error) error {
	return c.count(ctx, key, write, c.inner.CreateHeld)
}

// count has create store something, and counts it.
func (c counted) count(ctx context.Context, key string, write func(io.Writer) error,
	create func(context.Context, string, func(io.Writer) error) error,
) error {
	var bytes int64
	err := create(ctx, key, func(w io.Writer) error {
		return write(writer{w, c, &bytes})
	})
	if err != nil {
		c.meter.addStored(c.namespace, -bytes)
	}
	return err
}

// writer counts what is written.
type writer struct {
	io.Writer
	of    counted
	bytes *int64
}

func (w writer) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	*w.bytes += int64(n)
	w.of.meter.addStored(w.of.namespace, int64(n))
	return n, err
}
