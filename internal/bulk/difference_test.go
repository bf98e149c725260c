package bulk

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestExpect(t *testing.T) {
	inventory := []Listed{
		{Recording{"a", "1"}, false}, {Recording{"a", "2"}, true}, {Recording{"b", "3"}, true}, {Recording{"c", "4"}, false}, {Recording{"c", "4"}, false},
	}
	if got := Expect(inventory, true); got != (Counts{3, 4}) {
		t.Errorf("with screens %+v", got)
	}
	if got := Expect(inventory, false); got != (Counts{2, 2}) {
		t.Errorf("without screens %+v", got)
	}
	if got := Expect(nil, true); got != (Counts{}) {
		t.Errorf("of nothing %+v", got)
	}
}

func TestCompare(t *testing.T) {
	tests := map[string]struct {
		job        Totals
		expected   Counts
		more, less bool
		text       string
	}{
		"the same":               {Totals{2, 5, 0}, Counts{2, 5}, false, false, ""},
		"some are skipped":       {Totals{2, 3, 2}, Counts{2, 5}, false, false, ""},
		"nothing of nothing":     {Totals{}, Counts{}, false, false, ""},
		"a recording that came":  {Totals{2, 6, 0}, Counts{2, 5}, true, false, "the job found 6 recordings, the inventory lists 5"},
		"a recording is missing": {Totals{2, 4, 0}, Counts{2, 5}, false, true, "the job found 4 recordings, the inventory lists 5"},
		"one that came and is skipped": {Totals{2, 5, 1}, Counts{2, 5}, true, false,
			"the job found 6 recordings, the inventory lists 5"},
		"a conversation is missing, another has more": {Totals{1, 6, 0}, Counts{2, 5}, true, true,
			"the job found 1 conversations, the inventory lists 2; the job found 6 recordings, the inventory lists 5"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := Compare(tt.job, tt.expected)
			if d.More() != tt.more || d.Less() != tt.less || d.String() != tt.text || d.None() != (tt.text == "") {
				t.Errorf("more %v, less %v, none %v, %q", d.More(), d.Less(), d.None(), d)
			}
		})
	}
}

// TestADifferenceIsNeverWavedThrough: it is none only if both numbers are the same, and
// otherwise it says both.
func TestADifferenceIsNeverWavedThrough(t *testing.T) {
	small := rapid.IntRange(0, 3)
	rapid.Check(t, func(t *rapid.T) {
		job := Totals{small.Draw(t, "conversations"), small.Draw(t, "recordings"), small.Draw(t, "skipped")}
		expected := Counts{small.Draw(t, "expected conversations"), small.Draw(t, "expected recordings")}
		d := Compare(job, expected)
		same := job.Conversations == expected.Conversations && job.Recordings+job.Skipped == expected.Recordings
		if d.None() != same || (d.More() || d.Less()) == same || strings.Contains(d.String(), "job found") == same {
			t.Errorf("%+v and %+v: %+v %q", job, expected, d, d)
		}
	})
}
