package recordingexportbatch

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/usage"
)

// boundedDelivery is a delivery of a namespace that may take so many bytes as the list says.
func boundedDelivery(t *testing.T, list string, media mediaReader) *requestFollower {
	t.Helper()
	limits, err := usage.ParseLimits(list)
	if err != nil {
		t.Fatal(err)
	}
	d := newFollower(t, t.TempDir(), media)
	meter := &usage.Meter{Root: t.TempDir(), Limits: limits, Clock: clock.RealClock{}}
	d.store = meter.CountWrites(d.store, "legal")
	d.space = freeSpace{store: d.store, reserve: func(bytes int64) (*usage.Reservation, error) { return meter.Reserve("legal", bytes) }}
	return d
}

// bodies gives the same body for each address, of a length that it tells or -1.
type bodies struct {
	body   io.Reader
	length int64
}

func (b *bodies) OpenMedia(context.Context, genesys.SignedURL) (*genesys.Media, error) {
	return &genesys.Media{Body: io.NopCloser(b.body), Length: b.length}, nil
}

func (d *requestFollower) streamTo(ctx context.Context, name string) error {
	_, err := d.stream(ctx, genesys.BatchResult{ContentType: "text/plain"}, name, nil)
	return err
}

// expectFull fails unless an error tells that the namespace takes as much as it may.
func expectFull(t *testing.T, when string, err error) {
	t.Helper()
	var full *usage.FullError
	if !errors.As(err, &full) {
		t.Errorf("%s: %v", when, err)
	}
}

// TestTransfersAtTheBound: of transfers that do not all fit, those that have begun end, and
// the others do not begin. So there is progress, however many there are at a time.
func TestTransfersAtTheBound(t *testing.T) {
	reader, writer := io.Pipe()
	media := &bodies{reader, 600}
	d := boundedDelivery(t, "1000", media)
	first := make(chan error, 1)
	go func() { first <- d.streamTo(t.Context(), "data/1") }()
	if _, err := io.WriteString(writer, strings.Repeat("x", 512)); err != nil {
		t.Fatal(err)
	}
	media = &bodies{strings.NewReader(strings.Repeat("y", 600)), 600}
	d.source = media
	expectFull(t, "the second", d.streamTo(t.Context(), "data/2"))
	if err := d.space.checkQuota(); err != nil {
		t.Errorf("what is reserved is within the bound: %v", err)
	}
	if _, err := io.WriteString(writer, strings.Repeat("x", 88)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(writer.Close(), <-first); err != nil {
		t.Errorf("the first: %v", err)
	}
	media.length = 700 // more is announced than comes: it fails, and takes nothing
	media.body = strings.NewReader("z")
	expectFull(t, "too long", d.streamTo(t.Context(), "data/3"))
	media.length = 400
	if err := d.streamTo(t.Context(), "data/4"); err == nil {
		t.Error("a short one is stored")
	}
	media.body = strings.NewReader(strings.Repeat("z", 400))
	if err := d.streamTo(t.Context(), "data/5"); err != nil {
		t.Errorf("what fits exactly: %v", err)
	}
}

// TestAStreamWithoutALength ends once the namespace takes more than it may; without a bound
// it does not.
func TestAStreamWithoutALength(t *testing.T) {
	for list, full := range map[string]bool{"1000": true, "": false} {
		d := boundedDelivery(t, list, &bodies{strings.NewReader(strings.Repeat("x", 1<<20)), -1})
		err := d.streamTo(t.Context(), "data/1")
		if full {
			expectFull(t, "without a length", err)
		} else if err != nil {
			t.Errorf("without a bound: %v", err)
		}
		if err := d.space.checkQuota(); err != nil {
			t.Errorf("what was not stored counts: %v", err)
		}
	}
}

// TestABatchThatWantsNothingMore needs no free space.
func TestABatchThatWantsNothingMore(t *testing.T) {
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("full")
	state := &batchState{inventory: &inventoryCounts{}}
	space := freeSpace{store: store, reserve: func(int64) (*usage.Reservation, error) { return nil, full }}
	b := &connectedBatch{loadedBatch: &loadedBatch{resolvedBatch: &resolvedBatch{archiveAccess: archiveAccess{space: space}}, state: state}}
	if out, err := (freeSpaceCheck{}).Reconcile(t.Context(), b); err != nil || !out.IsDone() {
		t.Errorf("none is wanted: %v, %v", out, err)
	}
	state.inventory.wanted = 2
	for stored, want := range []error{full, full, nil} {
		state.stored = stored
		if _, err := (freeSpaceCheck{}).Reconcile(t.Context(), b); !errors.Is(err, want) {
			t.Errorf("%d of 2 are stored: %v", stored, err)
		}
	}
}
