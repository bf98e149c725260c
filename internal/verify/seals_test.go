package verify_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// TestWhatSealsVouchFor: what is wrong with a seal or with export.json is found, and bags
// are not read.
func TestWhatSealsVouchFor(t *testing.T) {
	signer := specimen.NewSigner(t)
	whole := specimen.New(t, signer)
	tests := []struct {
		name   string
		attack func(a *specimen.Archive)
		at     string
	}{
		{"nothing", func(*specimen.Archive) {}, ""},
		{"a recording of a bag", func(a *specimen.Archive) { a.Write("bags/"+specimen.Standard+"/data/index.csv", nil) }, ""},
		{"the list of artifacts", func(a *specimen.Archive) { a.Replace("seals/1/artifacts-sha256.txt", "000002", "000009") }, "seals/1/artifacts-sha256.txt"},
		{"the digests of bags", func(a *specimen.Archive) { a.Write("seals/2/bags-sha256.txt", nil) }, "seals/2/bags-sha256.txt"},
		{"a signature", func(a *specimen.Archive) { a.Remove("seals/2/manifest-sha256.txt.sig") }, "seals/2/manifest-sha256.txt.sig"},
		{"a seal", func(a *specimen.Archive) { a.Remove("seals/1") }, "seals/1"},
		{"the record", func(a *specimen.Archive) { a.Replace("export.json", `"legal"`, `"audit"`) }, "export.json"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := whole.Copy(t)
			tt.attack(a)
			key, err := verify.ParseKey(whole.Read("seals/1/signer.pub"))
			if err != nil {
				t.Fatal(err)
			}
			vouched, err := verify.Seals(t.Context(), os.DirFS(a.Root), verify.Options{
				Keys: []verify.Key{key}, Running: true, Making: 3, Namespace: "legal", Name: "case-1",
			})
			if err != nil {
				t.Fatal(err)
			}
			if tt.at != "" {
				if !strings.Contains(places(vouched.Findings), tt.at) {
					t.Errorf("%v, want one at %s", vouched.Findings, tt.at)
				}
				return
			}
			if len(vouched.Findings) > 0 || vouched.Unlisted > 0 || len(vouched.Seals) != 2 || len(vouched.Artifacts) != 4 {
				t.Errorf("%+v", vouched)
			}
			if vouched.Signers[0] != key.ID || vouched.Signers[1] != key.ID || vouched.Bags[specimen.Standard] == "" || vouched.Record.Name != "case-1" {
				t.Errorf("%+v", vouched)
			}
		})
	}
}

// TestSealsThatAreHiddenFromWhoContinues: whoever continues from seals, or finds none, is told
// of one that a bucket hides, and of versions that cannot be listed.
func TestSealsThatAreHiddenFromWhoContinues(t *testing.T) {
	a := specimen.New(t, nil)
	tests := map[string]struct {
		hidden []version
		err    error
		found  bool
	}{
		"nothing":          {},
		"deleted":          {hidden: []version{{"3/manifest-sha256.txt", true, true}}, found: true},
		"not locked":       {hidden: []version{{"3/manifest-sha256.txt", true, false}}},
		"not to be listed": {err: errors.New("s3:ListBucketVersions is missing")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			fsys := bucket{os.DirFS(a.Root).(fullFS), tt.hidden, tt.err}
			vouched, err := verify.Seals(t.Context(), fsys, verify.Options{Running: true, Making: 3})
			if (err != nil) != (tt.err != nil) || tt.found != strings.Contains(places(vouched.Findings), "seals/3/manifest-sha256.txt") {
				t.Errorf("%v, %v", vouched.Findings, err)
			}
			findings, err := verify.HiddenSeals(t.Context(), fsys)
			if (err != nil) != (tt.err != nil) || tt.found != (len(findings) == 1) {
				t.Errorf("%v, %v", findings, err)
			}
		})
	}
}

// TestWhatHidesFindingsIsTold: something that cannot be read, wherever it is, and that there
// are more findings than are listed.
func TestWhatHidesFindingsIsTold(t *testing.T) {
	a := specimen.New(t, nil).Copy(t)
	for n := range 1001 {
		if err := os.Symlink("x", filepath.Join(a.Root, fmt.Sprintf("l%d", n))); err != nil {
			t.Fatal(err)
		}
	}
	vouched, err := verify.Seals(t.Context(), os.DirFS(a.Root), verify.Options{Running: true, Making: 3})
	if err != nil || vouched.More == 0 {
		t.Errorf("more %d, %v", vouched.More, err)
	}
	vouched, err = verify.Seals(t.Context(), unlistable{os.DirFS(a.Root).(fullFS)}, verify.Options{Running: true, Making: 3})
	if err != nil || !slices.ContainsFunc(vouched.Findings, func(f verify.Finding) bool { return f.Kind == verify.Unreadable && f.Path == "bags" }) {
		t.Errorf("%v, %v", vouched.Findings, err)
	}
}

// unlistable is an archive whose bags cannot be listed.
type unlistable struct{ fullFS }

func (u unlistable) Open(name string) (fs.File, error) {
	if name == "bags" {
		return nil, fs.ErrPermission
	}
	return u.fullFS.Open(name)
}

func places(findings []verify.Finding) string {
	var all []string
	for _, f := range findings {
		all = append(all, f.Path)
	}
	return strings.Join(all, " ")
}
