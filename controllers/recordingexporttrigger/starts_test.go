package recordingexporttrigger

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1 "k8s.io/api/core/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/events"
	"github.com/gcexport/recording-export-operator/internal/receiver"
)

// collector is that of a replica whose cache is never late.
func (w *world) collector() *Collector {
	return &Collector{Client: w.api, Fresh: w.api, Clock: w.clock, roundTimeout: time.Minute}
}

// accept has a collector accept an event that is signed now.
func (w *world) accept(c *Collector, id string, n int) receiver.Receipt {
	w.t.Helper()
	receipt, err := c.Accept(w.t.Context(), w.name(), w.delivery(id, n))
	if err != nil {
		w.t.Fatal(err)
	}
	return receipt
}

func (w *world) delivery(id string, n int) receiver.Delivery {
	return receiver.Delivery{Event: events.Event{ID: id, ConversationID: conversation(n)}, Signed: w.clock.Now()}
}

// export returns an export by its name.
func (w *world) export(name string) *v1alpha1.RecordingExport {
	w.t.Helper()
	export := &v1alpha1.RecordingExport{}
	if err := w.api.Get(w.t.Context(), client.ObjectKey{Namespace: w.namespace, Name: name}, export); err != nil {
		w.t.Fatal(err)
	}
	return export
}

// TestAnExportStarts when its window ends, and not before. An event that was signed in the
// window and arrives late leads to another export, which collects for as long.
func TestAnExportStarts(t *testing.T) {
	w := newWorld(t, nil)
	collector, reconciler := w.collector(), w.reconciler()
	signed := w.clock.Now()
	first := w.accept(collector, "e-1", 1).Export
	if wait := w.reconcile(reconciler).RequeueAfter; wait > readyInterval || !w.export(first).Spec.Suspend {
		t.Errorf("before the window ends: next in %v, suspended %t", wait, w.export(first).Spec.Suspend)
	}
	w.clock.SetTime(signed.Truncate(time.Hour).Add(time.Hour - time.Second))
	if wait := w.reconcile(reconciler).RequeueAfter; wait > time.Second || !w.export(first).Spec.Suspend {
		t.Errorf("a second before the window ends: next in %v, suspended %t", wait, w.export(first).Spec.Suspend)
	}
	w.clock.SetTime(signed.Truncate(time.Hour).Add(time.Hour))
	w.reconcile(reconciler)
	started := w.export(first)
	if _, isCollecting := readCollection(started).collectsUntil(); isCollecting || started.Spec.Suspend {
		t.Errorf("after the window: suspended %t, annotations %v", started.Spec.Suspend, started.Annotations)
	}
	late := w.delivery("e-2", 2)
	late.Signed = signed
	receipt, err := collector.Accept(t.Context(), w.name(), late)
	if err != nil || receipt.Export == first {
		t.Fatalf("a late event: %v, %v", receipt, err)
	}
	if until, _ := readCollection(w.export(receipt.Export)).collectsUntil(); !until.Equal(w.clock.Now().Add(time.Hour)) {
		t.Errorf("it collects until %v", until)
	}
	if got := w.export(first); len(conversations(got)) != 1 {
		t.Errorf("the started export names %v", conversations(got))
	}
	w.reconcile(reconciler)
	status := w.trigger().Status
	if status.Exports != 2 || status.Collecting != 1 || status.Events != 2 || status.LastEvent == nil || status.Path != "/events/"+w.namespace+"/held" {
		t.Errorf("status %+v", status)
	}
}

// TestASuspendedExportStaysSuspended: the operator starts an export once; afterwards spec.suspend belongs to people.
func TestASuspendedExportStaysSuspended(t *testing.T) {
	w := newWorld(t, nil)
	reconciler := w.reconciler()
	name := w.accept(w.collector(), "e-1", 1).Export
	w.clock.SetTime(w.clock.Now().Add(time.Hour))
	w.reconcile(reconciler)
	export := w.export(name)
	before := export.DeepCopy()
	export.Spec.Suspend = true
	if err := w.api.Patch(t.Context(), export, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	w.reconcile(reconciler)
	if !w.export(name).Spec.Suspend {
		t.Error("the operator resumed it")
	}
}

// TestADeletedTrigger starts its exports at once: nothing that was accepted is lost.
func TestADeletedTrigger(t *testing.T) {
	w := newWorld(t, nil)
	collector := w.collector()
	name := w.accept(collector, "e-1", 1).Export
	if err := w.api.Delete(t.Context(), w.trigger()); err != nil {
		t.Fatal(err)
	}
	w.reconcile(w.reconciler())
	if w.export(name).Spec.Suspend {
		t.Error("the export is still suspended")
	}
	if _, err := collector.Accept(t.Context(), w.name(), w.delivery("e-2", 2)); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("an event for the deleted trigger: %v", err)
	}
}

