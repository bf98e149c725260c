package recordingexportbatch

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// changedRetention reads of which recordings of the batch another date than the
// archive date changed while they were restored.
func changedRetention(ctx context.Context, s *scope) ([]evidence.Restoration, error) {
	if !s.restores() {
		return nil, nil
	}
	record, err := readRestorations(ctx, s.store, s.facts.slice)
	if err != nil {
		return nil, err
	}
	var changed []evidence.Restoration
	for _, r := range record.retention() {
		if len(r.Changed()) > 0 {
			changed = append(changed, r)
		}
	}
	return changed, nil
}

// warnOfRetention sends an event once it is known, and in the status, that dates of
// more recordings changed than before.
func (r *Reconciler) warnOfRetention(s *scope, before int32) {
	if s.batch.Status.RetentionChanged > before {
		r.Events.Eventf(s.batch, nil, corev1.EventTypeWarning, v1alpha1.ReasonRetentionChanged, "Reconcile", "%s", loop.Note(retentionSays(s.facts.retentionChanged)))
	}
}

// mostNamed is how many recordings an event names.
const mostNamed = 5

// retentionSays tells of which recordings dates changed, and what to do.
func retentionSays(changed []evidence.Restoration) string {
	named := make([]string, 0, mostNamed)
	for _, r := range changed[:min(len(changed), mostNamed)] {
		named = append(named, fmt.Sprintf("%s of recording %s of conversation %s", strings.Join(r.Changed(), " and "), r.RecordingID, r.ConversationID))
	}
	more := ""
	if n := len(changed) - len(named); n > 0 {
		more = fmt.Sprintf(", and %d more in data/retention.csv of the bag", n)
	}
	return fmt.Sprintf("other dates than the archive date changed while the operator had %s restored; compare them with the retention policy in Genesys Cloud, and set them there again: %s%s",
		words.Count(len(changed), "recording"), strings.Join(named, "; "), more)
}
