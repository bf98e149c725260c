package artifacts

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/world"
)

// TestContinuingWithoutTheArtifactKey: what is sealed stays, what was planted since is not
// believed, and what was missing is retried. Nothing is touched before a person says so.
func TestContinuingWithoutTheArtifactKey(t *testing.T) {
	s := newScene(t)
	missing := s.call()
	s.Sim.InjectFault(simulator.Fault{RecordingID: missing.ID, ResultError: "recording.recording.not.found"})
	export := s.Export(nil)
	s.Create(export)
	stop := s.Start()
	s.Await(export, v1alpha1.ReasonCompleteWithGaps)
	stop()
	s.Sim.ClearFaults()
	planted := []string{work("survey/2023-10-01/9.json"), work("plan/%06d.json", len(s.match(work("plan/*.json")))), work("batches/x/inventory.json"), "bags/x/bagit.txt"}
	for _, key := range planted {
		s.plant(key, s.read(work("survey/2023-10-01/0.json")))
	}
	s.ReplaceArtifactKey()
	s.retry(export)
	before := s.digests()

	s.lacksKey(export, "--overwrite", false)
	s.consent(export, "0123456789abcdef")
	s.lacksKey(export, "--overwrite", true)
	if diff := cmp.Diff(before, s.digests()); diff != "" {
		t.Errorf("something was changed before anybody consented (-want +got):\n%s", diff)
	}
	s.consent(export, s.unknownKey(export))
	s.Start()
	s.Await(export, v1alpha1.ReasonComplete)
	s.expectSeals(2)
	for _, key := range append(planted[:1:1], planted[2:]...) {
		if found := s.match(key); len(found) > 0 {
			t.Errorf("what was planted is still there: %v", found)
		}
	}
	if log := string(s.read("seals/2/events.jsonl")); strings.Count(log, `"type":"ArtifactKeyReplaced"`) != 1 {
		t.Errorf("the seal does not tell of the key: %s", log)
	}
	s.Refresh(export)
	if export.Status.Gaps != 0 || export.Status.Seal == nil || export.Status.Seal.Number != 2 {
		t.Errorf("status %+v", export.Status)
	}
	s.sound()
}

// TestContinuingWithoutTheArtifactKeyBeforeASeal: nothing vouches for anything, and the
// export begins again.
func TestContinuingWithoutTheArtifactKeyBeforeASeal(t *testing.T) {
	s := newScene(t)
	s.plant(work("rekeying/left.json"), nil)
	export := s.begun(simulator.RouteBatchSubmit, 5, func() bool { return s.inSealedBag() != "" })
	if left := s.match(work("rekeying/*")); len(left) > 0 {
		t.Errorf("copies are left: %v", left)
	}
	first := s.read("export.json")
	s.ReplaceArtifactKey()
	s.lacksKey(export, "continue-without-artifact-key", true)
	s.consent(export, s.unknownKey(export))
	s.Start()
	s.Await(export, v1alpha1.ReasonComplete)
	s.expectSeals(1)
	if string(first) == string(s.read("export.json")) {
		t.Error("the record of the archive was believed, though nothing vouched for it")
	}
	if log := string(s.read("seals/1/events.jsonl")); strings.Count(log, `"type":"ArtifactKeyReplaced"`) != 1 {
		t.Errorf("the seal does not tell of the key: %s", log)
	}
	if kept := s.match(work("discarded/export.json")); len(kept) != 1 {
		t.Error("what was discarded is not kept")
	}
	s.sound()
}

// TestAConsentIsGoodForOneKey: after an archive was continued, somebody puts back the record
// that names the lost key. The annotation that named it is still there, as in Git.
func TestAConsentIsGoodForOneKey(t *testing.T) {
	s := newScene(t)
	export := s.sealed()
	record := s.read(work("record.json"))
	s.ReplaceArtifactKey()
	s.retry(export)
	s.lacksKey(export, "continue-without-artifact-key", true)
	s.consent(export, s.unknownKey(export))
	stop := s.Start()
	s.Await(export, v1alpha1.ReasonComplete)
	stop()
	s.plant(work("record.json"), record)
	before := s.digests()
	s.Refresh(export)
	export.Annotations[v1alpha1.AnnotationRetry] = "2024-01-02T00:00:00Z"
	s.Update(export)
	s.Start()
	s.accuses(export, work("record.json"))
	if diff := cmp.Diff(before, s.digests()); diff != "" {
		t.Errorf("something was changed (-want +got):\n%s", diff)
	}
}

