package story

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

// says fails unless the message of an object's Ready condition names what is to be done.
func (w *story) says(obj world.Object, words ...string) {
	w.Helper()
	for _, word := range words {
		if !strings.Contains(conditions.Message(obj), word) {
			w.Errorf("%s says %q, which does not name %q", obj.GetName(), conditions.Message(obj), word)
		}
	}
}

// TestEverythingMissingThenMade: whatever order the manifests come in, each
// object says what it lacks, and continues by itself once it is there.
func TestEverythingMissingThenMade(t *testing.T) {
	w := newStory(t, nil)
	w.Start()
	export := w.Export(nil)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonDestinationNotFound)
	w.says(export, "create the ExportDestination", "evidence")

	w.Create(w.Destination())
	w.Await(export, v1alpha1.ReasonOrganizationNotFound)
	w.says(export, "create the GenesysOrganization", "emea")

	organization := w.Organization()
	w.Create(organization)
	w.Await(organization, v1alpha1.ReasonSecretNotFound)
	w.says(organization, "create the Secret", "genesys-oauth", "clientId", "clientSecret")
	w.Await(export, v1alpha1.ReasonOrganizationNotReady)

	w.Create(w.Secret(simulator.DefaultClientSecret))
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestASecretThatIsWrongThenCorrected: nobody has to restart or touch anything
// but the Secret.
func TestASecretThatIsWrongThenCorrected(t *testing.T) {
	w := newStory(t, nil)
	secret, organization, export := w.Secret("wrong"), w.Organization(), w.Export(nil)
	w.Create(secret)
	w.Create(organization)
	w.Create(w.Destination())
	w.Create(export)
	w.Start()
	w.Await(organization, v1alpha1.ReasonCredentialsRejected)
	w.says(organization, "correct the client id and secret in the organisation's Secret")
	w.Await(export, v1alpha1.ReasonOrganizationNotReady)

	w.Refresh(secret)
	secret.StringData = map[string]string{"clientSecret": ""}
	w.Update(secret)
	w.Await(organization, v1alpha1.ReasonSecretIncomplete)
	w.says(organization, "add the key clientSecret")

	secret.StringData = map[string]string{"clientSecret": simulator.DefaultClientSecret}
	w.Update(secret)
	w.Await(organization, v1alpha1.ReasonLoggedIn)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestAPermissionThatIsMissingThenGiven: for each step of an export.
func TestAPermissionThatIsMissingThenGiven(t *testing.T) {
	for step, permissions := range map[string][]string{
		"survey":   {"analytics:conversationDetail:view", "analytics:agentConversationDetail:view"},
		"metadata": {"recording:recording:view", "recording:recordingSegment:view"},
	} {
		t.Run(step, func(t *testing.T) {
			w := newStory(t, nil)
			w.permit(permissions, false)
			w.CreateReferences()
			export := w.Export(nil)
			w.Create(export)
			w.Start()
			testenv.Eventually(t, "the export says that a permission is missing", func() bool {
				w.Refresh(export)
				return conditions.IsStalled(export) && strings.Contains(conditions.Message(export), permissions[0])
			})
			w.says(export, "give the OAuth client a role with the permission")
			w.permit(permissions, true)
			w.Await(export, v1alpha1.ReasonComplete)
			w.judge(w.exportable())
		})
	}
}

func (w *story) permit(permissions []string, granted bool) {
	w.Helper()
	for _, permission := range permissions {
		if err := w.Sim.SetPermission(simulator.DefaultClientID, permission, granted); err != nil {
			w.Fatal(err)
		}
	}
}

// TestAnEndpointThatIsNotAllowed: a manager asks nobody but Genesys Cloud unless
// it was told to.
func TestAnEndpointThatIsNotAllowed(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	w.Start(func(o *operator.Options) {
		o.Endpoints = w.allowed("genesys=https://genesys.example:443", "media="+w.Endpoint)
	})
	organization := w.Organization()
	w.Await(organization, v1alpha1.ReasonEndpointNotAllowed)
	w.says(organization, "--allow-endpoints=genesys="+w.Endpoint)
	if n := w.Sim.Journal().Count("", 0); n != 0 {
		t.Errorf("it was asked %d times anyway", n)
	}
}

// TestAnotherOrganizationIsRefused: credentials that suddenly belong to another
// organisation must not mix its recordings in.
func TestAnotherOrganizationIsRefused(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	organization := w.Organization()
	stop := w.Start()
	w.Await(organization, v1alpha1.ReasonLoggedIn)
	stop()
	organization.Status.Organization.ID = "11111111-1111-4111-8111-111111111111"
	if err := w.Client.Status().Update(t.Context(), organization); err != nil {
		t.Fatal(err)
	}
	w.Start()
	w.Await(organization, v1alpha1.ReasonOrganizationMismatch)
	w.says(organization, organization.Status.Organization.ID, simulator.DefaultOrganizationID)
}

// TestADestinationThatCannotBeWritten: a file stands where the directory should be.
func TestADestinationThatCannotBeWritten(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	blocker := filepath.Join(w.Root, w.Namespace)
	if err := os.WriteFile(blocker, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	destination, export := w.Destination(), w.Export(nil)
	w.Create(export)
	w.Start()
	w.Await(destination, v1alpha1.ReasonDestinationNotWritable)
	w.Await(export, v1alpha1.ReasonDestinationNotReady)
	if err := os.Remove(blocker); err != nil {
		t.Fatal(err)
	}
	w.Await(destination, v1alpha1.ReasonWritable)
	w.Await(export, v1alpha1.ReasonComplete)
}

// TestAnArchiveThatIsAnothers: an export of the same name that asks for something
// else must not touch what is there.
func TestAnArchiveThatIsAnothers(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	w.Start()
	export := w.Export(nil)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
	w.Delete(export)
	calls := w.Sim.Journal().Count(simulator.RouteDownload, 0)

	other := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.MediaTypes = []v1alpha1.Medium{"Call"} })
	w.Create(other)
	w.Await(other, v1alpha1.ReasonArchiveMismatch)
	w.says(other, "otherwise use another name", "spec")
	w.Delete(other)

	again := w.Export(nil)
	w.Create(again)
	w.Await(again, v1alpha1.ReasonComplete)
	if now := w.Sim.Journal().Count(simulator.RouteDownload, 0); now != calls {
		t.Errorf("an export that was created again fetched %d recordings again", now-calls)
	}
	if again.Status.Progress != export.Status.Progress || again.Status.Batches.Completed != export.Status.Batches.Completed {
		t.Errorf("status %+v, want that of the first", again.Status)
	}
}

