package verify_test

import (
	"os"
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

func places(findings []verify.Finding) string {
	var all []string
	for _, f := range findings {
		all = append(all, f.Path)
	}
	return strings.Join(all, " ")
}
