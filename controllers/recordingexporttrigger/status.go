package recordingexporttrigger

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/receiver"
)

// summarize computes the status from the exports of a trigger and from its checks.
func summarize(trigger *v1alpha1.RecordingExportTrigger, exports []v1alpha1.RecordingExport, out outcome.Outcome, receives bool) {
	status := &trigger.Status
	status.ObservedGeneration = trigger.Generation
	status.Path = ""
	if receives {
		status.Path = receiver.Name{Namespace: trigger.Namespace, Name: trigger.Name}.Path()
	}
	status.Exports, status.Collecting, status.Events, status.LastEvent = int64(len(exports)), 0, 0, nil
	for i := range exports {
		c := readCollection(&exports[i])
		if _, isCollecting := c.collectsUntil(); isCollecting {
			status.Collecting++
		}
		status.Events += int64(len(c.records))
		for _, r := range c.records {
			status.LastEvent = later(status.LastEvent, c.event(r))
		}
	}
	loop.Mark(trigger, out, v1alpha1.ReasonReceiving, "accepting events at "+status.Path)
}

// event returns a record for the status.
func (c *collection) event(r record) *v1alpha1.AcceptedEvent {
	return &v1alpha1.AcceptedEvent{
		Time: metav1.NewTime(time.Unix(r.signed, 0).UTC()), ConversationID: string(conversations(c.export)[r.conversation]), Export: c.export.Name,
	}
}

// later returns the event that was signed later. a may be nil.
func later(a, b *v1alpha1.AcceptedEvent) *v1alpha1.AcceptedEvent {
	if a != nil && !a.Time.Before(&b.Time) {
		return a
	}
	return b
}
