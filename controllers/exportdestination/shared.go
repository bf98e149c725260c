package exportdestination

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// alone is satisfied unless a destination of another namespace has the same place in
// S3. Whoever can write to a workBucket can remove what other exports have noted there,
// and what is stored below a prefix is the business of one namespace. Of two
// destinations the one that was created first stays; one that cannot use its buckets
// claims nothing, so that nobody can keep others out of a bucket by naming it.
func (r *Reconciler) alone(ctx context.Context, destination *v1alpha1.ExportDestination) (outcome.Outcome, error) {
	if destination.Spec.S3 == nil {
		return outcome.Done(), nil
	}
	var list v1alpha1.ExportDestinationList
	if err := r.Client.List(ctx, &list); err != nil {
		return outcome.Outcome{}, fmt.Errorf("list destinations: %w", err)
	}
	for i := range list.Items {
		other := &list.Items[i]
		field, isShared := sharedField(destination, other)
		if isShared && claims(other) && isEarlier(other, destination) {
			return outcome.Stall(v1alpha1.ReasonBucketShared, fmt.Sprintf(
				"name another bucket in spec.s3.%s of a new ExportDestination: a destination of another namespace has it already (two namespaces never share a workBucket, or a place in a bucket)", field), r.Pace.Again), nil
		}
	}
	return outcome.Done(), nil
}

// claims tells whether a destination has been looked at, and can use its buckets.
func claims(d *v1alpha1.ExportDestination) bool {
	return d.DeletionTimestamp.IsZero() && d.Status.ObservedGeneration > 0 && !conditions.IsStalled(d)
}

// isEarlier tells whether a was created before b; names decide between two of a second.
func isEarlier(a, b *v1alpha1.ExportDestination) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Namespace+"/"+a.Name < b.Namespace+"/"+b.Name
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
