package bulk

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestExpect(t *testing.T) {
	inventory := []Listed{
		{Recording{"a", "1"}, false, true}, {Recording{"a", "2"}, true, true}, {Recording{"b", "3"}, true, false},
		{Recording{"c", "4"}, false, true}, {Recording{"c", "4"}, false, true}, {Recording{"c", "5"}, false, false},
	}
	tests := map[Media]Expected{
		AllMedia:    {Counts{2, 3}, Counts{3, 5}},
		NoScreens:   {Counts{2, 2}, Counts{2, 3}},
		OnlyScreens: {Counts{1, 1}, Counts{2, 2}},
	}
	for media, want := range tests {
		if got := Expect(inventory, media); got != want {
			t.Errorf("media %d: %+v, want %+v", media, got, want)
		}
	}
	if got := Expect(nil, AllMedia); got != (Expected{}) {
		t.Errorf("of nothing %+v", got)
	}
}

// exactly is what a job has to find if everything is available.
func exactly(conversations, recordings int) Expected {
	return Expected{Counts{conversations, recordings}, Counts{conversations, recordings}}
}

func TestCompare(t *testing.T) {
	some := Expected{Counts{1, 3}, Counts{2, 5}}
	tests := map[string]struct {
		job        Totals
		expected   Expected
		more, less bool
		exports    int
		text       string
	}{
		"the same":                    {Totals{2, 5, 0}, exactly(2, 5), false, false, 5, ""},
		"some are skipped":            {Totals{2, 3, 2}, exactly(2, 5), false, false, 3, ""},
		"skipped ones are counted":    {Totals{2, 5, 2}, exactly(2, 5), false, false, 3, ""},
		"nothing of nothing":          {Totals{}, exactly(0, 0), false, false, 0, ""},
		"only the available ones":     {Totals{1, 3, 0}, some, false, false, 3, ""},
		"some of the others, too":     {Totals{2, 3, 1}, some, false, false, 3, ""},
		"fewer than are available":    {Totals{1, 2, 0}, some, false, true, 2, "the job found 2 recordings, the inventory lists 5, of which 3 are available"},
		"more than are listed":        {Totals{3, 6, 0}, some, true, false, 6, "the job found 3 conversations, the inventory lists 2, of which 1 are available; the job found 6 recordings, the inventory lists 5, of which 3 are available"},
		"a recording that came":       {Totals{2, 6, 0}, exactly(2, 5), true, false, 6, "the job found 6 recordings, the inventory lists 5"},
		"a recording is missing":      {Totals{2, 4, 0}, exactly(2, 5), false, true, 4, "the job found 4 recordings, the inventory lists 5"},
		"one is missing, two skipped": {Totals{2, 2, 2}, exactly(2, 5), false, true, 2, "the job found 2 recordings and skips 2, the inventory lists 5"},
		"one that came, some skipped": {Totals{2, 6, 1}, exactly(2, 5), true, false, 5, "the job found 6 recordings and skips 1, the inventory lists 5"},
		"a conversation is missing, another has more": {Totals{1, 6, 0}, exactly(2, 5), true, true, 6,
			"the job found 1 conversations, the inventory lists 2; the job found 6 recordings, the inventory lists 5"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := Compare(tt.job, tt.expected)
			if d.More() != tt.more || d.Less() != tt.less || d.String() != tt.text || d.None() != (tt.text == "") || d.Exports() != tt.exports {
				t.Errorf("more %v, less %v, none %v, exports %d, %q", d.More(), d.Less(), d.None(), d.Exports(), d)
			}
		})
	}
}

// TestADifferenceIsNeverWavedThrough: it is none only if both numbers are possible, and otherwise it
// says both.
func TestADifferenceIsNeverWavedThrough(t *testing.T) {
	small := rapid.IntRange(0, 3)
	rapid.Check(t, func(t *rapid.T) {
		job := Totals{small.Draw(t, "conversations"), small.Draw(t, "recordings"), small.Draw(t, "skipped")}
		least := Counts{small.Draw(t, "available conversations"), small.Draw(t, "available recordings")}
		most := Counts{least.Conversations + small.Draw(t, "other conversations"), least.Recordings + small.Draw(t, "other recordings")}
		within := func(n, least, most int) bool { return least <= n && n <= most }
		d := Compare(job, Expected{least, most})
		same := within(job.Conversations, least.Conversations, most.Conversations) &&
			(within(job.Recordings, least.Recordings, most.Recordings) || within(job.Recordings+job.Skipped, least.Recordings, most.Recordings))
		if d.None() != same || (d.More() || d.Less()) == same || strings.Contains(d.String(), "job found") == same {
			t.Errorf("%+v: %q", d, d)
		}
	})
}
