package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"regexp"
	"strings"
)

// s3Scheme begins the location of an object. The AWS command line and most other tools for S3
// take such a URL.
const s3Scheme = "s3://"

// longestKey is the length of the longest key of S3, in bytes.
const longestKey = 1024

// bucketName is what a bucket of S3 may be called.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// errLocation is the error for a text that is not the location of an object.
var errLocation = errors.New("not of the form s3://bucket/key")

// S3Location returns the location of an object: a URL in which everything is escaped that a
// path of a URL must not contain (RFC 3986, section 3.3), and nothing else.
func S3Location(bucket, key string) string {
	var escaped strings.Builder
	for i := range len(key) {
		if isPathByte(key[i]) {
			escaped.WriteByte(key[i])
		} else {
			fmt.Fprintf(&escaped, "%%%02X", key[i])
		}
	}
	return s3Scheme + bucket + "/" + escaped.String()
}

// isPathByte reports whether a path of a URL contains a byte as it is.
func isPathByte(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		return true
	default:
		return strings.IndexByte("-._~!$&'()*+,;=:@/", b) >= 0
	}
}

// ParseS3Location returns the bucket and the key of a location. A location has one form: any
// other text is an error, even if it means the same. The key is a clean path.
func ParseS3Location(location string) (bucket, key string, err error) {
	rest, isS3 := strings.CutPrefix(location, s3Scheme)
	bucket, escaped, _ := strings.Cut(rest, "/")
	key, err = url.PathUnescape(escaped)
	isKey := err == nil && fs.ValidPath(key) && key != "." && len(key) <= longestKey
	if !isS3 || !isKey || !bucketName.MatchString(bucket) || S3Location(bucket, key) != location {
		return "", "", fmt.Errorf("%q is %w", Printable(location, longestKey), errLocation)
	}
	return bucket, key, nil
}
