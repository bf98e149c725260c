package artifacts

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// emptySurvey is what somebody plants to have a day with recordings sealed as empty.
const emptySurvey = `{"at":"2023-10-03T00:00:00Z","by":"recording-export-operator","day":"2023-10-01T00:00:00Z","pass":0,"purpose":"First","jobId":"x","heldAt":"2023-10-03T00:00:00Z","conversations":[]}`

// TestEmptySurveysPlantedBeforeAnExportBegins would have it end Complete 0/0.
func TestEmptySurveysPlantedBeforeAnExportBegins(t *testing.T) {
	s := newScene(t)
	first := work("survey/2023-10-01/0.json")
	s.plant(first, []byte(emptySurvey))
	s.plant(work("survey/2023-10-01/1.json"), []byte(strings.ReplaceAll(strings.ReplaceAll(emptySurvey, `"pass":0`, `"pass":1`), "First", "Review")))
	export := s.Export(nil)
	s.Create(export)
	s.Start()
	s.accuses(export, first)
	s.expectSeals(0)
}

// TestASurveyOfAnotherExport is authentic there and nowhere else.
func TestASurveyOfAnotherExport(t *testing.T) {
	s := newScene(t)
	s.sealed()
	survey := s.read(work("survey/2023-10-01/0.json"))
	other := s.Export(nil)
	other.Name = "case-2"
	name := filepath.Join(filepath.Dir(s.Archive()), "case-2", ".work", "survey", "2023-10-01", "0.json")
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, survey, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Create(other)
	s.Start()
	s.accuses(other, work("survey/2023-10-01/0.json"))
}

// TestArtifactsOfARunningExport: whatever somebody plants, changes, copies or cuts off
// among the artifacts of a batch, that batch says so and the others end. Nothing is sealed.
func TestArtifactsOfARunningExport(t *testing.T) {
	s := newScene(t)
	const wanted = 9 // one for each attack, and one that is not attacked
	var inventories []string
	export := s.begun(simulator.RouteBatchSubmit, 1, func() bool {
		inventories = slices.DeleteFunc(s.match(work("batches/*/inventory.json")), func(key string) bool {
			return !bytes.Contains(s.read(key), []byte(evidence.Wanted)) // a batch of it ends at once
		})
		return len(inventories) >= wanted
	})
	attacks := []func(batch, inventory, other string) (planted string){
		func(_, inventory, _ string) string { // an inventory that says that there is nothing to export
			s.plant(inventory, []byte(`{"at":"2023-10-03T00:00:00Z","by":"m","lane":"Standard","conversations":[],"recordings":[]}`))
			return inventory
		},
		func(_, inventory, _ string) string { // one bit of it
			s.plant(inventory, changed(s.read(inventory)))
			return inventory
		},
		func(_, inventory, other string) string { // that of another batch
			s.plant(inventory, s.read(other))
			return inventory
		},
		func(_, inventory, _ string) string { // cut off
			content := s.read(inventory)
			s.plant(inventory, content[:len(content)/2])
			return inventory
		},
		func(batch, inventory, _ string) string { // an outcome, made of the authentic inventory
			outcome := work("batches/%s/outcome.json", batch)
			s.plant(outcome, s.read(inventory))
			return outcome
		},
		func(batch, _, _ string) string { // the note of a file, with the file
			const conversation, recording = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
			path := "data/recordings/" + conversation + "/" + recording + "/01.wav"
			s.plant("bags/"+batch+"/"+path, []byte("invented"))
			note := work("batches/%s/files/%s.%s.01.json", batch, conversation, recording)
			s.plant(note, []byte(`{"at":"2023-10-03T00:00:00Z","by":"m","number":1,"path":"`+path+`","sha256":"`+sum([]byte("invented"))+`","size":8}`))
			return note
		},
		func(batch, _, _ string) string { // that nothing more is stored
			closing := work("batches/%s/closing.json", batch)
			s.plant(closing, []byte(`{"at":"2023-10-03T00:00:00Z","by":"m"}`))
			return closing
		},
		func(batch, _, _ string) string { // a table of the bag
			table := "data/index.csv"
			s.plant("bags/"+batch+"/"+table, []byte("conversation_id\n"))
			return table
		},
	}
	if len(attacks) >= wanted {
		t.Fatalf("%d batches are not enough for %d attacks", wanted, len(attacks))
	}
	planted := map[string]string{}
	for i, attack := range attacks {
		batch := batchOf(inventories[i])
		planted[batch] = attack(batch, inventories[i], inventories[len(attacks)])
	}
	s.Start()
	for batch, key := range planted {
		s.accusesBatch(batch, key)
	}
	s.settled()
	s.Refresh(export)
	if conditions.Reason(export) == v1alpha1.ReasonComplete {
		t.Error("the export is complete")
	}
	s.expectSeals(0)
}

