package artifacts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// kept is an archive in memory.
type kept struct{ fstest.MapFS }

func (k kept) FS(context.Context) fs.FS { return k.MapFS }

func (k kept) Create(_ context.Context, key string, write func(io.Writer) error) error {
	if k.MapFS[key] != nil {
		return fs.ErrExist
	}
	var body strings.Builder
	err := write(&body)
	k.MapFS[key] = &fstest.MapFile{Data: []byte(body.String())}
	return err
}

func (k kept) Remove(_ context.Context, key string) error {
	delete(k.MapFS, key)
	return nil
}

var stamp = NewStamp(time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC), "a")

// keptPlan is an archive with a plan of so many entries, each with a retry of its own whose
// token is at least so long.
func keptPlan(t *testing.T, entries, token int) kept {
	t.Helper()
	store := kept{fstest.MapFS{}}
	for number := range entries {
		retried := &plan.Retried{Token: strings.Repeat("t", token), Seals: number}
		if _, err := Put(t.Context(), store, EntryKey(number), Entry{Stamp: stamp, Entry: plan.Entry{Retried: retried}}); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// readPlan reads a plan whole, and tells in how many steps.
func readPlan(t *testing.T, store kept) (all []Entry, steps int) {
	t.Helper()
	for {
		entries, err := PlanEntries(t.Context(), store, len(all))
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 {
			return all, steps
		}
		all, steps = append(all, entries...), steps+1
	}
}

// TestBundles: a plan is the same with its bundles and without, whichever of them are there,
// and is read in fewer steps.
func TestBundles(t *testing.T) {
	const entries = 3*BundledEntries + 5
	store := keptPlan(t, entries, 1)
	want, steps := readPlan(t, store)
	if len(want) != entries || steps != entries {
		t.Fatalf("%d entries in %d steps", len(want), steps)
	}
	for _, bundles := range []struct{ number, steps int }{{1, 2*BundledEntries + 6}, {0, BundledEntries + 7}, {2, 8}} {
		if err := PutPlanBundle(t.Context(), store, stamp, bundles.number*BundledEntries); err != nil {
			t.Fatal(err)
		}
		got, steps := readPlan(t, store)
		if diff := cmp.Diff(want, got); diff != "" || steps != bundles.steps {
			t.Errorf("in %d steps, want %d (-want +got):\n%s", steps, bundles.steps, diff)
		}
	}
}

// TestBundlesThatCannotBe: one of entries that are too large is not made, and one of entries
// that are missing tells of a changed archive.
func TestBundlesThatCannotBe(t *testing.T) {
	large := keptPlan(t, BundledEntries, maxBundle/BundledEntries)
	if err := PutPlanBundle(t.Context(), large, stamp, 0); err != nil || large.MapFS[PlanBundleKey(0)] != nil {
		t.Errorf("entries that are too large: %v", err)
	}
	fits := keptPlan(t, BundledEntries, maxBundle/BundledEntries-200)
	if err := PutPlanBundle(t.Context(), fits, stamp, 0); err != nil || len(fits.MapFS[PlanBundleKey(0)].Data) > maxBundle+200 {
		t.Errorf("entries that fit: %v", err)
	}
	missing := keptPlan(t, BundledEntries, 1)
	delete(missing.MapFS, EntryKey(7))
	if err := PutPlanBundle(t.Context(), missing, stamp, 0); !errors.Is(err, evidence.ErrCorrupt) || !strings.Contains(err.Error(), EntryKey(7)) {
		t.Errorf("an entry is missing: %v", err)
	}
}

// TestABundleHasItsEntriesByteForByte, with the fields that only a later release knows: it
// never reads the entries themselves again.
func TestABundleHasItsEntriesByteForByte(t *testing.T) {
	store := keptPlan(t, BundledEntries, 1)
	const later = `,"later":{"text":"\u003cb\u003e","number":1.50,"list":[null,{}]}}`
	known := store.MapFS[EntryKey(7)].Data
	store.MapFS[EntryKey(7)].Data = append(bytes.TrimSuffix(known, []byte("}")), later...)
	if err := PutPlanBundle(t.Context(), store, stamp, 0); err != nil {
		t.Fatal(err)
	}
	var stored struct{ Entries []json.RawMessage }
	if err := json.Unmarshal(store.MapFS[PlanBundleKey(0)].Data, &stored); err != nil || len(stored.Entries) != BundledEntries {
		t.Fatalf("%d entries, %v", len(stored.Entries), err)
	}
	for number, entry := range stored.Entries {
		if diff := cmp.Diff(string(store.MapFS[EntryKey(number)].Data), string(entry)); diff != "" {
			t.Errorf("entry %d (-stored +bundled):\n%s", number, diff)
		}
	}
}

// TestTheFormOfABundle is that of a PlanBundle, of which there is a golden file.
func TestTheFormOfABundle(t *testing.T) {
	store := keptPlan(t, BundledEntries, 1)
	if err := PutPlanBundle(t.Context(), store, stamp, 0); err != nil {
		t.Fatal(err)
	}
	bundle, err := Get[PlanBundle](t.Context(), store, PlanBundleKey(0))
	if err != nil || bundle.Stamp != stamp || len(bundle.Entries) != BundledEntries {
		t.Fatalf("%d entries of %+v, %v", len(bundle.Entries), bundle.Stamp, err)
	}
	want, err := json.Marshal(bundle)
	if diff := cmp.Diff(string(want), string(store.MapFS[PlanBundleKey(0)].Data)); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestEntriesOfALaterReleaseAreNotBundled: this one cannot read them.
func TestEntriesOfALaterReleaseAreNotBundled(t *testing.T) {
	store := keptPlan(t, BundledEntries, 1)
	store.MapFS[EntryKey(7)].Data = fmt.Appendf(nil, `{"version":%d,"voided":{}}`, Version+1)
	err := PutPlanBundle(t.Context(), store, stamp, 0)
	if _, newer := errors.AsType[*NewerError](err); !newer || store.MapFS[PlanBundleKey(0)] != nil {
		t.Errorf("%v, want the error for an artifact of a later release, and no bundle", err)
	}
}

// TestABundleOfOtherEntries tells of a changed archive.
func TestABundleOfOtherEntries(t *testing.T) {
	store := keptPlan(t, 2*BundledEntries, 1)
	if err := PutPlanBundle(t.Context(), store, stamp, 0); err != nil {
		t.Fatal(err)
	}
	whole := store.MapFS[PlanBundleKey(0)]
	store.MapFS[PlanBundleKey(BundledEntries)] = whole
	if _, err := PlanEntries(t.Context(), store, BundledEntries); !errors.Is(err, evidence.ErrCorrupt) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a bundle of earlier entries: %v", err)
	}
	store.MapFS[PlanBundleKey(0)] = &fstest.MapFile{Data: []byte(`{"first":0,"entries":[]}`)}
	if _, err := PlanEntries(t.Context(), store, 0); !errors.Is(err, evidence.ErrCorrupt) {
		t.Errorf("a bundle of nothing: %v", err)
	}
}
