package evidence

import (
	"strings"
	"testing"
)

// TestALocationHasOneForm: whatever the key, its location names it and nothing else does.
func TestALocationHasOneForm(t *testing.T) {
	tests := map[string]string{
		"org/year=2023/month=1/day=2/hour=3/conversation_id=c/r.opus": "s3://bucket-1/org/year=2023/month=1/day=2/hour=3/conversation_id=c/r.opus",
		"a b/100%/ä\n?#": "s3://bucket-1/a%20b/100%25/%C3%A4%0A%3F%23",
		"!$&'()*+,;=:@~": "s3://bucket-1/!$&'()*+,;=:@~",
	}
	for key, want := range tests {
		got := S3Location("bucket-1", key)
		bucket, parsed, err := ParseS3Location(got)
		if got != want || bucket != "bucket-1" || parsed != key || err != nil {
			t.Errorf("%q is at %q, want %q; parsed as %q, %q, %v", key, got, want, bucket, parsed, err)
		}
	}
}

func TestWhatIsNotALocation(t *testing.T) {
	for _, location := range []string{
		"", "s3://", "s3://bucket", "s3://bucket/", "s3://bucket/.", "https://bucket.s3.amazonaws.com/key", "S3://bucket/key", "s3:///key",
		"s3://bucket//key", "s3://bucket/key/", "s3://bucket/a/../b", "s3://bucket/%2e%2e/b", "s3://bucket/%6bey", "s3://bucket/%c3%a4",
		"s3://bucket/a b", "s3://bucket/a%", "s3://bucket/key?versionId=1", "s3://bucket/key#1", "s3://user@bucket/key", "s3://bucket:80/key",
		"s3://BUCKET/key", "s3://b/key", "s3://bucket/" + strings.Repeat("k", longestKey+1), "s3://bucket/key\n",
	} {
		if bucket, key, err := ParseS3Location(location); err == nil {
			t.Errorf("%q is %q in %q", location, key, bucket)
		}
	}
}