// TestAPlanThatSomebodyContinues: an entry that is authentic elsewhere in the plan.
func TestAPlanThatSomebodyContinues(t *testing.T) {
	s := newScene(t)
	export := s.sealed()
	entries := s.match(work("plan/*.json"))
	next := work("plan/%06d.json", len(entries))
	s.plant(next, s.read(entries[0]))
	s.retry(export)
	s.Start()
	s.accuses(export, next)
	s.expectSeals(1)
}

// TestOwnersThatSomebodyInvents: who can write to the archive does not give it to another cluster.
func TestOwnersThatSomebodyInvents(t *testing.T) {
	s := newScene(t)
	export := s.sealed()
	owner := work("owners/000001.json")
	s.plant(owner, []byte(`{"at":"2023-10-03T00:00:00Z","by":"m","clusterId":"other","formerClusterId":"x"}`))
	s.retry(export)
	s.Start()
	s.accuses(export, owner)
}

// TestExportRecordsThatSomebodyChanges, or writes before the export begins.
func TestExportRecordsThatSomebodyChanges(t *testing.T) {
	for _, before := range []bool{false, true} {
		t.Run(map[bool]string{false: "afterwards", true: "before"}[before], func(t *testing.T) {
			s := newScene(t)
			export := s.sealed()
			record := bytes.Replace(s.read("export.json"), []byte(`"createdAt":"2`), []byte(`"createdAt":"1`), 1)
			if before {
				s.Delete(export)
				if err := os.RemoveAll(s.Archive()); err != nil {
					t.Fatal(err)
				}
				export = s.Export(nil)
				s.Create(export)
			}
			s.plant("export.json", record)
			s.retry(export)
			s.Start()
			s.accuses(export, "export.json")
		})
	}
}

// TestWhatStandsInTheRecordsPlace: a pipe, a directory or 4 GiB take neither time nor memory.
func TestWhatStandsInTheRecordsPlace(t *testing.T) {
	for name, put := range map[string]func(name string) error{
		"a directory": func(name string) error { return os.Mkdir(name, 0o750) },
		"a pipe":      pipe,
		"4 GiB": func(name string) error {
			if err := os.WriteFile(name, nil, 0o600); err != nil {
				return err
			}
			return os.Truncate(name, 4<<30)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			if err := os.MkdirAll(s.Archive(), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := put(s.path("export.json")); err != nil {
				t.Fatal(err)
			}
			export := s.Export(nil)
			s.Create(export)
			s.Start()
			s.accuses(export, "export.json")
		})
	}
}

// TestMediaOfABagThatIsNotSealed: a stored recording is replaced, and one that was never
// received is added.
func TestMediaOfABagThatIsNotSealed(t *testing.T) {
	s := newScene(t)
	s.begun(simulator.RouteDownload, 12, s.twoAreOpen())
	open := s.open()
	replaced, added := open[0], open[1]
	s.plant(replaced, []byte("another conversation"))
	more := filepath.Dir(added) + "/07.wav"
	s.plant(more, []byte("never received"))
	s.Start()
	s.accusesBatch(batchOf(replaced), strings.TrimPrefix(replaced, "bags/"+batchOf(replaced)+"/"))
	s.accusesBatch(batchOf(more), strings.TrimPrefix(more, "bags/"+batchOf(more)+"/"))
	s.settled()
	s.expectSeals(0)
}

// twoAreOpen reports whether two bags with recordings are not sealed. Where all downloads until
// the fault were of one bag, it lets some more succeed: by then other batches try, too.
func (s *scene) twoAreOpen() func() bool {
	refused := func() int { return s.Sim.Journal().Count(simulator.RouteDownload, http.StatusServiceUnavailable) }
	before := 0
	return func() bool {
		if now := refused(); now >= before+50 {
			before = now
			s.Sim.ClearFaults()
			s.Sim.InjectFault(simulator.Fault{Route: simulator.RouteDownload, Status: http.StatusServiceUnavailable, Nth: 12})
		}
		return len(s.open()) >= 2
	}
}

// open are files of recordings in bags that are not sealed, one of each bag.
func (s *scene) open() []string {
	s.Helper()
	var files []string
	seen := map[string]bool{}
	for _, note := range s.match(work("batches/*/files/*.json")) {
		batch := batchOf(note)
		if sealed := s.match("bags/" + batch + "/bagit.txt"); len(sealed) > 0 || seen[batch] {
			continue
		}
		if stored := s.match("bags/" + batch + "/data/recordings/*/*/*"); len(stored) > 0 {
			seen[batch] = true
			files = append(files, stored[0])
		}
	}
	return files
}