// TestContinuingAfterTheManifestOfTheSealWasTakenAway: a cluster that knows of no seal does
// not empty an archive in which a file of one is left.
func TestContinuingAfterTheManifestOfTheSealWasTakenAway(t *testing.T) {
	s := newScene(t)
	s.sealed()
	other, export := s.newCluster()
	if err := os.Remove(s.path("seals/1/manifest-sha256.txt")); err != nil {
		t.Fatal(err)
	}
	before := s.digests()
	other.lacksKey(export, "continue-without-artifact-key", true)
	other.consent(export, other.unknownKey(export))
	export.Annotations[v1alpha1.AnnotationTakeOver] = s.ClusterID()
	other.Update(export)
	other.lacksKey(export, "no seal is whole", true)
	if diff := cmp.Diff(before, s.digests()); diff != "" {
		t.Errorf("something was changed (-want +got):\n%s", diff)
	}
}

// TestPlantedOwners: somebody writes that this cluster has taken the archive over, or takes
// export.json away, and the person is still asked.
func TestPlantedOwners(t *testing.T) {
	for name, attack := range map[string]func(s *scene, here string){
		"a log of owners": func(s *scene, here string) {
			line := fmt.Sprintf("{\"clusterId\":%q,\"formerClusterId\":%q}", here, s.ClusterID())
			record := s.read(work("record.json"))
			s.plant(work("owners/000001.json"), append([]byte(line), record[bytes.LastIndex(record, []byte("\nrecording-export-operator")):]...))
		},
		"no export.json": func(s *scene, _ string) {
			if err := os.Remove(s.path("export.json")); err != nil {
				s.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.sealed()
			other, export := s.newCluster()
			attack(s, other.ClusterID())
			before := s.digests()
			other.lacksKey(export, "continue-without-artifact-key", true)
			other.consent(export, other.unknownKey(export))
			other.Start()
			other.Await(export, v1alpha1.ReasonArchiveOfAnotherCluster)
			if says := conditions.Message(export); !strings.Contains(says, v1alpha1.AnnotationTakeOver+"="+s.ClusterID()) {
				t.Errorf("it does not name the cluster that has the archive: %s", says)
			}
			if diff := cmp.Diff(before, s.digests()); diff != "" {
				t.Errorf("something was changed (-want +got):\n%s", diff)
			}
		})
	}
}

// TestContinuingADailyExportWithoutTheArtifactKey: a day that no seal contains is exported
// again, under the same names, between days that are sealed.
func TestContinuingADailyExportWithoutTheArtifactKey(t *testing.T) {
	const day = 24 * time.Hour
	start := yesterday()
	s := newScene(t, func(o *simulator.Options) { o.Start, o.Days, o.Conversations, o.SettleLag = start, 6, 20, 0 })
	s.Clock.Advance(start.AddDate(0, 0, 2).Add(12 * time.Hour).Sub(s.Clock.Now()))
	export := s.Export(func(spec *v1alpha1.RecordingExportSpec) {
		spec.Window = v1alpha1.ExportWindow{Start: metav1.NewTime(start)}
		spec.SettleAfter = &metav1.Duration{}
	})
	s.Create(export)
	stop := s.Start()
	s.Await(export, v1alpha1.ReasonCaughtUp)
	stop()
	sealed := len(s.match("seals/*/manifest-sha256.txt"))
	s.Sim.InjectFault(simulator.Fault{Route: simulator.RouteBatchSubmit, Status: 503, Nth: 1})
	s.Clock.Advance(day)
	stop = s.Start()
	testenv.Eventually(t, "another day is being exported", func() bool {
		return len(s.match(work("batches/*/inventory.json"))) > len(s.match("bags/*/bagit.txt"))
	})
	stop()
	unsealed := s.match(work("batches/*/inventory.json"))
	s.Sim.ClearFaults()
	s.ReplaceArtifactKey()
	s.lacksKey(export, "continue-without-artifact-key", true)
	s.consent(export, s.unknownKey(export))
	s.Start()
	testenv.Eventually(t, "the day is sealed", func() bool { return len(s.match("seals/*/manifest-sha256.txt")) > sealed })
	s.Await(export, v1alpha1.ReasonCaughtUp)
	for _, inventory := range unsealed {
		if bag := "bags/" + path.Base(path.Dir(inventory)) + "/bagit.txt"; len(s.match(bag)) == 0 {
			t.Errorf("no bag has the name that it had before: %s", bag)
		}
	}
	s.sound()
}

