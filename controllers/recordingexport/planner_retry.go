package recordingexport

import (
	"context"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// slicesOfRetry splits what the seals have as unavailable, in the lanes that it was in.
func (p planner) slicesOfRetry(ctx context.Context, number int, r plan.Retried) ([]namedSlice, error) {
	gaps, err := evidence.ReadGaps(evidence.Trust(p.store.FS(ctx), artifacts.Anchors(ctx, p.store, r.Seals)), r.Seals)
	if err != nil {
		return nil, err
	}
	return p.slicesOfGaps(number, gaps)
}

// slicesOfGaps splits gaps, lane by lane.
func (p planner) slicesOfGaps(number int, gaps []evidence.Gap) ([]namedSlice, error) {
	var out []namedSlice
	for _, lane := range slicing.AllLanes {
		missing := map[string]evidence.Gap{}
		var some, all []slicing.Conversation
		for _, gap := range p.gapsOfLane(gaps, lane) {
			missing[gap.ConversationID] = gap
			c := slicing.Conversation{ID: gap.ConversationID, Start: gap.Start, Held: lane != slicing.Standard && (lane != slicing.Isolated || gap.Held)}
			if len(gap.Recordings) > 0 {
				some = append(some, c)
			} else {
				all = append(all, c)
			}
		}
		split, err := p.splitInLane(lane, number, some, all)
		if err != nil {
			return nil, err
		}
		out = append(out, p.namedForRetry(split, missing)...)
	}
	return out, nil
}

// splitInLane splits conversations into slices of one lane: those of which some recordings
// are missing, and those of which all are. The latter cannot leave the lane that
// accounts for them, so that each gets a slice of its own, for no other to wait for it.
func (p planner) splitInLane(lane slicing.Lane, number int, some, all []slicing.Conversation) ([]slicing.Slice, error) {
	if lane == slicing.Isolated {
		return slicing.Isolate(p.spec, number, 1, slices.Concat(some, all))
	}
	together, err := slicing.Split(p.onlyLane(lane), number, some)
	if err != nil {
		return nil, err
	}
	single := p.onlyLane(lane)
	single.MaxConversations = 1
	apart, err := slicing.Split(single, number, all)
	for i := range apart {
		apart[i].Piece += len(together)
	}
	return append(together, apart...), err
}

// gapsOfLane lists the gaps that a lane has to retry. A conversation whose recordings could
// not be determined is retried in all its lanes; its gap is in the first.
func (p planner) gapsOfLane(gaps []evidence.Gap, lane slicing.Lane) []evidence.Gap {
	var out []evidence.Gap
	for _, gap := range gaps {
		unknown := len(gap.Recordings) == 0 && lane == slicing.LegalHoldScreen && gap.Lane == slicing.LegalHold && p.spec.Screen
		if gap.Lane == lane || unknown {
			out = append(out, gap)
		}
	}
	return out
}

// onlyLane is the spec with a single lane.
func (p planner) onlyLane(lane slicing.Lane) slicing.Spec {
	spec := p.spec
	spec.Scope = slicing.Include
	if lane != slicing.Standard {
		spec.Screen, spec.Other = lane == slicing.LegalHoldScreen, lane == slicing.LegalHold
	}
	return spec
}

// namedForRetry gives slices of a retry their names, and the form that is stored. They
// share nothing with each other, nor with the batches before.
func (p planner) namedForRetry(split []slicing.Slice, missing map[string]evidence.Gap) []namedSlice {
	out := p.named(split, func(c slicing.Conversation) evidence.HoldAnswer { return evidence.HoldAnswer{Held: c.Held} })
	for i := range out {
		out[i].Group, out[i].Stay = strings.TrimPrefix(out[i].name, p.export+"-"), true
		for j := range out[i].Conversations {
			c := &out[i].Conversations[j]
			c.Only, c.Media = missing[c.ID].Recordings, missing[c.ID].Media
			c.Retried = len(c.Only) == 0
		}
	}
	return out
}
