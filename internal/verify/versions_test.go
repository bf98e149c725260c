package verify_test

import (
	"errors"
	"os"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// bucket is an archive in a store that keeps earlier versions.
type bucket struct {
	fullFS
	hidden []version
	err    error
}

type version struct {
	name            string
	deleted, locked bool
}

func (b bucket) Hidden(directory string, do func(name string, deleted bool, locked func() (bool, error)) error) error {
	for _, v := range b.hidden {
		if err := do(v.name, v.deleted, func() (bool, error) { return v.locked, nil }); err != nil || directory != "seals" {
			return err
		}
	}
	return b.err
}

// TestSealsHiddenInABucket: a seal that was deleted or stored again is found by the version
// that is locked; what is not locked, and what cannot be listed, is a note.
func TestSealsHiddenInABucket(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		bucket   bucket
		paths    []string
		unlocked int64
		unknown  string
	}{
		"nothing":            {},
		"deleted":            {bucket: bucket{hidden: []version{{"3/manifest-sha256.txt", true, true}}}, paths: []string{"seals/3/manifest-sha256.txt"}},
		"overwritten":        {bucket: bucket{hidden: []version{{"2/manifest-sha256.txt", false, true}}}, paths: []string{"seals/2/manifest-sha256.txt"}},
		"not locked":         {bucket: bucket{hidden: []version{{"2/manifest-sha256.txt", true, false}}}, unlocked: 1},
		"never a seal":       {bucket: bucket{hidden: []version{{"3/account.json", true, true}, {"x/manifest-sha256.txt", true, true}}}, unlocked: 2},
		"not to be listed":   {bucket: bucket{err: errors.New("s3:ListBucketVersions is missing")}, unknown: "s3:ListBucketVersions is missing"},
		"listed only partly": {bucket: bucket{hidden: []version{{"3/manifest-sha256.txt", true, true}}, err: errors.New("broke off")}, paths: []string{"seals/3/manifest-sha256.txt"}, unknown: "broke off"},
	}
	a := specimen.New(t, nil)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.bucket.fullFS = os.DirFS(a.Root).(fullFS)
			report, err := verify.Archive(t.Context(), tt.bucket, verify.Options{})
			if err != nil || len(report.Findings) != len(tt.paths) || report.UnlockedVersions != tt.unlocked || report.VersionsNotListed != tt.unknown {
				t.Fatalf("%+v, %v", report, err)
			}
			for i, f := range report.Findings {
				if f.Kind != verify.Hidden || f.Path != tt.paths[i] {
					t.Errorf("found %v, want %s", f, tt.paths[i])
				}
			}
		})
	}
}
