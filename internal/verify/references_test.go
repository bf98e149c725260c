package verify_test

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// key11 is where the first file of recording 11 is.
func key11() string { return specimen.Key(specimen.ID(1), specimen.ID(11), 1) }

// TestFilesOutsideTheArchiveAreRead: with access to the bucket all of them are, and without it
// each is a finding.
func TestFilesOutsideTheArchiveAreRead(t *testing.T) {
	t.Parallel()
	signer := specimen.NewSigner(t)
	a := specimen.NewReferring(t, signer)
	r := archive(t, a, verify.Options{Keys: []verify.Key{key(t, signer)}, OpenReferenced: a.OpenReferenced})
	for _, f := range r.Findings {
		t.Error(f)
	}
	if r.Referenced != 3 || r.ReferencedFiles != 6 || r.Unchecked != 0 || !slices.Equal(r.Buckets, []string{specimen.Bucket}) || r.Exported != 10 {
		t.Errorf("report %+v", r)
	}
	meter := &verify.Meter{}
	without := archive(t, a, verify.Options{Meter: meter})
	if len(without.Findings) != 6 || !without.OnlyUnreadable() || without.Unchecked != 6 || r.Files-without.Files != 6 {
		t.Errorf("report %+v", without)
	}
	for _, f := range without.Findings {
		if !strings.HasSuffix(f.Path, "/fetch.txt") || !strings.Contains(f.Says, "s3://"+specimen.Bucket+"/") || !strings.Contains(f.Says, "was not read") {
			t.Errorf("finding %s", f)
		}
	}
	if expected, read := meter.Expected.Load(), meter.Bytes.Load(); expected > read {
		t.Errorf("%d bytes were expected, %d read", expected, read)
	}
}

// TestWhatTheBucketContains is compared with the manifest.
func TestWhatTheBucketContains(t *testing.T) {
	t.Parallel()
	refuse := func(context.Context, string) (io.ReadCloser, error) { return nil, errors.New("access denied") }
	tests := map[string]struct {
		do         func(a *specimen.Archive) error
		kind       verify.Kind
		path, says string
	}{
		"gone": {func(a *specimen.Archive) error { return os.Remove(a.Object(key11())) }, verify.Missing, "/01.wav", "but nothing is there"},
		"changed": {func(a *specimen.Archive) error { return os.WriteFile(a.Object(key11()), []byte("another"), 0o600) }, verify.Altered, "/01.wav",
			"its 7 bytes have"},
		"changed, and says where": {func(a *specimen.Archive) error { return os.WriteFile(a.Object(key11()), nil, 0o600) }, verify.Altered, "/01.wav",
			"it is outside the archive, at s3://" + specimen.Bucket + "/" + key11()},
		"longer":     {func(a *specimen.Archive) error { return os.Truncate(a.Object(key11()), 1<<20) }, verify.Altered, "/01.wav", "was changed"},
		"not for us": {nil, verify.Unreadable, "bags/" + specimen.Standard + "/fetch.txt", "cannot be read: access denied"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := specimen.NewReferring(t, nil)
			options := verify.Options{OpenReferenced: a.OpenReferenced}
			if tt.do == nil {
				options.OpenReferenced = refuse
			} else if err := tt.do(a); err != nil {
				t.Fatal(err)
			}
			r := archive(t, a, options)
			if !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool {
				return f.Kind == tt.kind && strings.HasSuffix(f.Path, tt.path) && strings.Contains(f.Says, tt.says)
			}) || r.OnlyUnreadable() != (tt.do == nil) || tt.do != nil && len(r.Findings) > 4 {
				t.Errorf("findings %+v", r.Findings)
			}
		})
	}
}
