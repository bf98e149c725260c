package recordingexport

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// inCluster is a harness in a cluster of this id, with the archive of another one, or
// with one of its own.
func inCluster(t *testing.T, cluster string, archive *harness) *harness {
	t.Helper()
	h := newHarness(t, wholeExport())
	h.configure(func(c *Config) { c.ClusterID = func(context.Context) (string, error) { return cluster, nil } })
	if archive != nil {
		h.store = archive.store
	}
	h.cloud.state = "PENDING"
	return h
}

// annotate has the export's cluster take over the archive of another one.
func (h *harness) annotate(cluster string) {
	h.Helper()
	h.change(func(e *v1alpha1.RecordingExport) {
		e.Annotations = map[string]string{v1alpha1.AnnotationTakeOver: cluster}
	})
}

// expectLost reconciles the export, and expects that the archive belongs to another cluster, and that
// no work is left here.
func (h *harness) expectLost(owner string) {
	h.Helper()
	h.reconcileUntil("the archive belongs to "+owner, func() bool {
		export := h.export()
		return conditions.IsStalled(export) && conditions.Reason(export) == v1alpha1.ReasonArchiveOfAnotherCluster &&
			strings.Contains(conditions.Message(export), "cluster "+owner+" ") && len(export.Finalizers) == 0
	})
	if h.worker.Pools.BusyInAny(workPrefix(client.ObjectKeyFromObject(newExport()))) {
		h.Error("work of the export is still running")
	}
}

// expectWorks reconciles the export, and expects that the day is being surveyed.
func (h *harness) expectWorks() {
	h.Helper()
	h.reconcileUntil("the day is being surveyed", func() bool {
		return conditions.Reason(h.export()) == v1alpha1.ReasonSurveying && len(h.export().Finalizers) == 1
	})
}

// log is the log of owners.
func (h *harness) log() []artifacts.Owner {
	h.Helper()
	log, err := artifacts.Owners(h.Context(), h.store)
	if err != nil {
		h.Fatal(err)
	}
	return log
}

// TestAnotherClusterTakesTheArchiveOver, and back, each by an annotation of its own
// that names who has it then. Nobody takes it twice by one annotation.
func TestAnotherClusterTakesTheArchiveOver(t *testing.T) {
	a := inCluster(t, "a", nil)
	a.expectWorks()
	b := inCluster(t, "b", a)
	b.expectLost("a")
	for _, part := range []string{"since 2023-12-30T00:00:00Z", "kubectl annotate rex case-1 -n legal recording.gcexport.dev/take-over-archive=a", "legal/evidence/case-1"} {
		if message := conditions.Message(b.export()); !strings.Contains(message, part) {
			t.Errorf("%q does not name %q", message, part)
		}
	}
	b.annotate("c")
	b.expectLost("a")
	if message := conditions.Message(b.export()); !strings.Contains(message, "-n legal --overwrite recording.gcexport.dev/take-over-archive=a") {
		t.Errorf("%q does not say how to correct the annotation", message)
	}
	if len(a.log()) > 0 {
		t.Fatal("it was taken over by an annotation that names another cluster")
	}
	b.annotate("a")
	b.expectWorks()
	if !b.told("ArchiveTakenOver", "from the cluster a") {
		t.Error("nobody is told of the take-over")
	}
	a.expectLost("b")

	a.annotate("b")
	a.expectWorks()
	b.expectLost("a")
	a.expectWorks()
	if n := len(a.log()); n != 2 {
		t.Fatalf("the archive was taken over %d times, want 2: by an annotation that was used before", n)
	}
	if message := conditions.Message(b.export()); !strings.Contains(message, "--overwrite recording.gcexport.dev/take-over-archive=a.2") {
		t.Errorf("%q does not say how to take it over another time", message)
	}
	b.annotate("a.2")
	b.expectWorks()
	a.expectLost("b")
	if n := len(a.log()); n != 3 {
		t.Errorf("the archive was taken over %d times, want 3", n)
	}
}

