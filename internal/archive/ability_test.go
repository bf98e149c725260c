package archive_test

import (
	"context"
	"io"
	"slices"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
	"github.com/gcexport/recording-export-operator/internal/usage"
)

// able is a store with every optional ability. It notes which are used.
type able struct {
	archive.Store
	used []string
}

func (a *able) Free(context.Context) (int64, error) {
	a.used = append(a.used, "free")
	return 7, nil
}

func (a *able) Discard(context.Context, string) error {
	a.used = append(a.used, "discard")
	return nil
}

func (a *able) Hold(context.Context, string) (bool, error) {
	a.used = append(a.used, "hold")
	return true, nil
}

func (a *able) CreateHeld(ctx context.Context, key string, write func(io.Writer) error) error {
	a.used = append(a.used, "create held")
	return a.Create(ctx, key, write)
}

// abilities uses each ability of a store, and returns whether it has it.
var abilities = map[string]func(t *testing.T, store archive.Store) bool{
	"free": func(t *testing.T, store archive.Store) bool {
		free, known, err := archive.Free(t.Context(), store)
		return known && err == nil && free == 7
	},
	"discard": func(t *testing.T, store archive.Store) bool {
		return archive.Discard(t.Context(), store, "bags/b") == nil
	},
	"hold": func(t *testing.T, store archive.Store) bool {
		holder, ok := archive.As[archive.LegalHolder](store)
		if !ok {
			return false
		}
		held, err := holder.Hold(t.Context(), "bags/b/x")
		return held && err == nil
	},
	"create held": func(t *testing.T, store archive.Store) bool {
		return archive.Held(store).Create(t.Context(), "bags/b/y", func(w io.Writer) error {
			_, err := io.WriteString(w, "y")
			return err
		}) == nil
	},
}

// wrappers are all stores that wrap another one.
func wrappers(t *testing.T) map[string]func(archive.Store) archive.Store {
	t.Helper()
	limits, err := usage.ParseLimits("legal=1Ti")
	if err != nil {
		t.Fatal(err)
	}
	meter := &usage.Meter{Root: t.TempDir(), Limits: limits}
	return map[string]func(archive.Store) archive.Store{
		"none":      func(s archive.Store) archive.Store { return s },
		"held":      archive.Held,
		"authentic": func(s archive.Store) archive.Store { return authentic.Wrap(s, authentic.Identity{}, nil) },
		"counted":   func(s archive.Store) archive.Store { return meter.CountWrites(s, "legal") },
	}
}

// TestAbilitiesSurviveWrapping: whatever a store can do beyond the interface, it can do
// in every wrapper, and in every wrapper of a wrapper.
func TestAbilitiesSurviveWrapping(t *testing.T) {
	for outer, wrapOuter := range wrappers(t) {
		for inner, wrapInner := range wrappers(t) {
			for ability, use := range abilities {
				directory, err := archive.OpenDirectory(t.TempDir(), "case-1")
				if err != nil {
					t.Fatal(err)
				}
				base := &able{Store: directory}
				if has := use(t, wrapOuter(wrapInner(base))); !has || !slices.Contains(base.used, ability) {
					t.Errorf("%s in %s in %s: works %t, used %v", ability, inner, outer, has, base.used)
				}
			}
		}
	}
}

// TestNoWrapperMakesUpAnAbility that the store does not have.
func TestNoWrapperMakesUpAnAbility(t *testing.T) {
	for name, wrap := range wrappers(t) {
		directory, err := archive.OpenDirectory(t.TempDir(), "case-1")
		if err != nil {
			t.Fatal(err)
		}
		store := wrap(struct{ archive.Store }{directory})
		_, discards := archive.As[archive.Discarder](store)
		_, holds := archive.As[archive.LegalHolder](store)
		_, creates := store.(archive.HoldCreator)
		if _, known, err := archive.Free(t.Context(), store); known || err != nil || discards || holds || creates {
			t.Errorf("%s: free %t, %v, discards %t, holds %t, creates held %t", name, known, err, discards, holds, creates)
		}
	}
}
