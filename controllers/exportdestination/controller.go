// Package exportdestination ensures that evidence can be written to each destination and,
// if its spec asks for that, verifies regularly what is stored there.
//
// evaluation.go lists the steps that report whether a destination is ready: claim.go,
// probe.go, signingkey.go and quota.go. verification.go decides when to verify,
// verification_work.go does it, archive by archive (archive_check.go), and
// verification_status.go writes the status. watches.go lists what causes an evaluation.
package exportdestination

import (
	"context"
	"io"
	"io/fs"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
)

// Intervals are the waits between evaluations of a destination.
type Intervals struct {
	// Ready is the wait after an evaluation of a destination that is ready.
	Ready time.Duration
	// Retry is the wait after one of a destination that is not.
	Retry time.Duration
	// Timeout is how long each access to a destination may take during an evaluation.
	Timeout time.Duration
	// Verifying is how often the progress of a running verification is published. Each time
	// evaluates the whole destination, so that it is not done after each archive.
	Verifying time.Duration
}

// DefaultIntervals are what the manager uses. Secrets are not watched, so Retry is also
// how long it takes until a corrected Secret is noticed.
func DefaultIntervals() Intervals {
	return Intervals{Ready: 5 * time.Minute, Retry: 20 * time.Second, Timeout: 30 * time.Second, Verifying: time.Minute}
}

// Reconciler evaluates and verifies destinations.
type Reconciler struct {
	loop.Publisher
	// Location is where a destination is: an address, or relative to the archive root.
	Location func(*v1alpha1.ExportDestination) string
	// Probe checks that a destination is what its spec demands and can be written.
	Probe func(context.Context, *v1alpha1.ExportDestination) error
	// SigningKey checks that there is a key to sign with, if the spec wants that, and
	// returns its id.
	SigningKey func(context.Context, *v1alpha1.ExportDestination) (string, error)
	// Free returns how many bytes a destination can still take, and whether that is known.
	Free func(context.Context, *v1alpha1.ExportDestination) (free int64, known bool, err error)
	// Files reads everything that is stored at a destination.
	Files func(context.Context, *v1alpha1.ExportDestination) (fs.FS, error)
	// Referenced returns what opens the files outside the archive of an export, nil if there are none.
	Referenced func(*v1alpha1.RecordingExport) func(ctx context.Context, location string) (io.ReadCloser, error)
	// MinFree is how many bytes transfers leave free at every directory, whatever its spec says.
	MinFree int64
	// Fits is an error if the namespace of a destination uses as much as it may of a volume
	// that it shares; nil if there is no bound.
	Fits func(destination *v1alpha1.ExportDestination, bytes int64) error
	// Forget forgets what is known about a destination that was deleted; it may be nil.
	Forget func(types.NamespacedName)
	Clock  clock.PassiveClock
	// Worker's pool named Pool verifies what is stored.
	Worker    *loop.Worker
	Intervals Intervals
	// Version of this program: reports that another one made are not compared with the
	// account (verify.Options).
	Version string

	claims      claims
	evaluations loop.Evaluations
	runs        runs
}

// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports,verbs=get;list;watch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=exportdestinations,verbs=get;list;watch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=exportdestinations/status,verbs=patch

// Reconcile evaluates one destination, and has it verified when that is due.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	destination := &v1alpha1.ExportDestination{}
	err := client.IgnoreNotFound(r.Client.Get(ctx, request.NamespacedName, destination))
	if err != nil || destination.UID == "" || !destination.DeletionTimestamp.IsZero() {
		if err == nil {
			r.forget(request.NamespacedName)
		}
		return ctrl.Result{}, err
	}
	of, out, nothingNew := r.evaluate(ctx, destination)
	if nothingNew {
		return loop.Result(out), nil
	}
	destination, before := of.destination, of.before
	loop.Mark(destination, out, v1alpha1.ReasonWritable, "evidence can be written")
	markKeyChange(destination)
	if after := r.verification().schedule(destination); after > 0 && after < out.After {
		out.After = after
	}
	if err = r.Publish(ctx, destination, before); err == nil {
		sendVerificationEvent(ctx, r.Events, destination, before)
		sendKeyEvent(r.Events, destination, before)
	}
	return loop.Requeue(loop.Result(out), err)
}

// forget forgets a destination that was deleted.
func (r *Reconciler) forget(name types.NamespacedName) {
	r.verification().cancel(name)
	r.claims.drop(name)
	if r.Forget != nil {
		r.Forget(name)
	}
}
