package story

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/test/world"
)

// inScope lists the recordings of those conversations of the day that match.
func (w *story) inScope(matches func(simulator.Facts) bool) (recordings []simulator.Recording, conversations int) {
	w.Helper()
	all := w.Sim.Dataset().Started(day, day.AddDate(0, 0, 1)).Conversations
	for _, c := range all {
		if matches(w.Sim.Facts(c.ID)) {
			recordings = append(recordings, c.Recordings...)
			conversations++
		}
	}
	if conversations == 0 || conversations == len(all) {
		w.Fatalf("%d of %d conversations match, which shows nothing", conversations, len(all))
	}
	return recordings, conversations
}

// aCall is what analytics knows of some call of the day.
func (w *story) aCall() simulator.Facts {
	w.Helper()
	for _, c := range w.Sim.Dataset().Started(day, day.AddDate(0, 0, 1)).Conversations {
		if facts := w.Sim.Facts(c.ID); c.Medium == simulator.Call && facts.Direction == "outbound" {
			return facts
		}
	}
	w.Fatal("there is no outbound call")
	return simulator.Facts{}
}

// anyIn reports whether a list has any of the values.
func anyIn(list []string, values ...string) bool {
	return slices.ContainsFunc(values, func(value string) bool { return slices.Contains(list, value) })
}

// TestScope: an export with a scope exports what is in scope and nothing else, says so
// wherever it is read, and surveys nothing else.
func TestScope(t *testing.T) {
	const stranger = "99999999-9999-4999-8999-999999999999"
	ids := func(values ...string) (out []v1alpha1.GenesysID) {
		for _, value := range values {
			out = append(out, v1alpha1.GenesysID(value))
		}
		return out
	}
	tests := map[string]struct {
		scope   func(known simulator.Facts) v1alpha1.ConversationScope
		matches func(known, of simulator.Facts) bool
		says    string
	}{
		"queues": {
			func(known simulator.Facts) v1alpha1.ConversationScope {
				return v1alpha1.ConversationScope{QueueIDs: ids(stranger, strings.ToUpper(known.Queues[0]))}
			},
			func(known, of simulator.Facts) bool { return anyIn(of.Queues, known.Queues[0]) },
			"conversations in one of 2 queues",
		},
		"users": {
			func(known simulator.Facts) v1alpha1.ConversationScope {
				return v1alpha1.ConversationScope{UserIDs: ids(known.Users[0])}
			},
			func(known, of simulator.Facts) bool { return anyIn(of.Users, known.Users[0]) },
			"conversations with 1 user",
		},
		"divisions": {
			func(known simulator.Facts) v1alpha1.ConversationScope {
				return v1alpha1.ConversationScope{DivisionIDs: ids(known.Divisions[0])}
			},
			func(known, of simulator.Facts) bool { return anyIn(of.Divisions, known.Divisions[0]) },
			"conversations of 1 division",
		},
		"participants": {
			func(known simulator.Facts) v1alpha1.ConversationScope {
				return v1alpha1.ConversationScope{Participants: []v1alpha1.Participant{v1alpha1.Participant(strings.TrimPrefix(known.ANIs[0], "tel:"))}}
			},
			func(known, of simulator.Facts) bool { return anyIn(of.ANIs, known.ANIs[0]) },
			"conversations with 1 participant",
		},
		"directions": {
			func(simulator.Facts) v1alpha1.ConversationScope {
				return v1alpha1.ConversationScope{Directions: []v1alpha1.Direction{v1alpha1.DirectionOutbound}}
			},
			func(_, of simulator.Facts) bool { return of.Direction == "outbound" },
			"conversations that began outbound",
		},
		"several": {
			func(known simulator.Facts) v1alpha1.ConversationScope {
				return v1alpha1.ConversationScope{
					QueueIDs: ids(known.Queues[0], stranger), DivisionIDs: ids(known.Divisions...), Directions: []v1alpha1.Direction{v1alpha1.DirectionOutbound},
				}
			},
			func(known, of simulator.Facts) bool {
				return anyIn(of.Queues, known.Queues[0]) && anyIn(of.Divisions, known.Divisions[0]) && of.Direction == "outbound"
			},
			"conversations in one of 2 queues, of 1 division, that began outbound",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newStory(t, func(o *simulator.Options) { o.Conversations = 120 })
			w.CreateReferences()
			w.Start()
			known := w.aCall()
			wanted, conversations := w.inScope(func(of simulator.Facts) bool { return tt.matches(known, of) })
			scope := tt.scope(known)
			export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.Scope = &scope })
			w.Create(export)
			w.Await(export, v1alpha1.ReasonComplete)
			w.judge(wanted)
			w.says(export, "limited to "+tt.says)
			if got := export.Status.Survey; got.Conversations != int64(conversations) || got.Excluded != 0 {
				t.Errorf("the surveys found %+v, want %d conversations", got, conversations)
			}
			w.expectReport(w.seals()[0], "The request was limited to "+tt.says+". This archive does not contain the other conversations of the window.")
			w.expectNowhere(export, strings.TrimPrefix(known.ANIs[0], "tel:"))
		})
	}
}

