package story

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

// oneJob has the day need exactly one bulk job, whose objects arrive an hour later if late.
func oneJob(late bool) func(*simulator.Options) {
	return func(o *simulator.Options) {
		o.Conversations, o.HeldShare = 6, 0
		if late {
			o.ExportDelay = time.Hour
		}
	}
}

// jobStates are the states in which a bulk job is kept.
var jobStates = []string{"PENDING", "READY", "PROCESSING", "FULFILLED"}

// keepJob keeps the next bulk job in a state. In the state FULFILLED nothing is in the bucket yet. It returns
// what lets the jobs continue.
func (w *bulkStory) keepJob(state string) (release func()) {
	w.Helper()
	switch state {
	case "PENDING":
		w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteJob, State: state})
	case "READY":
		w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteJobExecute, Status: http.StatusServiceUnavailable})
	case "PROCESSING":
		trouble := w.Sim.Dataset().Started(day, day.AddDate(0, 0, 1)).Recordings()[0].ConversationID
		if err := w.Sim.SetJobTrouble(trouble, simulator.Unending); err != nil {
			w.Fatal(err)
		}
		return func() {
			w.Helper()
			if err := w.Sim.SetJobTrouble(trouble, ""); err != nil {
				w.Fatal(err)
			}
		}
	}
	return func() {
		w.Sim.ClearFaults()
		w.Clock.Advance(2 * time.Hour)
		w.Sim.Tick()
	}
}

// awaitKept waits until the batch shows its job in the state, and the operator has seen it there.
func (w *bulkStory) awaitKept(state string) {
	w.Helper()
	testenv.Eventually(w, "a bulk job is "+state, func() bool {
		return slices.ContainsFunc(w.batches(), func(batch v1alpha1.RecordingExportBatch) bool {
			shown := batch.Status.BulkJob
			return shown != nil && len(shown.Jobs) == 1 && shown.Jobs[0].State == state &&
				(state != "READY" || w.Sim.Journal().Count(simulator.RouteJobExecute, http.StatusServiceUnavailable) > 0) &&
				(state != "PROCESSING" || w.Sim.Journal().Count(simulator.RouteJobExecute, http.StatusOK) > 0)
		})
	})
}

// awaitReleased waits until no finalizer keeps the export.
func (w *bulkStory) awaitReleased(export *v1alpha1.RecordingExport) {
	w.Helper()
	testenv.Eventually(w, "the finalizer is removed", func() bool {
		w.Refresh(export)
		return !slices.Contains(export.Finalizers, v1alpha1.Finalizer)
	})
}

// stops are the ways to stop an export, and to resume it.
var stops = map[string]struct {
	stop, resume func(*bulkStory, *v1alpha1.RecordingExport)
}{
	"suspend": {
		func(w *bulkStory, export *v1alpha1.RecordingExport) {
			w.Refresh(export)
			w.suspend(export, true)
			w.Await(export, v1alpha1.ReasonSuspended)
			w.awaitReleased(export)
		},
		func(w *bulkStory, export *v1alpha1.RecordingExport) { w.suspend(export, false) },
	},
	"cancel": {
		func(w *bulkStory, export *v1alpha1.RecordingExport) {
			w.annotate(export, v1alpha1.AnnotationCancel, "1")
			w.Await(export, v1alpha1.ReasonCancelled)
			w.awaitReleased(export)
		},
		func(w *bulkStory, export *v1alpha1.RecordingExport) {
			w.annotate(export, v1alpha1.AnnotationRetry, "2")
		},
	},
	"delete": {
		func(w *bulkStory, export *v1alpha1.RecordingExport) {
			w.Delete(export)
			// In a cluster the garbage collector does this.
			if err := w.Client.DeleteAllOf(w.Context(), &v1alpha1.RecordingExportBatch{}, client.InNamespace(w.Namespace)); err != nil {
				w.Fatal(err)
			}
		},
		func(w *bulkStory, export *v1alpha1.RecordingExport) {
			*export = *w.bulkExport(inOneBatch)
			w.Create(export)
		},
	},
}

// TestAnExportIsStoppedAtEachStateOfAJob: whatever the state, no job is left at Genesys Cloud and nothing
// keeps the export. What was stopped completes once it is resumed, with as few jobs as that takes.
func TestAnExportIsStoppedAtEachStateOfAJob(t *testing.T) {
	for _, state := range jobStates {
		for name, way := range stops {
			t.Run(state+"/"+name, func(t *testing.T) {
				w := newBulkStory(t, oneJob(state == "FULFILLED"))
				release := w.keepJob(state)
				export := w.bulkExport(inOneBatch)
				w.Create(export)
				w.Start()
				w.awaitKept(state)
				way.stop(w, export)
				w.expectNoJobLeft()
				release()
				way.resume(w, export)
				w.Await(export, v1alpha1.ReasonComplete)
				w.judge(w.exportable())
				w.expectDownloads(0)
				w.awaitReleased(export)
				cancelled, fulfilled := len(w.jobsIn("CANCELLED")), len(w.jobsIn("FULFILLED"))
				if fulfilled != 1 || cancelled > 1 || state == "FULFILLED" && cancelled > 0 {
					t.Errorf("%d jobs were cancelled, %d fulfilled", cancelled, fulfilled)
				}
			})
		}
	}
}