// TestEventsJoinOnlyTheirOwn: an export with the name that a trigger would choose, and one of an
// earlier revision of the trigger, do not change.
func TestEventsJoinOnlyTheirOwn(t *testing.T) {
	w := newWorld(t, nil)
	collector := w.collector()
	window := windowOf(w.trigger(), w.clock.Now())
	own := newCollection(w.trigger(), window, 1, w.clock.Now()).export
	own.Labels, own.Annotations = nil, nil
	w.create(own)
	second := w.accept(collector, "e-1", 1).Export
	w.change(func(trigger *v1alpha1.RecordingExportTrigger) {
		trigger.Spec.Template.MediaTypes = []v1alpha1.Medium{v1alpha1.MediumCall}
	})
	third := w.accept(collector, "e-2", 2).Export
	if second != exportName("held", window, 2) || third != exportName("held", window, 3) {
		t.Errorf("the events are in %s and %s", second, third)
	}
	if len(conversations(w.export(own.Name))) != 0 || fmt.Sprint(w.export(second).Spec.MediaTypes) != "[Screen]" || fmt.Sprint(w.export(third).Spec.MediaTypes) != "[Call]" {
		t.Error("an export of somebody else, or of an earlier revision, has changed")
	}
}

// TestAWriteThatIsLost: an event that could not be written was not accepted, and can be sent again.
func TestAWriteThatIsLost(t *testing.T) {
	w := newWorld(t, nil)
	broken := &Collector{Client: failing{w.api}, Fresh: w.api, Clock: w.clock}
	delivery := w.delivery("e-1", 1)
	if receipt, err := broken.Accept(t.Context(), w.name(), delivery); err == nil {
		t.Fatalf("accepted as %v", receipt)
	}
	if receipt, err := w.collector().Accept(t.Context(), w.name(), delivery); err != nil || receipt.Export == "" || receipt.IsDuplicate {
		t.Errorf("sent again: %v, %v", receipt, err)
	}
}

// failing is an API server that accepts no new objects.
type failing struct{ client.Client }

func (failing) Create(context.Context, client.Object, ...client.CreateOption) error {
	return fmt.Errorf("the API server is full")
}

// TestLostRaces: a write that lost races is repeated until the round ends, and only then the event was not
// accepted.
func TestLostRaces(t *testing.T) {
	const many = 15
	for name, tt := range map[string]struct {
		races    int
		round    time.Duration
		accepted bool
	}{
		"many":           {many, time.Minute, true},
		"all of a round": {math.MaxInt, 10 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			api := &losing{Client: w.api, races: tt.races}
			collector := &Collector{Client: api, Fresh: w.api, Clock: w.clock, roundTimeout: tt.round}
			receipt, err := collector.Accept(t.Context(), w.name(), w.delivery("e-1", 1))
			if (err == nil) != tt.accepted || (len(w.exports()) == 1) != tt.accepted {
				t.Errorf("%v, %v after %d lost races", receipt, err, tt.races-api.races)
			}
		})
	}
}

// losing is an API server at which another replica is faster for a number of times.
type losing struct {
	client.Client
	races int
}

func (l *losing) Create(ctx context.Context, obj client.Object, options ...client.CreateOption) error {
	if l.races == 0 {
		return l.Client.Create(ctx, obj, options...)
	}
	l.races--
	return apierrors.NewAlreadyExists(schema.GroupResource{Resource: "recordingexports"}, obj.GetName())
}

// TestAWindowIsFull: a window has a bounded number of exports.
func TestAWindowIsFull(t *testing.T) {
	w := newWorld(t, func(trigger *v1alpha1.RecordingExportTrigger) { trigger.Spec.Debounce.MaxConversations = 1 })
	const maxParts = 5
	collector := w.collector()
	collector.maxParts = maxParts
	var all []*pending
	for n := range maxParts + 1 {
		all = append(all, &pending{Delivery: w.delivery(fmt.Sprint("e-", n), n), done: make(chan struct{})})
	}
	collector.round(t.Context(), w.name(), all)
	full := 0
	for _, p := range all {
		if <-p.done; p.err != nil {
			full++
		}
	}
	if exports := len(w.exports()); full != 1 || exports != maxParts {
		t.Errorf("%d exports, %d events refused", exports, full)
	}
}

