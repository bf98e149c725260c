package simulator_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

const day = 24 * time.Hour

func dataset(change ...func(*simulator.Options)) simulator.Dataset {
	o := simulator.Defaults()
	for _, c := range change {
		c(&o)
	}
	return simulator.New(o).Dataset()
}

func TestDatasetIsAFunctionOfTheOptions(t *testing.T) {
	seeded := func(seed uint64) simulator.Dataset {
		return dataset(func(o *simulator.Options) { o.Seed, o.Conversations = seed, 80 })
	}
	first, again, other := seeded(7), seeded(7), seeded(8)
	if !reflect.DeepEqual(first, again) {
		t.Error("the same options gave different data")
	}
	if reflect.DeepEqual(first, other) {
		t.Error("another seed gave the same data")
	}
	for i, r := range first.Recordings()[:40] {
		if !reflect.DeepEqual(r.Files(), again.Recordings()[i].Files()) {
			t.Errorf("recording %s has different bytes the second time", r.ID)
		}
	}
}

func TestDatasetKeepsTheRestWhenAnEdgeIsAdded(t *testing.T) {
	plain := dataset()
	edged := dataset(func(o *simulator.Options) { o.Edges.HostileIDs = true })
	ids := map[string]bool{}
	for _, c := range edged.Conversations {
		ids[c.ID] = true
	}
	for _, c := range plain.Conversations {
		if !ids[c.ID] {
			t.Errorf("conversation %s went away", c.ID)
		}
	}
	if len(edged.Conversations) != len(plain.Conversations)+2 {
		t.Errorf("%d conversations, want two more than %d", len(edged.Conversations), len(plain.Conversations))
	}
}

// TestDatasetInvariants passes for any seed and any shares.
func TestDatasetInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := simulator.Defaults()
		o.Seed = rapid.Uint64().Draw(t, "seed")
		o.Days = rapid.IntRange(1, 3).Draw(t, "days")
		o.Conversations = rapid.IntRange(1, 90).Draw(t, "conversations")
		o.HeldShare = rapid.Float64Range(0, 1).Draw(t, "held")
		o.ScreenShare = rapid.Float64Range(0, 1).Draw(t, "screens")
		d := simulator.New(o).Dataset()

		ids := map[string]bool{}
		for i, c := range d.Conversations {
			if ids[c.ID] {
				t.Fatalf("conversation id %s twice", c.ID)
			}
			ids[c.ID] = true
			if i > 0 && c.Start.Before(d.Conversations[i-1].Start) {
				t.Fatalf("conversation %d is out of order", i)
			}
			if !c.Start.Before(c.End) || !c.Start.Equal(c.Start.Truncate(time.Millisecond)) {
				t.Fatalf("conversation from %v to %v", c.Start, c.End)
			}
			if c.Held && len(c.Recordings) == 0 {
				t.Fatalf("conversation %s is held but has no recording", c.ID)
			}
			for _, r := range c.Recordings {
				if ids[r.ID] {
					t.Fatalf("recording id %s twice", r.ID)
				}
				ids[r.ID] = true
				if r.Start.Before(c.Start) || r.End.After(c.End) || r.FileState != simulator.Available {
					t.Fatalf("recording %+v of conversation from %v to %v", r, c.Start, c.End)
				}
			}
		}
		for i := range o.Days {
			midnight := o.Start.Add(time.Duration(i) * day)
			inDay := d.Started(midnight, midnight.Add(day))
			if len(inDay.Conversations) != o.Conversations {
				t.Fatalf("%d conversations on day %d, want %d", len(inDay.Conversations), i, o.Conversations)
			}
			wantHeld := int(float64(o.Conversations) * o.HeldShare)
			if got := len(inDay.Held().Conversations); got < wantHeld-1 || got > wantHeld+1 {
				t.Fatalf("%d held conversations on day %d, want %d", got, i, wantHeld)
			}
		}
	})
}

