package crash

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// TestTwoLeadersForAMoment stops a leader just before, or after, an effect, has
// another one finish the export, and lets the first go on: it has its effect
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
			former := s.start(place+"=stop", "--leader-elect")
			s.awaitMark(former)
			next := s.start("", "--leader-elect")
			if gone, how := s.await(next); gone {
				s.dump(next)
				t.Fatalf("the next leader ended by itself: %v", how)
			}
			status := s.export.Status.DeepCopy()
			if err := former.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			if how := <-former.ended; how == nil || killed(how) {
				s.dump(former)
				t.Errorf("the former leader ended with %v, must end because it leads no more", how)
			}
			s.races(former)
			if s.Refresh(s.export); !equality.Semantic.DeepEqual(&s.export.Status, status) {
				t.Errorf("the former leader changed the status from %+v to %+v", status, s.export.Status)
			}
			s.kill(next)
			s.interrupted++
			s.judge()
		})
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