// yesterday is when it began. Two and a half days after that lie ahead of the clock, however
// long a scene takes.
func yesterday() time.Time { return time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1) }

// TestContinuingBetweenSealedDays: a day was surveyed before a day that is sealed was
// closed, and is in no seal. Its place in the plan is voided, and it is exported again.
func TestContinuingBetweenSealedDays(t *testing.T) {
	const day = 24 * time.Hour
	start := yesterday()
	s := newScene(t, func(o *simulator.Options) { o.Start, o.Days, o.Conversations, o.SettleLag = start, 4, 40, 0 })
	for _, c := range s.Sim.Dataset().Started(start.Add(day), start.Add(2*day)).Conversations {
		s.Sim.InjectFault(simulator.Fault{Route: simulator.RouteBatchSubmit, ConversationID: c.ID, Status: 503})
	}
	s.Clock.Advance(start.AddDate(0, 0, 2).Add(12 * time.Hour).Sub(s.Clock.Now()))
	export := s.Export(func(spec *v1alpha1.RecordingExportSpec) {
		spec.Window = v1alpha1.ExportWindow{Start: metav1.NewTime(start)}
		spec.SettleAfter = &metav1.Duration{}
		spec.Retry.Deadline = &metav1.Duration{Duration: 30 * day}
	})
	s.Create(export)
	stop := s.Start()
	testenv.Eventually(t, "both days are surveyed", func() bool { return len(s.match(work("plan/*.json"))) > 1 })
	s.Clock.Advance(day)
	testenv.Eventually(t, "the first day is sealed", func() bool { return len(s.match("seals/1/manifest-sha256.txt")) > 0 })
	stop()
	s.Sim.ClearFaults()
	s.ReplaceArtifactKey()
	s.lacksKey(export, "continue-without-artifact-key", true)
	s.consent(export, s.unknownKey(export))
	s.Start()
	s.Await(export, v1alpha1.ReasonCaughtUp)
	voided := 0
	for _, entry := range s.match(work("plan/*.json")) {
		voided += strings.Count(string(s.read(entry)), `"voided":{}`)
	}
	if seals := len(s.match("seals/*/manifest-sha256.txt")); voided == 0 || seals < 2 {
		t.Errorf("%d entries are voided, %d seals", voided, seals)
	}
	s.sound()
}

// TestChangedArtifactsThatASealLists: nothing is continued from them, and nothing is touched.
func TestChangedArtifactsThatASealLists(t *testing.T) {
	for name, attack := range map[string]func(s *scene, key string){
		"changed": func(s *scene, key string) { s.plant(key, s.read(work("survey/2023-10-01/1.json"))) },
		"missing": func(s *scene, key string) {
			if err := os.Remove(s.path(key)); err != nil {
				s.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			export := s.sealed()
			survey := work("survey/2023-10-01/0.json")
			attack(s, survey)
			s.ReplaceArtifactKey()
			s.retry(export)
			s.lacksKey(export, "continue-without-artifact-key", true)
			before := s.digests()
			s.consent(export, s.unknownKey(export))
			s.Start()
			s.accuses(export, survey)
			if diff := cmp.Diff(before, s.digests()); diff != "" {
				t.Errorf("something was changed (-want +got):\n%s", diff)
			}
		})
	}
}

