package recordingexportbatch

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// bulkPlan is what the bulk jobs of a batch are about. It follows from what is recorded, so it is
// the same in every process.
type bulkPlan struct {
	integration string
	// media are those that the jobs ask for.
	media bulk.Media
	// conversations are those with wanted recordings, in the order of their ids.
	conversations []bulk.Conversation
	// wanted are the recordings that the batch wants, by their conversations. Those that became known
	// when conversations were listed again are among them.
	wanted map[string][]genesys.RecordingRef
	// relisted has the metadata of conversations that were listed again.
	relisted map[string]artifacts.Metadata
	// sharesListing tells whether another batch has recordings of the same conversations.
	sharesListing bool
}

// bulkJobs returns how the export's bulk jobs are configured, nil if the batch has none. The lane
// Isolated always downloads.
func (r *references) bulkJobs() *v1alpha1.BulkJobDelivery {
	if r.export.Spec.Delivery.Mode != v1alpha1.DeliveryBulkJob || r.batch.Spec.Lane == v1alpha1.LaneIsolated {
		return nil
	}
	return r.export.Spec.Delivery.BulkJob
}

// bulkMedia returns what the bulk jobs of the batch ask for: in the lane LegalHold no screen
// recordings, in the lane LegalHoldScreen nothing else, so that what is slow and locked is apart.
func (r *references) bulkMedia() bulk.Media {
	switch lane := r.batch.Spec.Lane; {
	case lane == v1alpha1.LaneLegalHoldScreen:
		return bulk.OnlyScreens
	case lane == v1alpha1.LaneLegalHold, !slices.Contains(r.export.Spec.MediaTypes, v1alpha1.MediumScreen):
		return bulk.NoScreens
	default:
		return bulk.AllMedia
	}
}

// newBulkPlan plans the jobs for the contents of a batch. A job names only conversations of which the
// batch wanted something when its inventory was taken: a part must mean the same conversations
// after some of them were listed again.
func newBulkPlan(r *references, first evidence.Inventory, contents batchContents) bulkPlan {
	plan := bulkPlan{
		integration: r.export.Spec.Delivery.BulkJob.IntegrationID, media: r.bulkMedia(), wanted: map[string][]genesys.RecordingRef{},
		relisted: contents.relisted, sharesListing: r.sharesListing(),
	}
	for _, ref := range contents.inventory.Wanted() {
		plan.wanted[ref.ConversationID] = append(plan.wanted[ref.ConversationID], ref)
	}
	named := map[string]bool{}
	for _, ref := range first.Wanted() {
		named[ref.ConversationID] = true
	}
	for _, c := range contents.slice.Conversations {
		if named[c.ID] {
			plan.conversations = append(plan.conversations, bulk.Conversation{ID: c.ID, Start: c.Start})
		}
	}
	slices.SortFunc(plan.conversations, func(a, b bulk.Conversation) int { return cmp.Compare(a.ID, b.ID) })
	plan.conversations = slices.CompactFunc(plan.conversations, func(a, b bulk.Conversation) bool { return a.ID == b.ID })
	return plan
}

// of returns the conversations of a part.
func (p bulkPlan) of(part bulk.Part) []bulk.Conversation {
	return p.conversations[min(part.First, len(p.conversations)):min(part.End, len(p.conversations))]
}

// countWanted counts the recordings that a part is to export.
func (p bulkPlan) countWanted(part bulk.Part) (n int) {
	for _, c := range p.of(part) {
		n += len(p.wanted[c.ID])
	}
	return n
}

// query returns the query of a job for a part. The action date tells it from other attempts.
func (p bulkPlan) query(part bulk.Part, media bulk.Media, actionDate time.Time) genesys.BulkQuery {
	q := genesys.BulkQuery{
		IntegrationID: p.integration, ActionDate: actionDate.UTC().Truncate(time.Millisecond),
		Screens: media != bulk.NoScreens, OnlyScreens: media == bulk.OnlyScreens,
	}
	for _, c := range p.of(part) {
		start := c.Start.UTC().Truncate(time.Hour)
		if q.From.IsZero() || start.Before(q.From) {
			q.From = start
		}
		if end := start.Add(time.Hour); end.After(q.To) {
			q.To = end
		}
		q.Conversations = append(q.Conversations, c.ID)
	}
	return q
}

// metadataOf returns the latest metadata of a conversation.
func metadataOf(ctx context.Context, store archive.Store, group, id string, relisted map[string]artifacts.Metadata) (artifacts.Metadata, error) {
	if m, isRelisted := relisted[id]; isRelisted {
		return m, nil
	}
	return artifacts.Get[artifacts.Metadata](ctx, store, artifacts.MetadataKey(group, id))
}

// listed returns all recordings of the conversations of a part, as their metadata list them: the
// inventory lists only those of the lane.
func (p bulkPlan) listed(ctx context.Context, store archive.Store, group string, part bulk.Part) ([]bulk.Listed, error) {
	var all []bulk.Listed
	for _, c := range p.of(part) {
		metadata, err := metadataOf(ctx, store, group, c.ID, p.relisted)
		if err != nil {
			return nil, err
		}
		for _, r := range metadata.Recordings {
			all = append(all, bulk.Listed{
				Recording: bulk.Recording{ConversationID: c.ID, RecordingID: r.ID}, Screen: r.Medium == genesys.Screen,
				Available: r.FileState == genesys.FileAvailable,
			})
		}
	}
	return all, nil
}

// mediaOf returns the media that a query asks for.
func mediaOf(q genesys.BulkQuery) bulk.Media {
	switch {
	case q.OnlyScreens:
		return bulk.OnlyScreens
	case q.Screens:
		return bulk.AllMedia
	default:
		return bulk.NoScreens
	}
}

// media returns what the next job asks for. Not every organisation has jobs for screen recordings
// alone.
func (w *bulkWork) media() bulk.Media {
	if w.plan.media == bulk.OnlyScreens && w.record.refusesOnlyScreens() {
		return bulk.AllMedia
	}
	return w.plan.media
}
