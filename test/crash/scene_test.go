package crash

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
	"github.com/gcexport/recording-export-operator/test/world"
)

const (
	// pollInterval is the time between two reads of the export.
	pollInterval = 50 * time.Millisecond
	// exportTimeout is how long an export may take, on a busy machine.
	exportTimeout = 5 * time.Minute
	// listedAfter is how long a bulk job may be missing in the list of jobs.
	listedAfter = 6 * time.Second
)

// slots is for as many scenes at a time as two processors can play.
var slots = make(chan struct{}, 2)

// takeTurns lets a test run beside others, but not beside too many.
func takeTurns(t *testing.T) {
	t.Helper()
	t.Parallel()
	slots <- struct{}{}
	t.Cleanup(func() { <-slots })
}

// scene is one export of its own: namespace, simulator and archive, and the
// manager that comes and goes.
type scene struct {
	*world.World
	programs
	export     *v1alpha1.RecordingExport
	kubeconfig string
	// s3 is where the evidence lands, nil if that is a directory.
	s3 *s3server.Server
	// recordings is where bulk jobs export to, nil if there are none.
	recordings *s3server.Server
	// interrupted counts what may have made the operator send a request again, and looks
	// how often it may have done so without that.
	interrupted, looks int
}

// newScene makes a small day with every special case: legal holds, screens, a
// recording of several results, media that cannot be downloaded, hostile ids,
// and a conversation that ends only once the survey has seen it open. Bags and
// seals are signed, with a key that the operator creates.
func newScene(t *testing.T) *scene {
	t.Helper()
	return newSceneAt(t, nil)
}

// newSceneAt makes it with the evidence in a bucket, if there is a server for it.
func newSceneAt(t *testing.T, bucket *s3server.Server) *scene {
	t.Helper()
	return newSceneOf(t, bucket, func(*simulator.Options) {}, func(*world.World, *v1alpha1.RecordingExportSpec) {})
}

// newSceneOf makes it with another organisation, or another export.
func newSceneOf(t *testing.T, bucket *s3server.Server, organization func(*simulator.Options), export func(*world.World, *v1alpha1.RecordingExportSpec)) *scene {
	t.Helper()
	day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -2)
	w := world.New(t, server, func(o *simulator.Options) {
		o.Start, o.SettleLag = day, 0
		o.Edges = simulator.Edges{
			Open: 1, Sensitive: 1, HostileIDs: true,
			FileStates: map[simulator.FileState]int{simulator.Archived: 1, simulator.Deleted: 1, simulator.Restored: 1},
		}
		organization(o)
	})
	w.Create(w.Secret(simulator.DefaultClientSecret))
	w.Create(w.Organization())
	s := &scene{World: w, programs: mustBuild(t), kubeconfig: testenv.Kubeconfig(t, server), s3: bucket}
	destination := w.Destination()
	if s.s3 != nil {
		s.landInBucket(destination)
	}
	destination.Spec.LoadFiles = true
	destination.Spec.Signing = &v1alpha1.Signing{SecretRef: v1alpha1.LocalReference{Name: "signing"}, Create: true}
	w.Create(destination)
	s.export = w.Export(func(spec *v1alpha1.RecordingExportSpec) {
		spec.Window = world.Window(day, day.AddDate(0, 0, 1))
		spec.Slicing.Width = &metav1.Duration{Duration: 12 * time.Hour}
		spec.SettleAfter = &metav1.Duration{}
		spec.RetainBatches = ptr.To(int32(1))
		export(w, spec)
	})
	w.Create(s.export)
	return s
}

// run is a running manager.
type run struct {
	*exec.Cmd
	output bytes.Buffer
	ended  chan error
}

// overrides returns REX_TEST_OVERRIDES for a manager with failpoints: the intervals of
// tests, and those of its lease.
func (s *scene) overrides() string {
	intervals := world.ShortIntervals()
	intervals.Batch.Listed, intervals.Export.Listed = listedAfter, listedAfter
	body, err := json.Marshal(struct {
		Intervals                                 operator.Intervals
		LeaseNamespace                            string
		LeaseDuration, RenewDeadline, RetryPeriod time.Duration
	}{intervals, s.Namespace, 10 * time.Second, 8 * time.Second, 500 * time.Millisecond})
	if err != nil {
		s.Fatal(err)
	}
	return string(body)
}

