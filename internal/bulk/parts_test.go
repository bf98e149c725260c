package bulk

import (
	"math/bits"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// failing says which parts fail: those that have one of the poisoned conversations.
func failing(poisoned ...int) func(Part) bool {
	return func(p Part) bool {
		return slices.ContainsFunc(poisoned, func(i int) bool { return p.First <= i && i < p.End })
	}
}

func TestLeaves(t *testing.T) {
	tests := map[string]struct {
		n, most     int
		failed      func(Part) bool
		jobs, alone []string
	}{
		"nothing":                         {0, 10, failing(), nil, nil},
		"nothing has failed":              {10, 10, failing(), []string{"0-10"}, nil},
		"too many for one job":            {10, 3, failing(), []string{"0-3", "3-5", "5-8", "8-10"}, nil},
		"one is poisoned":                 {5, 10, failing(2), []string{"0-2", "3-5"}, []string{"2-3"}},
		"the first and the last":          {4, 10, failing(0, 3), []string{"1-2", "2-3"}, []string{"0-1", "3-4"}},
		"all of them":                     {3, 10, failing(0, 1, 2), nil, []string{"0-1", "1-2", "2-3"}},
		"one conversation":                {1, 10, failing(), []string{"0-1"}, nil},
		"one conversation, poisoned":      {1, 10, failing(0), nil, []string{"0-1"}},
		"a limit that allows nothing":     {2, 0, failing(), []string{"0-1", "1-2"}, nil},
		"the whole failed, halves do not": {6, 10, func(p Part) bool { return p.Count() == 6 }, []string{"0-3", "3-6"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			jobs, alone := Leaves(Whole(tt.n), tt.most, tt.failed)
			if got := names(jobs); !slices.Equal(got, tt.jobs) {
				t.Errorf("jobs %v, want %v", got, tt.jobs)
			}
			if got := names(alone); !slices.Equal(got, tt.alone) {
				t.Errorf("alone %v, want %v", got, tt.alone)
			}
		})
	}
}

func names(parts []Part) []string {
	var names []string
	for _, p := range parts {
		names = append(names, p.Name())
	}
	return names
}

// TestLeavesAreAllConversations: each conversation is in one leaf, exactly the poisoned ones are
// left alone, and the jobs that fail are few.
func TestLeavesAreAllConversations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, most := rapid.IntRange(0, 300).Draw(t, "n"), rapid.IntRange(1, 100).Draw(t, "most")
		var poisoned []int
		if n > 0 {
			poisoned = rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, min(n, 4), rapid.ID).Draw(t, "poisoned")
		}
		failures := 0
		jobs, alone := Leaves(Whole(n), most, func(p Part) bool {
			failed := failing(poisoned...)(p)
			if failed {
				failures++
			}
			return failed
		})
		var single []int
		for _, p := range alone {
			single = append(single, p.First)
		}
		slices.Sort(poisoned)
		if !slices.Equal(single, poisoned) {
			t.Errorf("alone are %v, poisoned %v", single, poisoned)
		}
		all := slices.Concat(jobs, alone)
		slices.SortFunc(all, func(a, b Part) int { return a.First - b.First })
		end := 0
		for _, p := range all {
			if p.First != end || p.Count() < 1 || p.Count() > most {
				t.Errorf("the part %+v does not follow %d", p, end)
			}
			end = p.End
		}
		if end != n || !slices.IsSortedFunc(jobs, func(a, b Part) int { return a.First - b.First }) {
			t.Errorf("%v and %v are not all of %d", jobs, alone, n)
		}
		if most := len(poisoned) * (1 + bits.Len(uint(max(n, 1)))); failures > most {
			t.Errorf("%d jobs failed for %d poisoned conversations, want at most %d", failures, len(poisoned), most)
		}
	})
}

// TestHalves: they are the whole, and no half is empty.
func TestHalves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.IntRange(0, 1000).Draw(t, "first")
		p := Part{first, first + rapid.IntRange(1, 1000).Draw(t, "count")}
		halves, ok := p.Halves()
		if ok == p.Single() {
			t.Errorf("%+v has halves: %v", p, ok)
		}
		if !ok {
			return
		}
		if halves[0].First != p.First || halves[0].End != halves[1].First || halves[1].End != p.End || halves[1].Count() < 1 ||
			halves[0].Count()-halves[1].Count() > 1 || halves[0].Count() < halves[1].Count() {
			t.Errorf("%+v has halves %+v", p, halves)
		}
		if got, ok := ParsePart(p.Name()); !ok || got != p {
			t.Errorf("%q is read as %+v, %v", p.Name(), got, ok)
		}
	})
}

func FuzzParsePart(f *testing.F) {
	for _, name := range []string{"0-10", "3-5", "5-3", "-1-2", "01-2", "+1-2", "1-1", "", "-", "1", "1-2-3", "99999999999999999999-1"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		p, ok := ParsePart(name)
		if ok && (p.Name() != name || p.First < 0 || p.Count() < 1) {
			t.Errorf("%q is read as %+v", name, p)
		}
	})
}
