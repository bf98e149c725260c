package exportdestination

import (
	"net"
	"net/url"
	"strings"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// sharedField names the field of a destination with the place in S3 that a destination of
// another namespace names, too.
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

// service is an endpoint in a form that can be compared: the same service can be written
// with and without its port, in capitals, and with a dot behind its name.
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

// overlap reports whether two prefixes are the same, or one is above the other. A
// destination without a prefix has all of its bucket.
func overlap(a, b string) bool {
	if a == "" || b == "" {
		return true
	}
	return strings.HasPrefix(a+"/", b+"/") || strings.HasPrefix(b+"/", a+"/")
}