// start starts the manager with failpoints.
func (s *scene) start(failpoints string, more ...string) *run {
	s.Helper()
	allowed := "genesys=" + s.Endpoint + ",media=" + s.Endpoint
	if s.s3 != nil {
		allowed += ",s3=" + s.s3.URL
	}
	if s.recordings != nil {
		allowed += ",s3=" + s.recordings.URL
	}
	flags := append([]string{
		"--archive-root", s.Root, "--namespaces", s.Namespace, "--artifact-key-namespace", s.Namespace, "--allow-endpoints", allowed,
		"--metrics-bind-address", "0", "--health-probe-bind-address", "0",
	}, more...)
	r := &run{Cmd: exec.CommandContext(s.Context(), s.manager, flags...), ended: make(chan error, 1)}
	r.Stdout, r.Stderr = &r.output, &r.output
	r.Env = append(os.Environ(), "KUBECONFIG="+s.kubeconfig, "REX_TEST_OVERRIDES="+s.overrides(), "REX_FAILPOINT="+failpoints,
		"REX_FAILPOINT_MARK="+s.mark(), "REX_FAILPOINT_LOG="+s.log())
	if err := r.Start(); err != nil {
		s.Fatal(err)
	}
	go func() { r.ended <- r.Wait() }()
	return r
}

// mark and log are the files of failpoints; they lie outside the archive root.
func (s *scene) mark() string { return filepath.Join(filepath.Dir(s.kubeconfig), "mark") }
func (s *scene) log() string  { return filepath.Join(filepath.Dir(s.kubeconfig), "log") }

// finished looks whether the export has ended, and ends the open conversation
// once the survey has seen it.
func (s *scene) finished() bool {
	s.Helper()
	if s.Sim.Journal().Count(simulator.RouteDetailsDelete, 0) > 0 {
		for _, c := range s.Sim.Dataset().Conversations {
			if c.End.IsZero() {
				if err := s.Sim.EndConversation(c.ID, time.Now()); err != nil {
					s.Fatal(err)
				}
			}
		}
	}
	s.Refresh(s.export)
	reason := conditions.Reason(s.export)
	return reason == v1alpha1.ReasonComplete || reason == v1alpha1.ReasonCompleteWithGaps
}

// await waits until the manager is gone, which is how, or the export has ended.
func (s *scene) await(r *run) (gone bool, how error) {
	s.Helper()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	deadline := time.After(exportTimeout)
	for {
		select {
		case err := <-r.ended:
			return true, err
		case <-deadline:
			s.dump(r)
			s.Fatalf("not ended after %v: %s: %s", exportTimeout, conditions.Reason(s.export), conditions.Message(s.export))
		case <-tick.C:
			if s.finished() {
				return false, nil
			}
		}
	}
}

// crash runs the manager until a failpoint kills it. It reports whether one did
// before the export had ended.
func (s *scene) crash(failpoint string) bool {
	s.Helper()
	if s.finished() {
		return false
	}
	r := s.start(failpoint + "=kill")
	gone, how := s.await(r)
	if !gone {
		s.kill(r)
		return false
	}
	if !killed(how) {
		s.dump(r)
		s.Fatalf("the manager ended with %v instead of being killed at %s", how, failpoint)
	}
	s.races(r)
	s.interrupted++
	return true
}

// complete runs the manager until the export has ended, with failpoints that
// make effects fail.
func (s *scene) complete(failing ...string) {
	s.Helper()
	s.interrupted += len(failing)
	r := s.start(strings.Join(failing, ","))
	if gone, how := s.await(r); gone {
		s.dump(r)
		s.Fatalf("the manager ended by itself: %v", how)
	}
	s.kill(r)
}

// kill ends a manager that has nothing more to do.
func (s *scene) kill(r *run) {
	s.Helper()
	if err := r.Process.Kill(); err != nil {
		s.Fatal(err)
	}
	if how := <-r.ended; !killed(how) {
		s.Errorf("the manager ended by itself: %v", how)
	}
	s.races(r)
}

// races fails the test if the race detector has found something.
func (s *scene) races(r *run) {
	if strings.Contains(r.output.String(), "DATA RACE") {
		s.dump(r)
		s.Fatal("the manager has a data race")
	}
}

func (s *scene) dump(r *run) {
	lines := strings.Split(r.output.String(), "\n")
	s.Logf("the manager's last words:\n%s", strings.Join(lines[max(0, len(lines)-40):], "\n"))
}

// killed reports whether a program ended by SIGKILL.
func killed(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// judge has the verifier judge the archive. After an interruption, requests that
// were in flight may be repeated, and an analytics job whose id nobody had recorded
// may be left to expire. Recordings that are lost forever must be listed as
// unavailable.
func (s *scene) judge(lost ...string) {
	s.Helper()
	if s.s3 != nil {
		s.fetch()
	}
	buckets := s.TempDir()
	if s.recordings != nil {
		s.recordings.Download(world.RecordingBucket, "", filepath.Join(buckets, world.RecordingBucket))
	}
	command := exec.CommandContext(s.Context(), s.verifier, "-archive", s.Archive(), "-alone", s.Root, "-buckets", buckets, "-truth", s.Endpoint,
		"-asks", strconv.Itoa(1+s.interrupted), "-looks", strconv.Itoa(s.looks), "-orphans", strconv.Itoa(s.interrupted), "-unavailable", strings.Join(lost, ","))
	output, err := command.CombinedOutput()
	if err != nil {
		s.Errorf("after %d interruptions the verifier ends with %v:\n%s", s.interrupted, err, output)
	}
}
