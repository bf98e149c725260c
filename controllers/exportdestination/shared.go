package exportdestination

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// claims are the places in S3 that destinations have, as far as this process gave them
// away: their statuses may not tell of it yet. The zero value is ready for use.
type claims struct {
	mu   sync.Mutex
	held map[types.NamespacedName]types.UID
}

// forget forgets the claim of a destination that is gone.
func (c *claims) forget(name types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.held, name)
}

// holds tells whether a destination has its place in S3: once it could be written there,
// until it is deleted. What keeps it from writing meanwhile, such as a Secret that is
// replaced, does not give its place to another one. c.mu is held.
func (c *claims) holds(d *v1alpha1.ExportDestination) bool {
	known := d.Status.ClaimTime != nil || conditions.IsReady(d) || c.held[client.ObjectKeyFromObject(d)] == d.UID && d.UID != ""
	return known && d.DeletionTimestamp.IsZero()
}

// alone is satisfied unless a destination of another namespace has the same place in
// S3. Whoever can write to a workBucket can remove what other exports have noted there,
// and what is stored below a prefix is the business of one namespace.
func (r *Reconciler) alone(ctx context.Context, destination *v1alpha1.ExportDestination) (outcome.Outcome, error) {
	if destination.Spec.S3 == nil {
		return outcome.Done(), nil
	}
	r.claims.mu.Lock()
	defer r.claims.mu.Unlock()
	return r.judge(ctx, destination)
}

// claim gives a destination that can be written its place in S3, unless another one
// was given it meanwhile. Of two that are looked at together one is judged first.
func (r *Reconciler) claim(ctx context.Context, destination *v1alpha1.ExportDestination) (outcome.Outcome, error) {
	if destination.Spec.S3 == nil {
		return outcome.Done(), nil
	}
	r.claims.mu.Lock()
	defer r.claims.mu.Unlock()
	out, err := r.judge(ctx, destination)
	if err != nil || !out.IsDone() {
		return out, err
	}
	if r.claims.held == nil {
		r.claims.held = map[types.NamespacedName]types.UID{}
	}
	r.claims.held[client.ObjectKeyFromObject(destination)] = destination.UID
	if destination.Status.ClaimTime == nil {
		destination.Status.ClaimTime = &metav1.Time{Time: r.Clock.Now().Truncate(time.Second)}
	}
	return outcome.Done(), nil
}

// judge tells whether a destination may have its place in S3, by all destinations that
// there are. One that has it keeps it; if both have it, as after an upgrade, the one that
// was created first does. A destination that never could be written has nothing, so that
// nobody can keep others out of a bucket by naming it: one that was created earlier is
// waited for only until it has been looked at once. r.claims.mu is held.
func (r *Reconciler) judge(ctx context.Context, destination *v1alpha1.ExportDestination) (outcome.Outcome, error) {
	var list v1alpha1.ExportDestinationList
	if err := r.Client.List(ctx, &list); err != nil {
		return outcome.Outcome{}, fmt.Errorf("list destinations: %w", err)
	}
	out, mine := outcome.Done(), r.claims.holds(destination)
	for i := range list.Items {
		other := &list.Items[i]
		field, isShared := sharedField(destination, other)
		if !isShared || !other.DeletionTimestamp.IsZero() {
			continue
		}
		switch isFirst := isEarlier(other, destination); {
		case r.claims.holds(other) && (!mine || isFirst):
			return outcome.Stall(v1alpha1.ReasonBucketShared, fmt.Sprintf(
				"name another bucket in spec.s3.%s of a new ExportDestination: a destination of another namespace has it already (two namespaces never share a workBucket, or a place in a bucket)", field), r.Intervals.Retry), nil
		case !mine && isFirst && !isSeen(other):
			out = outcome.Wait(v1alpha1.ReasonPending, fmt.Sprintf(
				"waiting until the operator has checked a destination of another namespace, which was created first and has the same bucket as spec.s3.%s", field), r.Intervals.Retry)
		}
	}
	return out, nil
}

// isSeen tells whether a destination has been looked at.
func isSeen(d *v1alpha1.ExportDestination) bool { return d.Status.ObservedGeneration > 0 }

// rivals lists the destinations of other namespaces that may get, or lose, their place
// in S3 by what became of one: those that name the same place, and do not have it already
// against one that does not.
func (r *Reconciler) rivals(ctx context.Context, obj client.Object) []reconcile.Request {
	changed, is := obj.(*v1alpha1.ExportDestination)
	if !is || changed.Spec.S3 == nil {
		return nil
	}
	var list v1alpha1.ExportDestinationList
	if err := r.Client.List(ctx, &list); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Failed to list destinations")
		return nil
	}
	r.claims.mu.Lock()
	defer r.claims.mu.Unlock()
	var requests []reconcile.Request
	for i := range list.Items {
		other := &list.Items[i]
		if _, isShared := sharedField(changed, other); isShared && (!r.claims.holds(other) || r.claims.holds(changed)) {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(other)})
		}
	}
	return requests
}

// claimChanged tells of changes of a destination that matter to those that name the
// same place in S3.
var claimChanged = predicate.Or(predicate.GenerationChangedPredicate{}, predicate.Funcs{
	UpdateFunc: func(e event.UpdateEvent) bool {
		before, okBefore := e.ObjectOld.(*v1alpha1.ExportDestination)
		now, okNow := e.ObjectNew.(*v1alpha1.ExportDestination)
		return okBefore && okNow && (isSeen(before) != isSeen(now) || before.Status.ClaimTime.IsZero() != now.Status.ClaimTime.IsZero() ||
			before.DeletionTimestamp.IsZero() != now.DeletionTimestamp.IsZero())
	},
})

// isEarlier tells whether a was created before b; UIDs decide between two of a second.
func isEarlier(a, b *v1alpha1.ExportDestination) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.UID < b.UID
}

// sharedField names the field of a destination whose place in S3 a destination of
// another namespace has, too.
func sharedField(d, other *v1alpha1.ExportDestination) (field string, isShared bool) {
	mine, theirs := d.Spec.S3, other.Spec.S3
	if mine == nil || theirs == nil || d.Namespace == other.Namespace || service(mine.Endpoint) != service(theirs.Endpoint) {
		return "", false
	}
	switch {
	case mine.WorkBucket == theirs.WorkBucket, mine.WorkBucket == theirs.Bucket:
		return "workBucket", true
	case mine.Bucket == theirs.WorkBucket, mine.Bucket == theirs.Bucket && overlap(mine.Prefix, theirs.Prefix):
		return "bucket", true
	default:
		return "", false
	}
}

// service is an endpoint in the one form that is compared: the same service can be
// written with and without its port, in capitals, and with a dot behind its name.
func service(endpoint string) string {
	at, err := url.Parse(endpoint)
	if err != nil || at.Host == "" {
		return endpoint
	}
	port := at.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[strings.ToLower(at.Scheme)]
	}
	return net.JoinHostPort(strings.TrimSuffix(strings.ToLower(at.Hostname()), "."), port)
}

// overlap tells whether one prefix is that of the other, or above it. Without a prefix
// a destination has all of its bucket.
func overlap(a, b string) bool {
	if a == "" || b == "" {
		return true
	}
	return strings.HasPrefix(a+"/", b+"/") || strings.HasPrefix(b+"/", a+"/")
}
