package recordingexport

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
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
			got := ownerHistory{cluster: "here", begunBy: tt.begun, log: tt.log}.withoutOwnLines()
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

// TestOnlyWhatNoSealHoldsIsDiscarded: bags that no seal lists, and whatever is below seals/ and
// is not one of the seals that are whole. Bags and seals that are listed stay.
func TestOnlyWhatNoSealHoldsIsDiscarded(t *testing.T) {
	for name, tt := range map[string]struct {
		files []string
		seals []string
		bags  map[string]string
		want  []string
	}{
		"nothing is there":           {nil, nil, nil, nil},
		"no seal":                    {[]string{"bags/a", "bags/b", "seals/1"}, nil, nil, []string{"bags/a", "bags/b", "seals/1"}},
		"all is sealed":              {[]string{"bags/a", "bags/b", "seals/1"}, []string{"d"}, map[string]string{"a": "d", "b": "d"}, nil},
		"a bag in no seal":           {[]string{"bags/a", "bags/b", "bags/a.b", "seals/1"}, []string{"d"}, map[string]string{"a": "d"}, []string{"bags/a.b", "bags/b"}},
		"a seal after the last":      {[]string{"bags/a", "seals/1", "seals/2", "seals/3", "seals/10"}, []string{"d", "d"}, map[string]string{"a": "d"}, []string{"seals/10", "seals/3"}},
		"names that are not numbers": {[]string{"seals/1", "seals/x", "seals/0", "seals/-1", "seals/1.tmp"}, []string{"d"}, nil, []string{"seals/-1", "seals/0", "seals/1.tmp", "seals/x"}},
		"what cannot be discarded":   {[]string{"bags/a b", "bags/c", "seals/1"}, []string{"d"}, nil, []string{"bags/c"}},
	} {
		t.Run(name, func(t *testing.T) {
			store := &planStore{MapFS: fstest.MapFS{}}
			for _, folder := range tt.files {
				store.MapFS[folder+"/file"] = &fstest.MapFile{}
			}
			w := &rekeyWork{recorder: recorder{processA, store}}
			got, err := w.unsealed(t.Context(), verify.SealedDigests{Seals: tt.seals, Bags: tt.bags})
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("discarded are %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// TestTheStatusIsClearedBeforeTheArchiveIsTouched: what it counts comes from a plan that is not
// believed any more. Only once the status that is stored says nothing of it, and no batch is
// left, does the pool begin. What a person, or the last seal, is known by stays.
func TestTheStatusIsClearedBeforeTheArchiveIsTouched(t *testing.T) {
	counted := v1alpha1.RecordingExportStatus{
		ArtifactKey: "0123456789abcdef", Archive: "legal/evidence/case-1", Seal: &v1alpha1.SealStatus{Number: 1, Digest: "d"}, LastRetryRequest: "r",
		CompletionTime: &metav1.Time{Time: first}, Lanes: []v1alpha1.LaneStatus{{Lane: v1alpha1.LaneStandard, CompletedOrdinals: "0"}},
		Batches: v1alpha1.BatchCounts{Planned: 2, Completed: 1}, Survey: v1alpha1.SurveyStatus{Days: 1}, Gaps: 1, Progress: "1/2",
		Recordings: v1alpha1.RecordingCounts{Total: 2}, Isolated: v1alpha1.IsolatedStatus{Items: 1},
	}
	cleared := v1alpha1.RecordingExportStatus{ArtifactKey: counted.ArtifactKey, Archive: counted.Archive, Seal: counted.Seal, LastRetryRequest: "r"}
	only := func(change func(*v1alpha1.RecordingExportStatus)) v1alpha1.RecordingExportStatus {
		status := *cleared.DeepCopy()
		change(&status)
		return status
	}
	for name, tt := range map[string]struct {
		stored  v1alpha1.RecordingExportStatus
		batches int32
		begins  bool
	}{
		"all is counted":         {counted, 2, false},
		"batches are left":       {cleared, 1, false},
		"lanes are stored":       {only(func(s *v1alpha1.RecordingExportStatus) { s.Lanes = counted.Lanes }), 0, false},
		"the export is finished": {only(func(s *v1alpha1.RecordingExportStatus) { s.CompletionTime = counted.CompletionTime }), 0, false},
		"batches are counted":    {only(func(s *v1alpha1.RecordingExportStatus) { s.Batches = counted.Batches }), 0, false},
		"all is cleared":         {cleared, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := claimedFor(wholeExport(), newStore(t))
			s.export.Annotations = map[string]string{v1alpha1.AnnotationContinueWithoutKey: counted.ArtifactKey}
			s.before, s.export.Status = tt.stored, *tt.stored.DeepCopy()
			var objects []client.Object
			for ordinal := range tt.batches {
				objects = append(objects, batchOf(t, s.export, ordinal))
			}
			pool, existing := stoppedPool(t), existingBatches{newAPI(t, objects...)}
			r := &rekeying{
				process: processA, pool: pool, batches: existing, plans: &planLogs{}, retry: time.Minute, tool: func() evidence.Tool { return evidence.Tool{} },
			}
			log := r.plans.logOf(s.export, window(0, day))
			mine, err := evidence.NewExportRecord(s.export.Namespace, s.export.Name, "a", id(7), exportspec.EvidenceSpec(s.export.Spec), first)
			if err != nil {
				t.Fatal(err)
			}
			put(t, planner{recorder: recorder{processA, s.store}}, evidence.RecordPath, mine)
			unknown := &authentic.UnknownKeyError{ID: counted.ArtifactKey, Own: "fedcba9876543210"}
			out, err := r.rekey(t.Context(), s, archiveClaims{mine: mine, endless: mine, cluster: "a"}, unknown)
			if err != nil || out.State != outcome.Waiting || out.Reason != v1alpha1.ReasonContinuingWithoutKey {
				t.Fatalf("%v, %v", out, err)
			}
			if pool.isBusy(s.name()) != tt.begins {
				t.Errorf("the archive is continued: %t, want %t", pool.isBusy(s.name()), tt.begins)
			}
			if diff := cmp.Diff(cleared, s.export.Status); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
			if left, err := existing.list(t.Context(), s.export); err != nil || len(left) != 0 {
				t.Errorf("%d batches are left, %v", len(left), err)
			}
			if r.plans.logOf(s.export, window(0, day)) == log {
				t.Error("the plan is still believed")
			}
		})
	}
}