// expectNowhere: a number is neither in the status of an export nor in what its archive says
// about it.
func (w *story) expectNowhere(export *v1alpha1.RecordingExport, number string) {
	w.Helper()
	status, err := json.Marshal(export.Status)
	if err != nil {
		w.Fatal(err)
	}
	texts := map[string]string{"status": string(status)}
	seal := w.seals()[0]
	for _, path := range []string{filepath.Join(w.Archive(), "export.json"), seal + "/account.json", seal + "/report.html", seal + "/certification.txt", seal + "/events.jsonl"} {
		text, err := os.ReadFile(path)
		if err != nil {
			w.Fatal(err)
		}
		texts[path] = string(text)
	}
	for name, text := range texts {
		if strings.Contains(text, number) {
			w.Errorf("%s contains %s", name, number)
		}
	}
}

// TestAScopeThatMatchesNothing ends as an export that says that nothing was exported.
func TestAScopeThatMatchesNothing(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	w.Start()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.Scope = &v1alpha1.ConversationScope{QueueIDs: []v1alpha1.GenesysID{"99999999-9999-4999-8999-999999999999"}}
	})
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
	w.says(export, "nothing was exported: no conversation of the window is in scope; limited to conversations in 1 queue")
	if files := w.storedFiles(); len(files) > 0 {
		t.Errorf("%v are stored and not wanted", files)
	}
	w.sha256sum(w.seals()[0], "manifest-sha256.txt")
	if text, err := os.ReadFile(filepath.Join(w.seals()[0], "VERIFY.txt")); err != nil || strings.Contains(string(text), "bags-sha256.txt") {
		t.Errorf("VERIFY.txt names an empty list of bags, which sha256sum refuses: %v\n%s", err, text)
	}
	w.expectReport(w.seals()[0], "Nothing was exported: no conversation is in the scope of the request.")
}

// TestScopeAndLegalHold: a scope limits each lane, and legalHold.scope what is left.
func TestScopeAndLegalHold(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.Conversations = 120 })
	w.CreateReferences()
	w.Start()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.Scope = &v1alpha1.ConversationScope{Directions: []v1alpha1.Direction{v1alpha1.DirectionOutbound}}
		s.LegalHold.Scope = v1alpha1.HoldOnly
	})
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
	_, conversations := w.inScope(func(of simulator.Facts) bool { return of.Direction == "outbound" })
	var held []simulator.Recording
	n := 0
	for _, c := range w.Sim.Dataset().Started(day, day.AddDate(0, 0, 1)).Held().Conversations {
		if w.Sim.Facts(c.ID).Direction == "outbound" {
			held = append(held, c.Recordings...)
			n++
		}
	}
	w.judge(held)
	if got := export.Status.Survey; n == 0 || n == conversations || got.Held != int64(n) || got.Excluded != int64(conversations-n) {
		t.Errorf("the surveys found %+v, want %d conversations, %d of them held", got, conversations, n)
	}
}

