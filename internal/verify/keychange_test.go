package verify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// TestKeysOfBagsAreChecked: a bag that another key signed than the seal that lists it is
// found, unless the account says so, and so is an account that says so of no bag.
func TestKeysOfBagsAreChecked(t *testing.T) {
	t.Parallel()
	old, other := specimen.NewSigner(t), specimen.NewSigner(t)
	tests := map[string]struct {
		bag  bool   // another key signs a bag
		keys string // that the account names
		path string // of what is found, empty if nothing is
	}{
		"not told":                {bag: true, path: "bags/" + specimen.Standard + "/custody/signer.pub"},
		"told":                    {bag: true, keys: other.ID()},
		"told which is in no bag": {keys: other.ID(), path: "seals/1/account.json"},
		"nothing to tell":         {},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := specimen.New(t, old)
			if tt.bag {
				a.Replace("bags/"+specimen.Standard+"/bag-info.txt", old.ID(), other.ID())
				a.Signer = other
				before := specimen.Sum(a.Read("bags/" + specimen.Standard + "/tagmanifest-sha256.txt"))
				a.Rebag(specimen.Standard)
				after := specimen.Sum(a.Read("bags/" + specimen.Standard + "/tagmanifest-sha256.txt"))
				a.Replace("seals/1/bags.csv", before, after)
				a.Replace("seals/1/bags-sha256.txt", before, after)
				a.Signer = old
			}
			if tt.keys != "" {
				named := `"signingKey": "` + old.ID() + `",`
				a.Replace("seals/1/account.json", named, named+fmt.Sprintf("\n  \"bagKeys\": [\n    %q\n  ],", tt.keys))
			}
			a.Retell(1)
			a.ForgeSeal(1)
			a.Retell(2)
			a.ForgeSeal(2)
			findings := archive(t, a, verify.Options{}).Findings
			switch {
			case tt.path == "" && len(findings) > 0:
				t.Errorf("found %v", findings)
			case tt.path != "" && (len(findings) != 1 || findings[0].Kind != verify.KeyChanged || findings[0].Path != tt.path):
				t.Errorf("found %v, want one at %s", findings, tt.path)
			}
		})
	}
}

// TestKeyChangesAreChecked: whoever signs a later seal with another key, even one that
// is trusted as well, has to say so in its account, and nobody can report a change
// that was none.
func TestKeyChangesAreChecked(t *testing.T) {
	t.Parallel()
	old, other := specimen.NewSigner(t), specimen.NewSigner(t)
	row := func(from, to string) string {
		return fmt.Sprintf("\n  \"keyChange\": {\n    \"from\": %q,\n    \"to\": %q,\n    \"noticedAt\": \"2023-10-04T00:00:00Z\"\n  },", from, to)
	}
	tests := map[string]struct {
		seal   int
		signer *specimen.Signer
		row    string
		says   string // empty if nothing is wrong with the key
	}{
		"told":                     {2, other, row(old.ID(), other.ID()), ""},
		"not told":                 {2, other, "", "does not state that the key changed"},
		"told of another key":      {2, other, row(other.ID(), old.ID()), "it changed from " + old.ID() + " to " + other.ID()},
		"told without a change":    {2, old, row(other.ID(), old.ID()), "the previous seal is not signed with another key"},
		"told before there is any": {1, old, row(other.ID(), old.ID()), "the previous seal is not signed with another key"},
		"nothing to tell":          {2, old, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := specimen.New(t, old)
			file, named := fmt.Sprintf("seals/%d/account.json", tt.seal), `"signingKey": "`+old.ID()+`",`
			row := tt.row
			if tt.signer != old { // its bags were signed before
				row += fmt.Sprintf("\n  \"bagKeys\": [\n    %q\n  ],", old.ID())
			}
			a.Replace(file, named, strings.Replace(named, old.ID(), tt.signer.ID(), 1)+row)
			a.Signer = tt.signer
			a.ForgeSeal(tt.seal)
			var trusted []verify.Key
			for _, signer := range []*specimen.Signer{old, other} {
				key, err := verify.ParseKey(signer.Public())
				if err != nil {
					t.Fatal(err)
				}
				trusted = append(trusted, key)
			}
			findings := archive(t, a, verify.Options{Keys: trusted}).Findings
			findings = slices.DeleteFunc(findings, func(f verify.Finding) bool { return f.Kind != verify.KeyChanged })
			switch {
			case tt.says == "" && len(findings) > 0:
				t.Errorf("found %v", findings)
			case tt.says != "" && (len(findings) != 1 || findings[0].Path != file || !strings.Contains(findings[0].Says, tt.says)):
				t.Errorf("found %v, want %q", findings, tt.says)
			}
		})
	}
}
