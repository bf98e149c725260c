package recordingexport

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/verify"
)

func TestEntriesThatNoSealHoldsAreVoided(t *testing.T) {
	for listed, want := range map[string][]int{
		"": nil, "0 1 2": nil, "0 2 3": {1}, "2": {0, 1}, "0 3 5": {1, 2, 4},
	} {
		digests := map[string]string{artifacts.SurveyKey(0, first): "digest", artifacts.OwnerKey(1): "digest"}
		for number := range strings.FieldsSeq(listed) {
			digests[artifacts.EntryKey(int(number[0]-'0'))] = "digest"
		}
		if got := voided(digests); !slices.Equal(got, want) {
			t.Errorf("seals list %q: voided %v, want %v", listed, got, want)
		}
	}
}

// TestArchivesThatCannotBeContinued without their key say what helps.
func TestArchivesThatCannotBeContinued(t *testing.T) {
	tests := []struct {
		name    string
		vouched verify.SealedDigests
		reason  string
		says    string
	}{
		{"all is well", verify.SealedDigests{Signers: []string{"k", "k"}}, "", ""},
		{"a seal without a signature", verify.SealedDigests{Signers: []string{"k", ""}}, v1alpha1.ReasonArtifactKeyUnknown, "seal 2 is signed with no key"},
		{"another key", verify.SealedDigests{Signers: []string{"other\n", "k"}}, v1alpha1.ReasonArtifactKeyUnknown, "seal 1 is signed with the key other"},
		{"an earlier version", verify.SealedDigests{Signers: []string{"k", "k"}, Unlisted: 1}, v1alpha1.ReasonArtifactKeyUnknown, "seal 1 was made by a version"},
		{"no seal is whole", verify.SealedDigests{}, v1alpha1.ReasonArtifactKeyUnknown, "no seal is whole"},
		{"more findings than are listed", verify.SealedDigests{Signers: []string{"k"}, More: 1}, v1alpha1.ReasonArchiveCorrupt, "more findings"},
		{"something cannot be read", verify.SealedDigests{Signers: []string{"k"}, Findings: []verify.Finding{{Kind: verify.Unreadable, Path: "bags", Says: "cannot be listed"}}},
			v1alpha1.ReasonInternalError, "bags cannot be listed"},
		{"a finding", verify.SealedDigests{Signers: []string{"k"}, Unlisted: 1, Findings: []verify.Finding{{Path: "seals/1/bags.csv", Says: "was changed"}}},
			v1alpha1.ReasonArchiveCorrupt, "seals/1/bags.csv was changed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := refuse(tt.vouched, "k")
			if tt.reason == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if out := outcome.Of(err, time.Second); out.State == outcome.Satisfied || out.Reason != tt.reason || !strings.Contains(out.Message, tt.says) {
				t.Errorf("%+v", out)
			}
		})
	}
}

// TestOwnLinesAreNotBelieved: whoever can write to the archive can write that this cluster
// has taken it over.
func TestOwnLinesAreNotBelieved(t *testing.T) {
	line := func(cluster, former string) artifacts.Owner {
		return artifacts.Owner{ClusterID: cluster, Former: former}
	}
	tests := []struct {
		name  string
		begun string
		log   []artifacts.Owner
		mine  bool
		token string
	}{
		{"this cluster began it", "here", nil, true, "here"},
		{"another began it", "there", nil, false, "there"},
		{"and this one has taken it over, it says", "there", []artifacts.Owner{line("here", "there")}, false, "there"},
		{"a third has it", "here", []artifacts.Owner{line("third", "here")}, false, "third"},
		{"this one has it from the third, it says", "here", []artifacts.Owner{line("third", "here"), line("here", "third"), line("here", "third")}, false, "third"},
		{"only this one is named", "here", []artifacts.Owner{line("here", "there")}, true, "here"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ownership{cluster: "here", begunBy: tt.begun, log: tt.log}.withoutOwnLines()
			if got.isOurs() != tt.mine || got.token() != tt.token {
				t.Errorf("mine %t, token %s", got.isOurs(), got.token())
			}
			if slices.Contains(got.others(), "here") || len(got.others()) == 0 != tt.mine {
				t.Errorf("others %v", got.others())
			}
		})
	}
}

// TestWhatHelpsIfTheKeyIsUnknown: the command names the key, unless somebody has written
// something else in its place.
func TestWhatHelpsIfTheKeyIsUnknown(t *testing.T) {
	export := newExport()
	unknown := &authentic.UnknownKeyError{Artifact: ".work/record.json", ID: "0123456789abcdef", Own: "fedcba9876543210"}
	const command = v1alpha1.AnnotationContinueWithoutKey + "=0123456789abcdef"
	if says := keyUnknown(export, unknown); !strings.Contains(says, command) || strings.Contains(says, "--overwrite") {
		t.Error(says)
	}
	export.Annotations = map[string]string{v1alpha1.AnnotationContinueWithoutKey: "another"}
	if says := keyUnknown(export, unknown); !strings.Contains(says, "--overwrite "+command) {
		t.Error(says)
	}
	unknown.ID = "unreadable"
	if says := keyUnknown(export, unknown); strings.Contains(says, "annotate") || !strings.Contains(says, "restore the Secret") {
		t.Error(says)
	}
}