// TestContinuingInAnotherCluster needs that a person says whose the archive is, too.
func TestContinuingInAnotherCluster(t *testing.T) {
	s := newScene(t)
	s.sealed()
	other, export := s.newCluster()
	before := s.digests()
	other.lacksKey(export, "continue-without-artifact-key", true)
	other.consent(export, other.unknownKey(export))
	other.Start()
	other.Await(export, v1alpha1.ReasonArchiveOfAnotherCluster)
	if diff := cmp.Diff(before, s.digests()); diff != "" {
		t.Errorf("something was changed before the archive was taken over (-want +got):\n%s", diff)
	}
	export.Annotations[v1alpha1.AnnotationTakeOver] = s.ClusterID()
	other.Update(export)
	other.Await(export, v1alpha1.ReasonComplete)
	if owners := s.match(work("owners/*.json")); len(owners) != 1 {
		t.Errorf("owners %v", owners)
	}
	other.sound()
}

// newCluster has the same objects in another cluster, which has the key that signs and
// another artifact key.
func (s *scene) newCluster() (*scene, *v1alpha1.RecordingExport) {
	s.Helper()
	other := &scene{s.InAnotherCluster(testenv.Start(s))}
	other.ReplaceArtifactKey()
	other.Create(other.Secret(simulator.DefaultClientSecret))
	other.Create(other.Organization())
	other.copySigningKey(s)
	destination := other.Destination()
	destination.Spec.Signing = &v1alpha1.Signing{SecretRef: v1alpha1.LocalReference{Name: "signing"}}
	other.Create(destination)
	export := other.Export(nil)
	other.Create(export)
	return other, export
}

// copySigningKey copies the key that signs from another cluster, as a backup of it does.
func (s *scene) copySigningKey(from *scene) {
	s.Helper()
	var secret corev1.Secret
	if err := from.Client.Get(s.Context(), client.ObjectKey{Namespace: s.Namespace, Name: "signing"}, &secret); err != nil {
		s.Fatal(err)
	}
	secret.ObjectMeta = metav1.ObjectMeta{Name: secret.Name, Namespace: secret.Namespace}
	s.Create(&secret)
}

// call is a recording that nothing is wrong with.
func (s *scene) call() simulator.Recording {
	s.Helper()
	for _, c := range s.Sim.Dataset().NotHeld().Started(world.Day, world.Day.AddDate(0, 0, 1)).Conversations {
		if len(c.Recordings) == 1 && c.Recordings[0].Medium == simulator.Call && c.Recordings[0].FileState.Downloadable() && !c.End.IsZero() {
			return c.Recordings[0]
		}
	}
	s.Fatal("no call")
	return simulator.Recording{}
}

// unknownKeyID is the key that a message says can be done without.
var unknownKeyID = regexp.MustCompile(regexp.QuoteMeta(v1alpha1.AnnotationContinueWithoutKey) + "=([0-9a-f]{16})")

// unknownKey is the key that an export says is unknown.
func (s *scene) unknownKey(export *v1alpha1.RecordingExport) string {
	s.Helper()
	s.Refresh(export)
	found := unknownKeyID.FindStringSubmatch(conditions.Message(export))
	if found == nil {
		s.Fatalf("no key is named: %s", conditions.Message(export))
	}
	return found[1]
}

// consent has an export continue without a key.
func (s *scene) consent(export *v1alpha1.RecordingExport, key string) {
	s.Helper()
	s.Refresh(export)
	if export.Annotations == nil {
		export.Annotations = map[string]string{}
	}
	export.Annotations[v1alpha1.AnnotationContinueWithoutKey] = key
	s.Update(export)
}

// digests are those of all files of the archive but those being written.
func (s *scene) digests() map[string]string {
	s.Helper()
	found := map[string]string{}
	err := fs.WalkDir(os.DirFS(s.Archive()), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !strings.HasPrefix(name, work("tmp/")) {
			found[name] = sum(s.read(name))
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return found
}

// sound verifies the archive with the key that signed its first seal, and with a program
// that shares no code with the operator.
func (s *scene) sound() {
	s.Helper()
	key, err := verify.ParseKey(s.read("seals/1/signer.pub"))
	if err != nil {
		s.Fatal(err)
	}
	report, err := verify.Archive(s.Context(), os.DirFS(filepath.Clean(s.Archive())), verify.Options{Keys: []verify.Key{key}, Namespace: s.Namespace, Name: "case-1"})
	if err != nil || len(report.Findings) > 0 {
		s.Errorf("%v, %v", report.Findings, err)
	}
}
