package simulator

import (
	"slices"
	"time"
)

const (
	// edgesFrom is the number of conversations a day from which on the edge
	// cases are part of it.
	edgesFrom = 50
	// crowd is the number of recordings of the one conversation that has too many
	// for a single batch request.
	crowd = 250
	// hostileID tries to climb out of a directory.
	hostileID = "../../escape"
)

// planEdges changes the day's first plans so that the day has what an export
// must survive. Their media, holds and screens stay as they are spread.
func planEdges(plans []*plan, midnight time.Time, first bool) {
	edgesInTime(plans, midnight)
	rest := plans[20:]
	for range 3 {
		silence(take(&rest, quietCall))
	}
	if p := take(&rest, quietCall); p != nil {
		p.own = 3
		p.files = 2 // Genesys Cloud may split a recording into several results
	}
	if p := take(&rest, func(p *plan) bool { return p.held && p.screens > 0 }); p != nil {
		p.screens = 3
	}
	if p := take(&rest, func(p *plan) bool { return !p.held && p.screens > 0 }); p != nil {
		p.screens = 2
	}
	if p := take(&rest, quietCall); p != nil && first {
		p.own = crowd
	}
}

// edgesInTime moves conversations onto the boundaries of slices and days, onto
// the same instant, and across boundaries.
func edgesInTime(plans []*plan, midnight time.Time) {
	at := func(i int, offset time.Duration) { plans[i].start = midnight.Add(offset) }
	at(0, 0)
	at(1, day-time.Millisecond)
	for i, hour := range []int{1, 2, 12, 23} {
		at(2+i, time.Duration(hour)*time.Hour)
	}
	for i := range 5 {
		at(6+i, 10*time.Hour+30*time.Minute)
	}
	at(11, 8*time.Hour+50*time.Minute)
	plans[11].length = 2*time.Hour + 20*time.Minute
	at(12, 14*time.Hour-30*time.Second)
	plans[12].length = 3 * time.Hour
	at(13, 20*time.Hour)
	plans[13].length = 5 * time.Hour
}

// quietCall finds a call without hold and without screens.
func quietCall(p *plan) bool { return p.medium == Call && !p.held && p.screens == 0 }

// silence makes a conversation that nobody recorded.
func silence(p *plan) {
	if p != nil {
		p.own, p.screens = 0, 0
	}
}

// take removes the first fitting plan from the list and returns it, nil if
// none fits.
func take(plans *[]*plan, fits func(*plan) bool) *plan {
	i := slices.IndexFunc(*plans, fits)
	if i < 0 {
		return nil
	}
	p := (*plans)[i]
	*plans = slices.Delete(slices.Clone(*plans), i, i+1)
	return p
}

// planEarlier plans two conversations that started on the day before the first
// and overlap into it. Analytics finds them in both days; they belong to the
// earlier one.
func planEarlier(o Options) []*plan {
	if o.Conversations < edgesFrom {
		return nil
	}
	long := planOne(derive(o.Seed, forEarlier, 0), o.Start)
	long.start, long.length, long.medium = o.Start.Add(-20*time.Minute), 50*time.Minute, Call
	late := planOne(derive(o.Seed, forEarlier, 1), o.Start)
	late.start, late.length, late.medium = o.Start.Add(-time.Millisecond), 5*time.Minute, Call
	late.held = o.HeldShare > 0
	late.screens = count(o.ScreenShare > 0)
	return []*plan{long, late}
}

// hostile makes two conversations at noon of the first day: one whose own id,
// and one whose recording's id, is not a UUID.
func hostile(o Options) []Conversation {
	conversations := make([]Conversation, 2)
	for i := range conversations {
		p := planOne(derive(o.Seed, forHostile, uint64(i)), o.Start)
		p.start, p.medium, p.own = o.Start.Add(12*time.Hour), Call, 1
		conversations[i] = p.make()
	}
	conversations[0].ID = hostileID
	conversations[0].Recordings[0].ConversationID = hostileID
	conversations[1].Recordings[0].ID = hostileID
	return conversations
}

// markRecordings gives recordings the file states and the sensitivity that the
// options ask for, spread over the recordings of the first day.
func markRecordings(conversations []Conversation, o Options) {
	var candidates []*Recording
	for i := range conversations {
		c := &conversations[i]
		if len(c.Recordings) < crowd && !c.End.IsZero() && !c.Start.Before(o.Start) && c.Start.Before(o.Start.Add(day)) {
			for j := range c.Recordings {
				candidates = append(candidates, &c.Recordings[j])
			}
		}
	}
	marks := marksOf(o.Edges)
	for i, mark := range marks[:min(len(marks), len(candidates))] {
		mark(candidates[i*len(candidates)/len(marks)])
	}
}

// become moves a recording into a state, with the dates that go with it.
func (r *Recording) become(state FileState) {
	r.FileState = state
	if r.archiveMedium() != "" {
		r.archive()
	}
}

// marksOf returns one change to a recording for each that the edges count.
func marksOf(e Edges) []func(*Recording) {
	var marks []func(*Recording)
	for _, state := range []FileState{Archived, Deleted, Restored, Restoring, Uploading, Errored} {
		for range e.FileStates[state] {
			marks = append(marks, func(r *Recording) { r.become(state) })
		}
	}
	for range e.Sensitive {
		marks = append(marks, func(r *Recording) { r.Sensitive = true })
	}
	return marks
}
