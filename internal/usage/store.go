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
	return counted{inner, m, namespace}
}

// counted is a store whose writes are counted.
type counted struct {
	archive.Store
	meter     *Meter
	namespace string
}

// Create stores, and counts what was stored. If it fails, nothing is stored or counted.
func (c counted) Create(ctx context.Context, key string, write func(io.Writer) error) error {
	var bytes int64
	err := c.Store.Create(ctx, key, func(w io.Writer) error {
		return write(writer{w, c, &bytes})
	})
	if err != nil {
		c.meter.addStored(c.namespace, -bytes)
	}
	return err
}

// Free is Free of the store.
func (c counted) Free(ctx context.Context) (int64, error) {
	return archive.FreeOf(ctx, c.Store)
}

// Discard is Discard of the store. What was discarded counts until the next measurement.
func (c counted) Discard(ctx context.Context, key string) error {
	return archive.Discard(ctx, c.Store, key)
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
