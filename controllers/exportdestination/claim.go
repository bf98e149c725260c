package exportdestination

import (
	"context"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// claims are the places in S3 that destinations have, as far as this process gave them to
// them: their statuses may not show it yet. The zero value is ready for use.
type claims struct {
	mu     sync.Mutex
	byName map[types.NamespacedName]types.UID
}

// drop drops the claim of a destination that was deleted.
func (c *claims) drop(name types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byName, name)
}

// has reports whether a destination has its place in S3: once it could be written there,
// until it is deleted. If it cannot write for a while, for example because a Secret is
// replaced, it keeps its place. c.mu is locked.
func (c *claims) has(d *v1alpha1.ExportDestination) bool {
	known := d.Status.ClaimTime != nil || conditions.IsReady(d) || c.byName[client.ObjectKeyFromObject(d)] == d.UID && d.UID != ""
	return known && d.DeletionTimestamp.IsZero()
}

// claim is the step that ensures that destinations of two namespaces never have the same
// place in S3. Whoever can write to a workBucket can remove the artifacts of other exports
// there, and evidence below a prefix belongs to one namespace.
type claim struct {
	objects client.Reader
	claims  *claims
	clock   clock.PassiveClock
	retry   time.Duration
}

// checkUnclaimed is satisfied unless a destination of another namespace has the same
// place in S3.
func (c claim) checkUnclaimed(ctx context.Context, destination *v1alpha1.ExportDestination) (outcome.Outcome, error) {
	if destination.Spec.S3 == nil {
		return outcome.Done(), nil
	}
	c.claims.mu.Lock()
	defer c.claims.mu.Unlock()
	return c.decide(ctx, destination)
}

// takePlace gives a destination that can be written its place in S3, unless another one
// has taken it meanwhile. Two destinations that are evaluated together are decided one
// after the other.
func (c claim) takePlace(ctx context.Context, destination *v1alpha1.ExportDestination) (outcome.Outcome, error) {
	if destination.Spec.S3 == nil {
		return outcome.Done(), nil
	}
	c.claims.mu.Lock()
	defer c.claims.mu.Unlock()
	out, err := c.decide(ctx, destination)
	if err != nil || !out.IsDone() {
		return out, err
	}
	if c.claims.byName == nil {
		c.claims.byName = map[types.NamespacedName]types.UID{}
	}
	c.claims.byName[client.ObjectKeyFromObject(destination)] = destination.UID
	if destination.Status.ClaimTime == nil {
		destination.Status.ClaimTime = &metav1.Time{Time: c.clock.Now().Truncate(time.Second)}
	}
	return outcome.Done(), nil
}

// decide reports whether a destination may have its place in S3. A destination that has it
// keeps it; if two have it, as after an upgrade, the one that was created first keeps it.
// A destination that could never be written has no place, so that nobody can keep others
// out of a bucket by naming it: others wait for one that was created earlier only until
// that has been evaluated once. claims.mu is locked.
func (c claim) decide(ctx context.Context, destination *v1alpha1.ExportDestination) (outcome.Outcome, error) {
	var list v1alpha1.ExportDestinationList
	if err := c.objects.List(ctx, &list); err != nil {
		return outcome.Outcome{}, fmt.Errorf("list destinations: %w", err)
	}
	out, hasPlace := outcome.Done(), c.claims.has(destination)
	for i := range list.Items {
		other := &list.Items[i]
		field, isShared := sharedField(destination, other)
		if !isShared || !other.DeletionTimestamp.IsZero() {
			continue
		}
		switch isFirst := isEarlier(other, destination); {
		case c.claims.has(other) && (!hasPlace || isFirst):
			return outcome.Stall(v1alpha1.ReasonBucketShared, fmt.Sprintf(
				"name another bucket in spec.s3.%s of a new ExportDestination: a destination of another namespace has it already (two namespaces never share a workBucket, or a place in a bucket)", field), c.retry), nil
		case !hasPlace && isFirst && !isEvaluated(other):
			out = outcome.Wait(v1alpha1.ReasonPending, fmt.Sprintf(
				"waiting until the operator has checked a destination of another namespace, which was created first and has the same bucket as spec.s3.%s", field), c.retry)
		}
	}
	return out, nil
}

// isEvaluated reports whether a destination has been evaluated.
func isEvaluated(d *v1alpha1.ExportDestination) bool { return d.Status.ObservedGeneration > 0 }

// isEarlier reports whether a was created before b; UIDs decide if both were created in the same second.
func isEarlier(a, b *v1alpha1.ExportDestination) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.UID < b.UID
}