// TestConditions: the conditions of a trigger say what a person has to do.
func TestConditions(t *testing.T) {
	tests := map[string]struct {
		edit         func(*v1alpha1.RecordingExportTrigger)
		prepare      func(*world, *Reconciler)
		reason, says string
	}{
		"ready":            {nil, nil, v1alpha1.ReasonReceiving, "accepting events at /events/"},
		"no receiver":      {nil, func(_ *world, r *Reconciler) { r.Receives = false }, v1alpha1.ReasonReceiverDisabled, "--events-bind-address"},
		"no secret":        {named("missing"), nil, v1alpha1.ReasonSecretNotFound, `create the Secret "missing"`},
		"one of two":       {named("a", "missing"), nil, v1alpha1.ReasonSecretNotFound, `create the Secret "missing"`},
		"another key":      {named("other"), func(w *world, _ *Reconciler) { w.other("other", "password", secretA) }, v1alpha1.ReasonSecretIncomplete, `add the key "secret"`},
		"a short secret":   {named("short"), func(w *world, _ *Reconciler) { w.other("short", secretKey, "0123456789") }, v1alpha1.ReasonSecretInvalid, "32 to 1024"},
		"no destination":   {func(trigger *v1alpha1.RecordingExportTrigger) { trigger.Spec.Template.DestinationRef.Name = "nowhere" }, nil, v1alpha1.ReasonDestinationNotFound, `"nowhere"`},
		"a refused export": {nil, func(_ *world, r *Reconciler) { r.Client = refusing{r.Client} }, v1alpha1.ReasonTemplateRefused, "quota"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tt.edit)
			reconciler := w.reconciler()
			if tt.prepare != nil {
				tt.prepare(w, reconciler)
			}
			w.reconcile(reconciler)
			trigger := w.trigger()
			if conditions.Reason(trigger) != tt.reason || !strings.Contains(conditions.Message(trigger), tt.says) {
				t.Errorf("%s: %s; want %s: %s", conditions.Reason(trigger), conditions.Message(trigger), tt.reason, tt.says)
			}
			if err := conditions.Check(trigger); err != nil {
				t.Error(err)
			}
			if len(w.exports()) != 0 {
				t.Error("the check has created an export")
			}
		})
	}
}

func named(secrets ...string) func(*v1alpha1.RecordingExportTrigger) {
	return func(trigger *v1alpha1.RecordingExportTrigger) {
		trigger.Spec.SecretRefs = nil
		for _, name := range secrets {
			trigger.Spec.SecretRefs = append(trigger.Spec.SecretRefs, v1alpha1.LocalReference{Name: name})
		}
	}
}

func (w *world) other(name, key, value string) {
	w.t.Helper()
	w.create(&corev1.Secret{ObjectMeta: w.meta(name), StringData: map[string]string{key: value}})
}

// refusing is an API server with a quota.
type refusing struct{ client.Client }

func (refusing) Create(_ context.Context, obj client.Object, _ ...client.CreateOption) error {
	return apierrorsForbidden(obj)
}

// TestRecordsThatSomebodyChanges are ignored: nothing is read beyond the conversations.
func TestRecordsThatSomebodyChanges(t *testing.T) {
	export := &v1alpha1.RecordingExport{ObjectMeta: metav1.ObjectMeta{
		Labels:      map[string]string{v1alpha1.LabelTrigger: "held"},
		Annotations: map[string]string{v1alpha1.AnnotationEvents: "a 1 0\nb 1 1\nc 1 -1\nd x 0\ne 1\n\nf 1 0 0\n\x00"},
	}, Spec: v1alpha1.RecordingExportSpec{Scope: &v1alpha1.ConversationScope{ConversationIDs: []v1alpha1.GenesysID{"x"}}}}
	if got := readCollection(export).records; len(got) != 1 || got[0].key != "a" {
		t.Errorf("read %v", got)
	}
}

// TestTheTemplateHasEveryTerm: a template has every field of a RecordingExport that is not decided for each
// export, and passes it on.
func TestTheTemplateHasEveryTerm(t *testing.T) {
	decided := map[string]bool{"scope": true, "window": true, "suspend": true, "secondSource": true}
	template, spec := fieldsOf[v1alpha1.ExportTemplate](), fieldsOf[v1alpha1.RecordingExportSpec]()
	for name := range spec {
		if !template[name] && !decided[name] {
			t.Errorf("ExportTemplate has no %s", name)
		}
	}
	full := filled[v1alpha1.ExportTemplate](t)
	passed := jsonOf(t, full.ExportSpec())
	for name := range template {
		if _, found := passed[name]; !found {
			t.Errorf("ExportSpec does not pass on %s", name)
		}
	}
}
