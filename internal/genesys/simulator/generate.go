package simulator

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// day is the unit of the data set; Genesys Cloud's days are UTC's.
const day = 24 * time.Hour

// plan is what is decided about a conversation before it is made.
type plan struct {
	key    uint64
	start  time.Time
	length time.Duration
	medium Medium
	held   bool
	open   bool
	// own is the number of recordings of the conversation's own medium, screens
	// that of its screen recordings, files that of the files of each own one.
	own, screens, files int
}

// generate makes the data set, a pure function of the options.
func generate(o Options) []Conversation {
	var conversations []Conversation
	for d := range o.Days {
		for _, p := range planDay(o, d) {
			conversations = append(conversations, p.make())
		}
	}
	for _, p := range planEarlier(o) {
		conversations = append(conversations, p.make())
	}
	markRecordings(conversations, o)
	if o.Edges.HostileIDs {
		conversations = append(conversations, hostile(o)...)
	}
	slices.SortFunc(conversations, byStart)
	return conversations
}

// byStart orders conversations as analytics does by default.
func byStart(a, b Conversation) int {
	if c := a.Start.Compare(b.Start); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}

// planDay plans the conversations that start on one day.
func planDay(o Options, d int) []*plan {
	plans := make([]*plan, o.Conversations)
	midnight := o.Start.Add(time.Duration(d) * day)
	for i := range plans {
		plans[i] = planOne(derive(o.Seed, forConversation, uint64(d), uint64(i)), midnight)
	}
	random := dice(derive(o.Seed, forDay, uint64(d)))
	spreadMedia(plans, o.Media, random)
	spreadHolds(plans, o, random)
	if o.Conversations >= edgesFrom {
		planEdges(plans, midnight, d == 0)
	}
	if d == 0 {
		leaveOpen(plans, o.Edges.Open)
	}
	return plans
}

// planOne plans a conversation that looks like most: some minutes long, at any
// time of the day.
func planOne(key uint64, midnight time.Time) *plan {
	random := dice(key)
	return &plan{
		key:    key,
		start:  midnight.Add(time.Duration(random.Int64N(day.Milliseconds())) * time.Millisecond),
		length: 30*time.Second + time.Duration(random.Int64N((20*time.Minute).Milliseconds()))*time.Millisecond,
		own:    1 + random.IntN(10)/7 + random.IntN(10)/8, // 1 mostly, 2 or 3 at times
		files:  1,
	}
}

// spreadMedia gives each conversation a medium, in exactly the shares wanted
// but in random order.
func spreadMedia(plans []*plan, w MediaWeights, random *rand.Rand) {
	media := []Medium{Call, Chat, Email, Message}
	bounds := []float64{w.Call, w.Call + w.Chat, w.Call + w.Chat + w.Email, w.Call + w.Chat + w.Email + w.Message}
	for k, i := range random.Perm(len(plans)) {
		point := (float64(k) + 0.5) / float64(len(plans)) * bounds[len(bounds)-1]
		found := slices.IndexFunc(bounds, func(bound float64) bool { return point < bound })
		p := plans[i]
		p.medium = media[max(found, 0)]
		if p.medium == Chat || p.medium == Message {
			p.own = 1 // the whole exchange is one recording
		}
	}
}

// spreadHolds puts conversations under hold and gives screens to some, in
// exactly the shares wanted: the share of screens is right on either side.
func spreadHolds(plans []*plan, o Options, random *rand.Rand) {
	var seen [2]int
	for k, i := range random.Perm(len(plans)) {
		p := plans[i]
		p.held = due(k, o.HeldShare)
		side := count(p.held)
		if due(seen[side], o.ScreenShare) {
			p.screens = 1 + random.IntN(4)/3
		}
		seen[side]++
	}
}

// due reports whether the k-th of a row (from 0) is one of the share that is
// spread evenly along it.
func due(k int, share float64) bool {
	return math.Floor(float64(k+1)*share) > math.Floor(float64(k)*share)
}

// leaveOpen leaves the given number of conversations open, from the latest one
// planned backwards.
func leaveOpen(plans []*plan, n int) {
	for _, p := range slices.Backward(plans[max(0, len(plans)-n):]) {
		p.open = true
	}
}