// TestIDsThatAreNoUUIDs: what Genesys Cloud lists under an id that is none is
// named in the account, and no path is made of it.
func TestIDsThatAreNoUUIDs(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.Edges.HostileIDs = true })
	w.CreateReferences()
	w.Start()
	export := w.Export(nil)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	if export.Status.Gaps != 2 {
		t.Errorf("%d gaps, want the conversation and the recording", export.Status.Gaps)
	}
	w.judge(slices.DeleteFunc(w.exportable(), func(r simulator.Recording) bool {
		return strings.Contains(r.ID+r.ConversationID, "..")
	}))
	if got := w.reasons("recordings.csv")["InvalidID"] + w.reasons("conversations.csv")["InvalidID"]; got != 2 {
		t.Errorf("%d lines name them, want 2", got)
	}
	for _, entry := range w.Sim.Journal().Entries() {
		if strings.Contains(entry.Path, "..") {
			t.Errorf("%s was asked for", entry.Path)
		}
	}
}

// reasons counts the lines of a table of the seal by reason.
func (w *story) reasons(table string) map[string]int {
	w.Helper()
	counts := map[string]int{}
	for _, r := range readCSV(w, filepath.Join(w.Archive(), "seals", "1", table)) {
		counts[r["reason"]]++
	}
	return counts
}

// TestUnavailableItemsAreNamed: archived, deleted and unfinished recordings,
// refused and withheld results, metadata that nobody can read.
func TestUnavailableItemsAreNamed(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) {
		o.Edges.Open = 2
		o.Edges.FileStates = map[simulator.FileState]int{simulator.Archived: 3, simulator.Deleted: 1, simulator.Uploading: 1, simulator.Errored: 1}
	})
	calls := w.plainCalls()
	refused, withheld, unreadable, unknown := calls[0], calls[1], calls[2], calls[3]
	w.Sim.InjectFault(simulator.Fault{ConversationID: refused.ConversationID, RecordingID: refused.ID, ResultError: "recording.recording.not.found"})
	w.Sim.InjectFault(simulator.Fault{ConversationID: withheld.ConversationID, RecordingID: withheld.ID, Withhold: true})
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, ConversationID: unreadable.ConversationID, Status: http.StatusGatewayTimeout})
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, ConversationID: unknown.ConversationID, Status: http.StatusNotFound})
	w.CreateReferences()
	w.Start()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.Retry.Deadline = &metav1.Duration{Duration: 5 * time.Second} })
	w.Create(export)
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)

	got := w.reasons("recordings.csv")
	for reason, n := range map[string]int{"Archived": 3, "Deleted": 1, "NotReady": 1, "FileError": 1, "Refused": 1, "NotDelivered": 1} {
		if got[reason] != n {
			t.Errorf("%d recordings are unavailable because of %s, want %d", got[reason], reason, n)
		}
	}
	got = w.reasons("conversations.csv")
	for reason, n := range map[string]int{"ConversationOpen": 2, "MetadataUnreadable": 1, "ConversationNotFound": 1} {
		if got[reason] != n {
			t.Errorf("%d conversations are unavailable because of %s, want %d", got[reason], reason, n)
		}
	}
	if export.Status.Gaps != 12 {
		t.Errorf("%d gaps, want 12", export.Status.Gaps)
	}
	lost := []string{unreadable.ConversationID, unknown.ConversationID}
	w.judge(slices.DeleteFunc(w.exportable(), func(r simulator.Recording) bool {
		return !r.FileState.Downloadable() || r.ID == refused.ID || r.ID == withheld.ID || slices.Contains(lost, r.ConversationID) ||
			w.open(r.ConversationID)
	}))
}

// plainCalls are recordings of calls, each the only one of a conversation that is
// not under legal hold.
func (w *story) plainCalls() []simulator.Recording {
	var out []simulator.Recording
	for _, c := range w.Sim.Dataset().NotHeld().Started(day, day.AddDate(0, 0, 1)).Conversations {
		if len(c.Recordings) == 1 && c.Recordings[0].Medium == simulator.Call && c.Recordings[0].FileState.Downloadable() && !c.End.IsZero() {
			out = append(out, c.Recordings[0])
		}
	}
	return out
}

func (w *story) open(conversationID string) bool {
	c, _ := w.Sim.Dataset().Conversation(conversationID)
	return c.End.IsZero()
}
