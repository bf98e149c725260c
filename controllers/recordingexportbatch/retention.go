package recordingexportbatch

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// changedDates returns the restored recordings of which another date than the archive date
// changed during the restoration.
func (r restorationRecord) changedDates() []evidence.Restoration {
	return slices.DeleteFunc(r.dates(), func(one evidence.Restoration) bool { return len(one.Changed()) == 0 })
}

// warnOfRetentionChanges sends an event if more recordings with changed dates are known than
// before. The status already shows them.
func (r *Reconciler) warnOfRetentionChanges(e *evaluation) {
	if e.batch.Status.RetentionChanged > e.former.Status.RetentionChanged {
		r.Events.Eventf(e.batch, nil, corev1.EventTypeWarning, v1alpha1.ReasonRetentionChanged, "Reconcile", "%s", loop.Note(retentionMessage(e.state.retentionChanged)))
	}
}

// maxNamed is how many recordings an event names.
const maxNamed = 5

// retentionMessage names the recordings whose dates changed, and says what to do.
func retentionMessage(changed []evidence.Restoration) string {
	named := make([]string, 0, maxNamed)
	for _, r := range changed[:min(len(changed), maxNamed)] {
		named = append(named, fmt.Sprintf("%s of recording %s of conversation %s", strings.Join(r.Changed(), " and "), r.RecordingID, r.ConversationID))
	}
	more := ""
	if n := len(changed) - len(named); n > 0 {
		more = fmt.Sprintf(", and %d more in data/retention.csv of the bag", n)
	}
	return fmt.Sprintf("other dates than the archive date changed while the operator had %s restored; compare them with the retention policy in Genesys Cloud, and set them there again: %s%s",
		words.Count(len(changed), "recording"), strings.Join(named, "; "), more)
}