// TestDatasetHasTheEdgeCases looks for each in the smallest data set that
// promises them.
func TestDatasetHasTheEdgeCases(t *testing.T) {
	d := dataset(func(o *simulator.Options) { o.Conversations = 50 })
	start := simulator.Defaults().Start
	at := func(offset time.Duration) func(simulator.Conversation) bool {
		return func(c simulator.Conversation) bool { return c.Start.Equal(start.Add(offset)) }
	}
	of := func(m simulator.Medium, n int) func(simulator.Conversation) bool {
		return func(c simulator.Conversation) bool {
			found := 0
			for _, r := range c.Recordings {
				found += map[bool]int{true: 1}[r.Medium == m]
			}
			return found == n
		}
	}
	for name, tc := range map[string]struct {
		atLeast int
		fits    func(simulator.Conversation) bool
	}{
		"at the start of the day":       {1, at(0)},
		"on an hour boundary":           {1, at(12 * time.Hour)},
		"at the last millisecond":       {1, at(day - time.Millisecond)},
		"at the same instant":           {5, at(10*time.Hour + 30*time.Minute)},
		"longer than two hours":         {3, func(c simulator.Conversation) bool { return c.End.Sub(c.Start) > 2*time.Hour }},
		"overlapping into the day":      {2, func(c simulator.Conversation) bool { return c.Start.Before(start) && c.End.After(start) }},
		"overlapping into the next day": {1, func(c simulator.Conversation) bool { return c.End.After(start.Add(day)) }},
		"without recordings":            {3, func(c simulator.Conversation) bool { return len(c.Recordings) == 0 }},
		"with 250 recordings, not held": {1, func(c simulator.Conversation) bool { return len(c.Recordings) == 250 && !c.Held }},
		"held with screens":             {1, heldWithScreens},
		"held without screens":          {1, heldWithoutScreens},
		"with screens, not held":        {1, func(c simulator.Conversation) bool { return c.HasScreens() && !c.Held }},
		"with several legs":             {1, of(simulator.Call, 3)},
		"with several screens":          {1, of(simulator.Screen, 2)},
		"with a recording of two files": {1, func(c simulator.Conversation) bool {
			return slices.ContainsFunc(c.Recordings, func(r simulator.Recording) bool { return len(r.Files()) == 2 })
		}},
		"by chat":    {1, of(simulator.Chat, 1)},
		"by message": {1, of(simulator.Message, 1)},
		"by email":   {1, of(simulator.Email, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			found := 0
			for _, c := range d.Conversations {
				if tc.fits(c) {
					found++
				}
			}
			if found < tc.atLeast {
				t.Errorf("%d conversations, want at least %d", found, tc.atLeast)
			}
		})
	}
}

func TestDatasetOptionsForEdges(t *testing.T) {
	d := dataset(func(o *simulator.Options) {
		o.Conversations = 60
		o.Edges = simulator.Edges{
			Open:       2,
			FileStates: map[simulator.FileState]int{simulator.Archived: 3, simulator.Errored: 2, simulator.Restored: 1},
			Sensitive:  4,
			HostileIDs: true,
		}
	})
	states := map[simulator.FileState]int{}
	sensitive, hostile := 0, 0
	for _, r := range d.Recordings() {
		states[r.FileState]++
		sensitive += map[bool]int{true: 1}[r.Sensitive]
		hostile += map[bool]int{true: 1}[r.ID == "../../escape" || r.ConversationID == "../../escape"]
	}
	if states[simulator.Archived] != 3 || states[simulator.Errored] != 2 || states[simulator.Restored] != 1 {
		t.Errorf("file states %v, want 3 archived, 2 errors, 1 restored", states)
	}
	if sensitive != 4 || hostile != 2 {
		t.Errorf("%d sensitive and %d hostile recordings, want 4 and 2", sensitive, hostile)
	}
	if open := d.Totals().OpenConversations; open != 2 {
		t.Errorf("%d open conversations, want 2", open)
	}
}

func TestTotalsCountWhatIsThere(t *testing.T) {
	d := dataset()
	totals := d.Totals()
	if totals.RecordingCount() != len(d.Recordings()) {
		t.Errorf("totals have %d recordings, the data %d", totals.RecordingCount(), len(d.Recordings()))
	}
	if got := len(d.Held().Conversations); totals.HeldConversations != got {
		t.Errorf("totals have %d held conversations, the data %d", totals.HeldConversations, got)
	}
	if got := len(d.Held().Conversations) + len(d.NotHeld().Conversations); got != totals.Conversations {
		t.Errorf("held and not held are %d of %d conversations", got, totals.Conversations)
	}
	held := 0
	for _, n := range totals.Held {
		held += n
	}
	if got := len(d.Held().Recordings()); held != got {
		t.Errorf("totals have %d held recordings, the data %d", held, got)
	}
}

func TestDefaultDayIsSmallAndExportable(t *testing.T) {
	bytes := 0
	for _, r := range dataset().Recordings() {
		if r.FileState != simulator.Available || r.Sensitive {
			t.Errorf("recording %s is in state %s, sensitive %v", r.ID, r.FileState, r.Sensitive)
		}
		for _, f := range r.Files() {
			bytes += f.Size
		}
	}
	if bytes < 10<<20 || bytes > 100<<20 {
		t.Errorf("a default day has %d bytes of media, want some tens of megabytes", bytes)
	}
}

func TestDatasetBelongsToTheCaller(t *testing.T) {
	sim := simulator.New(simulator.Defaults())
	d := sim.Dataset()
	d.Conversations[0].Held = !d.Conversations[0].Held
	for i := range d.Conversations {
		for j := range d.Conversations[i].Recordings {
			d.Conversations[i].Recordings[j].FileState = simulator.Deleted
		}
	}
	if !reflect.DeepEqual(sim.Dataset(), simulator.New(simulator.Defaults()).Dataset()) {
		t.Error("changing a copy changed the simulator")
	}
}
