package crash

import (
	"net/http"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/test/world"
)

// TestCrashesWhileIsolating kills the manager around everything by which a bad
// conversation, a bad recording and one that is still being uploaded leave their
// batches, and are retried apart. However it ends, every other recording is there
// once, and exactly one bag of the lane Isolated accounts for each of these.
func TestCrashesWhileIsolating(t *testing.T) {
	const (
		name   = "archive/link"
		create = "kubernetes/create"
		apart  = "-isolated-"
	)
	around := func(point, detail, pass string) []string {
		return []string{point + "/before" + detail + pass, point + "/after" + detail + pass}
	}
	tests := map[string]func(*isolating) []string{
		"the note that a conversation leaves": func(s *isolating) []string { return around(name, "@"+s.conversation, "") },
		"the note that a recording leaves":    func(*isolating) []string { return around(name, "@/aside/", "") },
		"the entry of the plan":               func(*isolating) []string { return around(name, "@plan/000001", "") },
		"the slice": func(*isolating) []string {
			return append(around(name, "@"+apart, ""), around(name, "@"+apart, ":2")...)
		},
		"the batch": func(*isolating) []string { return around(create, "@"+apart, "") },
		"its work": func(*isolating) []string {
			return append(around(name, "@"+apart, ":4"), around(name, "@"+apart, ":6")...)
		},
		"its bag": func(*isolating) []string {
			return append(around(name, "@bags/case-1"+apart, ""), around(name, "@bags/case-1"+apart, ":3")...)
		},
		"the bag that was left": func(*isolating) []string { return around(name, "@bags/case-1-standard", ":2") },
	}
	count := &tally{}
	t.Cleanup(func() { count.print(t) })
	for what, traps := range tests {
		t.Run(what, func(t *testing.T) {
			takeTurns(t)
			s := newIsolatingScene(t)
			for _, trap := range traps(s) {
				count.tried.Add(1)
				if !s.crash(trap) {
					t.Errorf("%s was not reached", trap)
				}
			}
			s.complete()
			s.judge(s.conversation, s.recording)
			if !t.Failed() {
				count.survived.Add(int64(s.interrupted))
			}
		})
	}
}

// uuid is an id that is none of a hostile kind.
const uuid = simulator.DefaultOrganizationID

// isolating is a scene with a conversation and a recording that are bad forever.
type isolating struct {
	*scene
	conversation, recording string
}

// newIsolatingScene makes one: metadata that always times out, a recording because of
// which every request is refused, and two recordings that are uploaded a little later.
func newIsolatingScene(t *testing.T) *isolating {
	t.Helper()
	s := newSceneOf(t, nil, func(o *simulator.Options) {
		o.Edges.FileStates = map[simulator.FileState]int{simulator.Uploading: 2}
		o.UploadDelay = 3 * time.Second
	}, func(_ *world.World, spec *v1alpha1.RecordingExportSpec) {
		spec.Retry.Deadline = &metav1.Duration{Duration: 5 * time.Second}
	})
	s.looks = 1000 // metadata is looked at until a recording is uploaded
	var calls []simulator.Recording
	window := s.export.Spec.Window
	for _, c := range s.Sim.Dataset().Started(window.Start.Time, window.End.Time).Conversations {
		plain := len(c.ID) == len(uuid) && !c.Held && !c.End.IsZero() && c.Medium == simulator.Call && len(c.Recordings) == 1
		if plain && len(c.Recordings[0].ID) == len(uuid) && c.Recordings[0].FileState == simulator.Available {
			calls = append(calls, c.Recordings[0])
		}
	}
	silent, refused := calls[0], calls[len(calls)/2]
	s.Sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, ConversationID: silent.ConversationID, Status: http.StatusGatewayTimeout})
	s.Sim.InjectFault(simulator.Fault{Route: simulator.RouteBatchSubmit, RecordingID: refused.ID, Status: http.StatusBadRequest})
	return &isolating{s, silent.ConversationID, refused.ID}
}
