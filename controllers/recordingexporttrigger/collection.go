package recordingexporttrigger

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/receiver"
)

// maxRecords bounds the events that one export records, and so the length of the annotation.
const maxRecords = 2000

// window is a part of time. The events that were signed in it share exports.
type window struct{ start, end time.Time }

// windowOf returns the window of a trigger to which an instant belongs. It depends on when an
// event was signed, not on who receives it, so all replicas find the same one.
func windowOf(trigger *v1alpha1.RecordingExportTrigger, at time.Time) window {
	width := debounceWidth(trigger)
	start := time.Unix(at.Unix()-at.Unix()%int64(width.Seconds()), 0).UTC()
	return window{start, start.Add(width)}
}

func debounceWidth(trigger *v1alpha1.RecordingExportTrigger) time.Duration {
	if d := trigger.Spec.Debounce.Window; d != nil && d.Duration >= time.Second {
		return d.Truncate(time.Second)
	}
	return time.Minute
}

// exportName returns the name of the export with this number in a window, counted from 1.
func exportName(trigger string, in window, part int) string {
	return fmt.Sprintf("%s-%s-%d", trigger, in.start.Format("20060102t150405"), part)
}

// collection is an export with the events that led to it.
type collection struct {
	export  *v1alpha1.RecordingExport
	records []record
}

// record is an event that led to an export.
type record struct {
	key    string
	signed int64
	// conversation is the index of the conversation that the event names.
	conversation int
}

// newCollection returns a new export of a trigger without events. It starts when its window
// ends or, for late events, as long after now as a window is wide.
func newCollection(trigger *v1alpha1.RecordingExportTrigger, in window, part int, now time.Time) *collection {
	spec := trigger.Spec.Template.ExportSpec()
	lookBack := 7 * 24 * time.Hour
	if trigger.Spec.LookBack != nil {
		lookBack = trigger.Spec.LookBack.Duration
	}
	spec.Window = v1alpha1.ExportWindow{
		Start: metav1.NewTime(in.start.Add(-lookBack).Truncate(time.Second)), End: ptr.To(metav1.NewTime(in.end)),
	}
	spec.Suspend = true
	until := in.end
	if !now.Before(until) {
		until = now.Add(debounceWidth(trigger))
	}
	return &collection{export: &v1alpha1.RecordingExport{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: trigger.Namespace, Name: exportName(trigger.Name, in, part),
			Labels: map[string]string{v1alpha1.LabelTrigger: trigger.Name},
			Annotations: map[string]string{
				v1alpha1.AnnotationTriggerRevision: revision(trigger),
				v1alpha1.AnnotationCollectsUntil:   until.UTC().Format(time.RFC3339),
			},
		},
		Spec: spec,
	}}
}

// revision identifies a trigger with its spec.
func revision(trigger *v1alpha1.RecordingExportTrigger) string {
	return fmt.Sprintf("%s %d", trigger.UID, trigger.Generation)
}

// readCollection returns an export with its events. It ignores lines that the operator did not write.
func readCollection(export *v1alpha1.RecordingExport) *collection {
	c := &collection{export: export}
	if export.Labels[v1alpha1.LabelTrigger] == "" {
		return c
	}
	for line := range strings.Lines(export.Annotations[v1alpha1.AnnotationEvents]) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		signed, err := strconv.ParseInt(fields[1], 10, 64)
		index, failed := strconv.Atoi(fields[2])
		if err == nil && failed == nil && index >= 0 && index < len(conversations(export)) {
			c.records = append(c.records, record{fields[0], signed, index})
		}
	}
	return c
}

// collectsUntil returns when the export starts. The second result is false if it has started,
// or was not made by a trigger.
func (c *collection) collectsUntil() (time.Time, bool) {
	until, err := time.Parse(time.RFC3339, c.export.Annotations[v1alpha1.AnnotationCollectsUntil])
	isCollecting := err == nil && c.export.Spec.Suspend && c.export.DeletionTimestamp.IsZero() && c.export.Labels[v1alpha1.LabelTrigger] != ""
	return until, isCollecting
}

// takes reports whether further events of a trigger may join.
func (c *collection) takes(trigger *v1alpha1.RecordingExportTrigger, now time.Time) bool {
	until, isCollecting := c.collectsUntil()
	return isCollecting && now.Before(until) && c.export.Labels[v1alpha1.LabelTrigger] == trigger.Name &&
		c.export.Annotations[v1alpha1.AnnotationTriggerRevision] == revision(trigger) &&
		len(conversations(c.export)) < int(max(trigger.Spec.Debounce.MaxConversations, 1)) && len(c.records) < maxRecords
}

// receipt returns what became of a delivery, if the export records its event.
func (c *collection) receipt(delivery receiver.Delivery) (receipt receiver.Receipt, err error, isKnown bool) {
	key := delivery.Event.Key()
	at := slices.IndexFunc(c.records, func(r record) bool { return r.key == key })
	if at < 0 {
		return receiver.Receipt{}, nil, false
	}
	if c.records[at].signed == delivery.Signed.Unix() {
		return receiver.Receipt{}, receiver.ErrReplayed, true
	}
	return receiver.Receipt{Export: c.export.Name, IsDuplicate: true}, nil, true
}

// add adds an event to the export.
func (c *collection) add(delivery receiver.Delivery) receiver.Receipt {
	named := conversations(c.export)
	index := slices.Index(named, v1alpha1.GenesysID(delivery.Event.ConversationID))
	if index < 0 {
		index = len(named)
		named = append(slices.Clone(named), v1alpha1.GenesysID(delivery.Event.ConversationID))
		c.export.Spec.Scope = &v1alpha1.ConversationScope{ConversationIDs: named}
	}
	added := record{delivery.Event.Key(), delivery.Signed.Unix(), index}
	c.records = append(c.records, added)
	annotations := maps.Clone(c.export.Annotations)
	annotations[v1alpha1.AnnotationEvents] += fmt.Sprintf("%s %d %d\n", added.key, added.signed, added.conversation)
	c.export.Annotations = annotations
	return receiver.Receipt{Export: c.export.Name}
}

// conversations are those that an export names.
func conversations(export *v1alpha1.RecordingExport) []v1alpha1.GenesysID {
	if export.Spec.Scope == nil {
		return nil
	}
	return export.Spec.Scope.ConversationIDs
}