// TestAJobThatIsReadyAfterACrash: a process ends between READY and the execution. The next one executes the
// job, and creates no other.
func TestAJobThatIsReadyAfterACrash(t *testing.T) {
	w := newBulkStory(t, oneJob(false))
	release := w.keepJob("READY")
	export := w.bulkExport(inOneBatch)
	w.Create(export)
	stop := w.Start()
	w.awaitKept("READY")
	stop()
	release()
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	w.expectNoJobLeft()
	if n := w.Sim.Journal().Count(simulator.RouteJobSubmit, 0); n != 1 {
		t.Errorf("%d jobs were created", n)
	}
}

// TestWhatEndsAJobIsGone: an export whose organisation is deleted first, or the Secret of its OAuth client, is not kept for
// that. An event names the job that is left.
func TestWhatEndsAJobIsGone(t *testing.T) {
	for name, first := range map[string]func(*bulkStory) client.Object{
		"organisation": func(w *bulkStory) client.Object { return w.Organization() },
		"Secret":       func(w *bulkStory) client.Object { return w.Secret("") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newBulkStory(t, oneJob(false))
			w.keepJob("READY")
			export := w.bulkExport(inOneBatch)
			w.Create(export)
			w.Start()
			w.awaitKept("READY")
			left := w.jobsIn("READY")
			w.Delete(first(w))
			if err := w.Client.Delete(w.Context(), export); err != nil {
				t.Fatal(err)
			}
			// A Secret is read when it is needed, so the jobs may have been ended: then nothing is left to tell of.
			testenv.Eventually(t, "the export is gone", func() bool {
				w.Clock.Advance(time.Minute)
				err := w.Client.Get(w.Context(), client.ObjectKeyFromObject(export), &v1alpha1.RecordingExport{})
				return apierrors.IsNotFound(err)
			})
			if len(w.jobsIn("CANCELLED")) == 0 {
				w.expectNote(export, v1alpha1.ReasonBulkJobLeft, left[0])
			}
		})
	}
}

// expectNote waits for an event of an object that says something.
func (w *bulkStory) expectNote(obj client.Object, reason, says string) {
	w.Helper()
	testenv.Eventually(w, "an event "+reason+" says "+says, func() bool {
		var list eventsv1.EventList
		if err := w.Client.List(w.Context(), &list, client.InNamespace(w.Namespace)); err != nil {
			w.Fatal(err)
		}
		return slices.ContainsFunc(list.Items, func(e eventsv1.Event) bool {
			return e.Regarding.UID == obj.GetUID() && e.Reason == reason && strings.Contains(e.Note, says)
		})
	})
}

// TestAnUnendingJob is cancelled once retry.deadline is used up, and its recordings are downloaded.
func TestAnUnendingJob(t *testing.T) {
	w := newBulkStory(t, oneJob(false))
	w.keepJob("PROCESSING")
	export := w.bulkExport(func(spec *v1alpha1.RecordingExportSpec) {
		inOneBatch(spec)
		spec.Retry.Deadline = &metav1.Duration{Duration: 3 * time.Second}
	})
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	w.expectNoJobLeft()
	if n := len(w.jobsIn("CANCELLED")); n != 1 {
		t.Errorf("%d jobs were cancelled", n)
	}
}

// TestAClientRevokedDuringAJob: nobody else may execute the job. Another client cancels it, and exports with
// a job of its own.
func TestAClientRevokedDuringAJob(t *testing.T) {
	server := world.StartBucket(t)
	w := &bulkStory{newStory(t, func(o *simulator.Options) {
		world.ExportTo(server)(o)
		oneJob(false)(o)
		twoClients(o)
	}), server}
	w.createWithClients("one", "two")
	w.Create(w.BucketSecret())
	release := w.keepJob("READY")
	export := w.bulkExport(inOneBatch)
	w.Create(export)
	w.Start()
	w.awaitKept("READY")
	w.revoke(w.Sim.BulkJobs()[0].ClientID)
	release()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	w.expectNoJobLeft()
	w.expectDownloads(0)
	jobs := w.Sim.BulkJobs()
	if len(jobs) != 2 || jobs[0].State != "CANCELLED" || jobs[1].ClientID == jobs[0].ClientID {
		t.Errorf("jobs %+v", jobs)
	}
}