// TestTwoClustersTakeOverAtOnce: one has the archive then, the other is told so.
func TestTwoClustersTakeOverAtOnce(t *testing.T) {
	a := inCluster(t, "a", nil)
	a.expectWorks()
	b, c := inCluster(t, "b", a), inCluster(t, "c", a)
	exports := map[string]*claimed{}
	for name, h := range map[string]*harness{"b": b, "c": c} {
		s := claimedFor(h.export(), h.store)
		s.ownerHistory = ownerHistory{cluster: name, begunBy: "a", begunAt: first}
		if err := h.archive.owner.takeOver(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		exports[name] = s
	}
	winner := exports["b"].owner().ClusterID
	if winner != exports["c"].owner().ClusterID || exports["b"].isOurs() == exports["c"].isOurs() {
		t.Errorf("b believes that it belongs to %s, c to %s", winner, exports["c"].owner().ClusterID)
	}
	if log := a.log(); len(log) != 1 || log[0].Former != "a" || log[0].ClusterID != winner {
		t.Errorf("the log is %+v", log)
	}
	b.annotate("a")
	c.annotate("a")
	for name, h := range map[string]*harness{"b": b, "c": c} {
		if name == winner {
			h.expectWorks()
		} else {
			h.expectLost(winner)
		}
	}
}

// TestTheJobOfAnArchiveThatWasTakenOver is for its new owner to use: a former one that
// is deleted or suspended does not end it.
func TestTheJobOfAnArchiveThatWasTakenOver(t *testing.T) {
	for name, stop := range map[string]func(*harness){
		"deleted":   func(h *harness) { h.remove(wholeExport()) },
		"suspended": func(h *harness) { h.change(func(e *v1alpha1.RecordingExport) { e.Spec.Suspend = true }) },
	} {
		t.Run(name, func(t *testing.T) {
			a := inCluster(t, "a", nil)
			a.reconcileUntil("a job is started", func() bool { return a.cloud.jobs() == 1 })
			b := inCluster(t, "b", a)
			b.annotate("a")
			b.expectWorks()
			stop(a)
			a.reconcileUntil("the finalizer is gone", func() bool { return a.export() == nil || len(a.export().Finalizers) == 0 })
			if ended := a.cloud.endedJobs(); len(ended) > 0 {
				t.Errorf("the jobs %v were ended", ended)
			}
		})
	}
}

// TestAnArchiveOfAnotherExport cannot be taken over, from whatever cluster, and it is
// said which terms differ.
func TestAnArchiveOfAnotherExport(t *testing.T) {
	tests := map[string]struct {
		change func(*v1alpha1.RecordingExportSpec)
		says   string
	}{
		"attributes": {func(s *v1alpha1.RecordingExportSpec) {
			s.Attributes = map[string]v1alpha1.AttributeValue{"case": "1"}
		}, "its spec differs in: attributes"},
		"several": {func(s *v1alpha1.RecordingExportSpec) {
			s.SettleAfter, s.LegalHold.Scope, s.Slicing.MaxConversations = &metav1.Duration{Duration: time.Hour}, v1alpha1.HoldOnly, 7
		}, "its spec differs in: legalHold.scope, slicing.maxConversations, settleAfter"},
		"the end":  {func(s *v1alpha1.RecordingExportSpec) { s.Window.End.Time = first.Add(2 * day) }, "its spec differs in: window.end"},
		"no end":   {func(s *v1alpha1.RecordingExportSpec) { s.Window.End = nil }, "its spec differs in: window.end"},
		"archived": {func(s *v1alpha1.RecordingExportSpec) { s.Archived = v1alpha1.ArchivedRestore }, "its spec differs in: archived"},
	}
	for name, tt := range tests {
		for _, cluster := range []string{"a", "b"} {
			t.Run(name+" in "+cluster, func(t *testing.T) {
				a := inCluster(t, "a", nil)
				a.expectWorks()
				h := inCluster(t, cluster, a)
				h.change(func(e *v1alpha1.RecordingExport) {
					tt.change(&e.Spec)
					e.Annotations = map[string]string{v1alpha1.AnnotationTakeOver: "a"}
				})
				h.reconcile()
				export := h.export()
				if conditions.Reason(export) != v1alpha1.ReasonArchiveMismatch || !strings.Contains(conditions.Message(export), tt.says) {
					t.Errorf("%s: %s, want %q", conditions.Reason(export), conditions.Message(export), tt.says)
				}
				if n := len(h.log()); n > 0 {
					t.Errorf("it was taken over %d times", n)
				}
			})
		}
	}
}

// TestAnEndlessArchiveInAnotherCluster: that the window has got its end since does not
// make it another export, in whatever cluster.
func TestAnEndlessArchiveInAnotherCluster(t *testing.T) {
	a := inCluster(t, "a", nil)
	a.change(func(e *v1alpha1.RecordingExport) { e.Spec.Window.End = nil })
	a.expectWorks()
	b := inCluster(t, "b", a)
	b.expectLost("a")
	b.annotate("a")
	b.expectWorks()

	other := inCluster(t, "a", a)
	other.change(func(e *v1alpha1.RecordingExport) { e.Spec.Archived = v1alpha1.ArchivedRestore })
	other.reconcile()
	if message := conditions.Message(other.export()); !strings.Contains(message, "its spec differs in: archived") || strings.Contains(message, "window") {
		t.Errorf("it says %q", message)
	}
}

// TestTakeOversInTheSeal: a seal tells of those that no former one tells of.
func TestTakeOversInTheSeal(t *testing.T) {
	line := func(from, to string) artifacts.Owner {
		return artifacts.Owner{Stamp: artifacts.Stamp{At: first, By: "m"}, ClusterID: to, Former: from}
	}
	log := []artifacts.Owner{line("a", "b"), line("b", "c"), line("c", "a")}
	for told, want := range []string{"a>b b>c c>a", "b>c c>a", "c>a", "", ""} {
		w := &sealWork{owners: log}
		if told > 0 {
			w.former = &evidence.Former{Account: evidence.Account{TakenOver: make([]evidence.TakeOver, told)}}
		}
		var got []string
		for _, event := range w.takeOvers() {
			if event.Type != evidence.ArchiveTakenOver || event.Actor != "m" || !event.Time.Equal(first) {
				t.Errorf("event %+v", event)
			}
			got = append(got, event.Details["from"]+">"+event.Details["to"])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("after %d it tells of %v, want %q", told, got, want)
		}
	}
}