// TestAConversationComesIntoScope after it was surveyed: one that has not ended may, so that
// it is waited for. One that has not come into scope by its end is accounted for.
func TestAConversationComesIntoScope(t *testing.T) {
	const queue = "99999999-9999-4999-8999-999999999999"
	day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -2)
	w := newStory(t, func(o *simulator.Options) { o.Start, o.Edges.Open, o.SettleLag = day, 2, 0 })
	w.CreateReferences()
	// It is not checked again before the clock says so, however slow the machine is.
	w.Start(func(o *operator.Options) { o.Intervals.Export.Reask = time.Hour })
	var open []simulator.Conversation
	for _, c := range w.Sim.Dataset().Conversations {
		if c.End.IsZero() {
			open = append(open, c)
		}
	}
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.Scope = &v1alpha1.ConversationScope{QueueIDs: []v1alpha1.GenesysID{queue}}
		s.SettleAfter = &metav1.Duration{}
		s.Window = world.Window(day, day.AddDate(0, 0, 1))
	})
	w.Create(export)
	w.Await(export, v1alpha1.ReasonAwaitingConversationEnd)
	if got := export.Status.Survey.Deferred; got != 2 {
		t.Fatalf("%d conversations are waited for, want 2", got)
	}
	if err := w.Sim.MoveToQueue(open[0].ID, queue); err != nil {
		t.Fatal(err)
	}
	for _, c := range open {
		if err := w.Sim.EndConversation(c.ID, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	w.Clock.Advance(time.Hour)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(open[0].Recordings)
	if got := export.Status; got.Scope.OutOfScope != 1 || got.Survey.Excluded != 1 || got.Survey.Conversations != 2 || got.Gaps != 0 {
		t.Errorf("status %+v, %+v", got.Survey, got.Scope)
	}
	if got := w.accountOf(open[1].ID); got["disposition"] != "Excluded" || got["reason"] != "OutOfScope" {
		t.Errorf("the conversation that did not come into scope is %v", got)
	}
}

// accountOf is the line of the first seal about a conversation, by column.
func (w *story) accountOf(conversation string) map[string]string {
	w.Helper()
	table, err := os.Open(filepath.Join(w.seals()[0], "conversations.csv"))
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = table.Close() }()
	lines, err := csv.NewReader(table).ReadAll()
	if err != nil {
		w.Fatal(err)
	}
	for _, line := range lines {
		if line[0] != conversation {
			continue
		}
		row := map[string]string{}
		for i, column := range lines[0] {
			row[column] = line[i]
		}
		return row
	}
	return nil
}

// named is a scope of conversations.
func named(ids ...string) *v1alpha1.ConversationScope {
	scope := &v1alpha1.ConversationScope{}
	for _, id := range ids {
		scope.ConversationIDs = append(scope.ConversationIDs, v1alpha1.GenesysID(id))
	}
	return scope
}

// TestOneNamedConversation costs a handful of calls, however long the window is: at most 12,
// with the login.
func TestOneNamedConversation(t *testing.T) {
	const most = 12
	w := newStory(t, nil)
	calls := w.plainCalls()
	w.CreateReferences()
	w.Start()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.Scope = named(strings.ToUpper(calls[0].ConversationID))
		s.Window = world.Window(day.AddDate(0, 0, -10), day.AddDate(0, 0, 20))
	})
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
	w.says(export, "limited to 1 named conversation")
	conversation, _ := w.Sim.Dataset().Conversation(calls[0].ConversationID)
	w.judge(conversation.Recordings)
	var made []string
	for _, call := range w.Sim.Journal().Entries() {
		made = append(made, call.Route)
	}
	t.Logf("an export of one conversation takes %d calls: %s", len(made), strings.Join(made, ", "))
	if len(made) > most {
		t.Errorf("%d calls, want at most %d", len(made), most)
	}
}

