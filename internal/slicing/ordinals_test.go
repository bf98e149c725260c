package slicing

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestOrdinals(t *testing.T) {
	var set Ordinals
	for _, n := range []int{5, 0, 1, 3, 2, 7, 2} {
		set = set.With(n)
	}
	if got, want := set.String(), "0-3,5,7"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	if set.Len() != 6 {
		t.Errorf("Len() = %d, want 6", set.Len())
	}
	for n, want := range map[int]bool{0: true, 3: true, 4: false, 5: true, 6: false, 8: false} {
		if set.Contains(n) != want {
			t.Errorf("Contains(%d) = %v", n, !want)
		}
	}
}

func TestFirstOrdinals(t *testing.T) {
	for n, want := range map[int]string{0: "", 1: "0", 42: "0-41"} {
		if got := FirstOrdinals(n); got.String() != want || got.Len() != n {
			t.Errorf("FirstOrdinals(%d) = %q, of %d", n, got, got.Len())
		}
	}
}

func TestParseOrdinalsRefuses(t *testing.T) {
	for _, text := range []string{"x", "-1", "1-", "3-1", "1-1", "1,2", "0-3,2", "5,1", " 1", "01", "1,", "99999999999"} {
		if got, err := ParseOrdinals(text); err == nil {
			t.Errorf("ParseOrdinals(%q) = %v, want an error", text, got)
		}
	}
}

// TestOrdinalsAreASet compares Ordinals with a map, and text with what it came from.
func TestOrdinalsAreASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOf(rapid.IntRange(0, 60)).Draw(t, "numbers")
		var set Ordinals
		model := map[int]bool{}
		for _, n := range numbers {
			set = set.With(n)
			model[n] = true
		}
		if set.Len() != len(model) {
			t.Fatalf("Len() = %d, want %d", set.Len(), len(model))
		}
		for n := range 62 {
			if set.Contains(n) != model[n] {
				t.Fatalf("Contains(%d) = %v", n, !model[n])
			}
		}
		n := rapid.IntRange(0, 62).Draw(t, "n")
		var missing []int
		below := set.Below(n)
		for i := range 62 {
			if below.Contains(i) != (i < n && model[i]) {
				t.Fatalf("Below(%d).Contains(%d) = %v", n, i, below.Contains(i))
			}
			if i < n && !model[i] {
				missing = append(missing, i)
			}
		}
		if got := slices.Collect(set.Missing(n)); !slices.Equal(got, missing) {
			t.Fatalf("Missing(%d) lists %v, want %v", n, got, missing)
		}
		if all, want := slices.Collect(set.All()), slices.Sorted(maps.Keys(model)); !slices.Equal(all, want) {
			t.Fatalf("All lists %v, want %v", all, want)
		}
		for n := range set.All() {
			if !model[n] || n > 30 {
				break
			}
		}
		again, err := ParseOrdinals(set.String())
		if err != nil || again.String() != set.String() {
			t.Fatalf("ParseOrdinals(%q) = %q, %v", set, again, err)
		}
	})
}

// FuzzParseOrdinals: what is accepted is written back as it was.
func FuzzParseOrdinals(f *testing.F) {
	f.Add("0-41,43")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		set, err := ParseOrdinals(text)
		if err == nil && set.String() != text {
			t.Fatalf("ParseOrdinals(%q).String() = %q", text, set.String())
		}
	})
}

func TestContainsAll(t *testing.T) {
	tests := []struct {
		set, other string
		want       bool
	}{
		{"0-4", "", true}, {"", "0", false}, {"0-4,6-9", "1-3,6", true}, {"0-4,6-9", "3-6", false}, {"0-4", "4-5", false}, {"0-4", "7", false},
	}
	for _, tt := range tests {
		set, _ := ParseOrdinals(tt.set)
		other, _ := ParseOrdinals(tt.other)
		if got := set.ContainsAll(other); got != tt.want {
			t.Errorf("%q contains all of %q: %v, want %v", tt.set, tt.other, got, tt.want)
		}
	}
}