// TestABagThatIsSealedAgainBySomebodyElse: all its manifests fit, and it is not the bag
// that the operator has sealed. The seal of the export is not made.
func TestABagThatIsSealedAgainBySomebodyElse(t *testing.T) {
	s := newScene(t)
	export := s.begun(simulator.RouteBatchSubmit, 5, func() bool { return s.inSealedBag() != "" })
	recording := s.inSealedBag()
	bag := "bags/" + batchOf(recording)
	s.rehash(bag, strings.TrimPrefix(recording, bag+"/"), []byte("another conversation"))
	s.Start()
	testenv.Eventually(s, "somebody says so", func() bool {
		s.Refresh(export)
		return strings.Contains(conditions.Message(export), "tagmanifest-sha256.txt")
	})
	s.expectSeals(0)
}

// inSealedBag is a recording in a bag that is sealed, empty if there is none.
func (s *scene) inSealedBag() string {
	s.Helper()
	for _, file := range s.match("bags/*/data/recordings/*/*/*") {
		if len(s.match("bags/"+batchOf(file)+"/bagit.txt")) > 0 {
			return file
		}
	}
	return ""
}

// rehash replaces a file of a bag, and has its manifests say so.
func (s *scene) rehash(bag, file string, content []byte) {
	s.Helper()
	for _, manifest := range []string{"manifest-sha256.txt", "tagmanifest-sha256.txt"} {
		was, is := sum(s.read(bag+"/"+file)), sum(content)
		s.plant(bag+"/"+file, content)
		file, content = manifest, bytes.Replace(s.read(bag+"/"+manifest), []byte(was), []byte(is), 1)
	}
	s.plant(bag+"/"+file, content)
}

func sum(content []byte) string {
	digest := sha256.Sum256(content)
	return hex.EncodeToString(digest[:])
}

// TestSealsThatTheStatusKnows: one that was removed, or replaced by another.
func TestSealsThatTheStatusKnows(t *testing.T) {
	for name, attack := range map[string]func(s *scene){
		"its manifest is gone": func(s *scene) {
			if err := os.Remove(s.path("seals/1/manifest-sha256.txt")); err != nil {
				s.Fatal(err)
			}
		},
		"it is gone, with what was noted of it": func(s *scene) {
			for _, key := range []string{"seals", work("seals"), work("signatures/seals")} {
				if err := os.RemoveAll(s.path(key)); err != nil {
					s.Fatal(err)
				}
			}
		},
		"its manifest is another": func(s *scene) {
			s.plant("seals/1/manifest-sha256.txt", append(s.read("seals/1/manifest-sha256.txt"), '\n'))
		},
		"its account is another": func(s *scene) {
			s.plant("seals/1/account.json", changed(s.read("seals/1/account.json")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			export := s.sealed()
			attack(s)
			s.retry(export)
			s.Start()
			s.accuses(export, "seals/1")
			if signed := s.match("seals/2/*"); len(signed) > 0 {
				t.Errorf("%v", signed)
			}
		})
	}
}

// TestALostArtifactKey: no other one is created, and with another one the archive is not
// believed, and not destroyed. Once the Secret is restored, everything continues.
func TestALostArtifactKey(t *testing.T) {
	s := newScene(t)
	export := s.begun(simulator.RouteBatchSubmit, 1, func() bool { return len(s.match(work("batches/*/inventory.json"))) > 0 })
	restore := s.LoseArtifactKey()
	s.lacksKey(export, "head -c 32", true)
	s.ReplaceArtifactKey()
	s.lacksKey(export, "record.json", true)
	s.expectSeals(0)
	restore()
	s.Start()
	s.Await(export, v1alpha1.ReasonComplete)
	s.expectSeals(1)
}

// lacksKey runs an operator that does not have the key of an export's artifacts, until it
// says so, and its message says something, or does not.
func (s *scene) lacksKey(export *v1alpha1.RecordingExport, text string, says bool) {
	s.Helper()
	stop := s.Start()
	defer stop()
	testenv.Eventually(s, "the operator says that it lacks the key", func() bool {
		s.Refresh(export)
		message := conditions.Message(export)
		return conditions.Reason(export) == v1alpha1.ReasonArtifactKeyUnknown && strings.Contains(message, "restore the Secret") && strings.Contains(message, text) == says
	})
}