// TestNamedConversations: each is accounted for, whatever became of it, and no other.
func TestNamedConversations(t *testing.T) {
	const unknown = "99999999-9999-4999-8999-999999999999"
	w := newStory(t, func(o *simulator.Options) { o.Days = 2 })
	plain := w.plainCalls()[0].ConversationID
	held := w.Sim.Dataset().Held().Started(day, day.AddDate(0, 0, 1)).Conversations[0]
	late := w.plainCalls()[1].ConversationID
	after := w.Sim.Dataset().Started(day.AddDate(0, 0, 1), day.AddDate(0, 0, 2)).Conversations[0].ID
	if err := w.Sim.SetListed(late, false); err != nil {
		t.Fatal(err)
	}
	w.CreateReferences()
	w.Start()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.Scope = named(plain, held.ID, unknown, late, after) })
	w.Create(export)
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	w.says(export, "limited to 5 named conversations; 1 of them not found at Genesys Cloud; 1 of them did not start in the window")
	conversation, _ := w.Sim.Dataset().Conversation(plain)
	listedLate, _ := w.Sim.Dataset().Conversation(late)
	w.judge(slices.Concat(conversation.Recordings, held.Recordings, listedLate.Recordings))
	for id, want := range map[string]string{
		plain: "Exported ", held.ID: "Exported ", unknown: "Unavailable ConversationNotFound", late: "Exported ", after: "Excluded OutsideWindow",
	} {
		if got := w.accountOf(id); got["disposition"]+" "+got["reason"] != want {
			t.Errorf("conversation %s is %v, want %s", id, got, want)
		}
	}
	if got := export.Status; got.Gaps != 1 || got.Scope.NotFound != 1 || got.Scope.OutsideWindow != 1 || got.Survey.Conversations != 5 || got.Survey.Held != 1 {
		t.Errorf("status %+v, %+v, gaps %d", got.Survey, got.Scope, got.Gaps)
	}
}

// TestNamedConversationsThatCannotBeLookedUp are searched with an analytics job, which knows
// older ones.
func TestNamedConversationsThatCannotBeLookedUp(t *testing.T) {
	w := newStory(t, nil)
	call := w.plainCalls()[0].ConversationID
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteDetails, Status: http.StatusNotFound})
	w.CreateReferences()
	w.Start()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.Scope = named(call, "99999999-9999-4999-8999-999999999999")
		s.Window = world.Window(day.AddDate(0, 0, -40), day.AddDate(0, 0, 2))
	})
	w.Create(export)
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	conversation, _ := w.Sim.Dataset().Conversation(call)
	w.judge(conversation.Recordings)
	if got := export.Status.Scope; got.NotFound != 1 {
		t.Errorf("scope %+v, want one conversation that was not found", got)
	}
	w.expectJobs(2, 2)
}

// TestNamedConversationsOfAQueue: what the other fields of a scope leave out is accounted for.
func TestNamedConversationsOfAQueue(t *testing.T) {
	w := newStory(t, nil)
	calls := w.plainCalls()
	facts := w.Sim.Facts(calls[0].ConversationID)
	i := slices.IndexFunc(calls, func(r simulator.Recording) bool { return !anyIn(w.Sim.Facts(r.ConversationID).Queues, facts.Queues...) })
	other := calls[i].ConversationID
	w.CreateReferences()
	w.Start()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.Scope = named(calls[0].ConversationID, other)
		s.Scope.QueueIDs = []v1alpha1.GenesysID{v1alpha1.GenesysID(facts.Queues[0])}
	})
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
	conversation, _ := w.Sim.Dataset().Conversation(calls[0].ConversationID)
	w.judge(conversation.Recordings)
	if got := w.accountOf(other); got["disposition"] != "Excluded" || got["reason"] != "OutOfScope" {
		t.Errorf("the conversation of another queue is %v", got)
	}
}
