package crash

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// TestTwoLeadersForAMoment stops a leader just before, or after, an effect, has
// another one finish the export, and lets the first continue: it has its effect
// while it still believes to lead. No harm comes of it.
func TestTwoLeadersForAMoment(t *testing.T) {
	for _, place := range []string{
		"archive/link/before@data/recordings:3",
		"archive/link/before@bagit.txt",
		"archive/link/before@seals/1/account.json",
		"archive/write/before@tagmanifest",
		"kubernetes/status/before:6",
		"kubernetes/create/before:2",
		"genesys/start-survey/before",
		"genesys/request-recordings/after",
	} {
		t.Run(strings.ReplaceAll(place, "/", "."), func(t *testing.T) {
			takeTurns(t)
			s := newScene(t)
			s.changeLeaders(place)
			s.judge()
		})
	}
}

// TestTwoLeadersWithBulkJobs does so around the calls and records by which a bulk job is created and
// executed. The former leader creates no second job and executes none again.
func TestTwoLeadersWithBulkJobs(t *testing.T) {
	for _, place := range []string{
		"genesys/submit-bulk-job/before",
		"genesys/execute-bulk-job/before",
	} {
		t.Run(strings.ReplaceAll(place, "/", "."), func(t *testing.T) {
			takeTurns(t)
			s := newBulkScene(t, false)
			s.changeLeaders(place)
			s.judge()
			s.expectJobs(neededJobs, 0)
		})
	}
}

// changeLeaders stops a leader at a place, has the next one finish the export, and lets the former one
// continue until it notices that it leads no more.
func (s *scene) changeLeaders(place string) {
	s.Helper()
	former := s.start(place+"=stop", "--leader-elect")
	s.awaitMark(former)
	next := s.start("", "--leader-elect")
	if gone, how := s.await(next); gone {
		s.dump(next)
		s.Fatalf("the next leader ended by itself: %v", how)
	}
	status := s.export.Status.DeepCopy()
	if err := former.Process.Signal(syscall.SIGCONT); err != nil {
		s.Fatal(err)
	}
	if how := <-former.ended; how == nil || killed(how) {
		s.dump(former)
		s.Errorf("the former leader ended with %v, must end because it leads no more", how)
	}
	s.races(former)
	if s.Refresh(s.export); !equality.Semantic.DeepEqual(&s.export.Status, status) {
		s.Errorf("the former leader changed the status from %+v to %+v", status, s.export.Status)
	}
	s.kill(next)
	s.interrupted++
}

// TestALateRecording stops a leader just before a recording gets its name. Another
// one cannot get that recording, and seals the bag without it. When the first one
// continues, before the export is sealed, the recording stays out of the bag.
func TestALateRecording(t *testing.T) {
	takeTurns(t)
	s := newScene(t)
	former := s.start("archive/link/before@data/recordings:3=stop", "--leader-elect")
	s.awaitMark(former)
	key := s.stoppedAt("archive/link/before", "data/recordings", 3)
	s.withhold(key)
	next := s.start("", "--leader-elect")
	bag := strings.Join(strings.Split(key, "/")[:2], "/")
	testenv.Eventually(s, "the bag is sealed without it", func() bool {
		s.finished()
		_, err := os.Stat(filepath.Join(s.Archive(), bag, evidence.BagDeclaration))
		return err == nil
	})
	if err := former.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if gone, how := s.await(next); gone {
		s.dump(next)
		t.Fatalf("the next leader ended by itself: %v", how)
	}
	if how := <-former.ended; how == nil || killed(how) {
		s.dump(former)
		t.Errorf("the former leader ended with %v, must end because it leads no more", how)
	}
	if _, err := os.Stat(filepath.Join(s.Archive(), key)); !os.IsNotExist(err) {
		t.Errorf("%s is in the bag (%v)", key, err)
	}
	s.kill(next)
}

// stoppedAt is the detail of the nth pass of a place that has text in its detail.
func (s *scene) stoppedAt(place, text string, nth int) string {
	s.Helper()
	for _, p := range s.passes() {
		if p.place == place && strings.Contains(p.detail, text) {
			if nth--; nth == 0 {
				return p.detail
			}
		}
	}
	s.Fatalf("%s was not passed often enough", place)
	return ""
}

// withhold has the recording that a key is for fail to come, and nobody wait for it.
func (s *scene) withhold(key string) {
	s.Helper()
	recording := strings.Split(key, "/")[5]
	s.Sim.InjectFault(simulator.Fault{Route: simulator.RouteDownload, RecordingID: recording, Status: http.StatusNotFound})
	s.Refresh(s.export)
	patch := client.MergeFrom(s.export.DeepCopy())
	s.export.Spec.Retry.Deadline = &metav1.Duration{Duration: time.Second}
	if err := s.Client.Patch(s.Context(), s.export, patch); err != nil {
		s.Fatal(err)
	}
}

// awaitMark waits until a manager has stopped itself.
func (s *scene) awaitMark(r *run) {
	s.Helper()
	defer func() {
		if s.Failed() {
			s.dump(r)
		}
	}()
	testenv.Eventually(s, "the leader stops itself", func() bool {
		if s.finished() {
			s.Fatal("the export has ended before")
		}
		_, err := os.Stat(s.mark())
		return err == nil
	})
}

// TestTwoManagersAtOnce has two work on the same export from its beginning to its
// end, with nothing between them but the rules of what they write.
func TestTwoManagersAtOnce(t *testing.T) {
	takeTurns(t)
	s := newScene(t)
	first, second := s.start(""), s.start("")
	if gone, how := s.await(first); gone {
		s.dump(first)
		t.Fatalf("a manager ended by itself: %v", how)
	}
	s.kill(first)
	s.kill(second)
	s.interrupted++
	s.judge()
}
