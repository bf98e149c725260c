package evidence

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

var day = time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)

// id makes a UUID that ends in n.
func id(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func policy(media ...genesys.Medium) Policy {
	other := slices.ContainsFunc(media, func(m genesys.Medium) bool { return m != genesys.Screen })
	return Policy{
		Slicing: slicing.Spec{Scope: slicing.Include, Screen: slices.Contains(media, genesys.Screen), Other: other},
		Media:   media,
	}
}

func conversation(held bool) Conversation {
	return Conversation{ID: id(1), Start: day, Held: HoldAnswer{Held: held, At: day.Add(time.Hour)}}
}

func recording(n int, medium genesys.Medium, state genesys.FileState) genesys.Recording {
	return genesys.Recording{ID: id(n), Medium: medium, FileState: state, MediaAsReceived: "as received"}
}

// knows answers for every conversation with the same recordings.
func knows(recordings ...genesys.Recording) func(string) Metadata {
	return func(string) Metadata { return Metadata{Recordings: recordings} }
}

func TestTakeInventoryJudgesEachRecording(t *testing.T) {
	hostile := genesys.Recording{ID: "../../etc/passwd\n", Medium: genesys.Call, FileState: genesys.FileAvailable}
	tests := []struct {
		name   string
		in     genesys.Recording
		want   Disposition
		reason string
	}{
		{"available", recording(1, genesys.Call, genesys.FileAvailable), Wanted, ""},
		{"restored", recording(1, genesys.Call, genesys.FileRestored), Wanted, ""},
		{"archived", recording(1, genesys.Call, genesys.FileArchived), Unavailable, ReasonArchived},
		{"deleted", recording(1, genesys.Call, genesys.FileDeleted), Unavailable, ReasonDeleted},
		{"uploading", recording(1, genesys.Call, genesys.FileUploading), Excluded, ReasonMovedToIsolated},
		{"restoring", recording(1, genesys.Call, genesys.FileRestoring), Excluded, ReasonMovedToIsolated},
		{"in error", recording(1, genesys.Call, genesys.FileError), Unavailable, ReasonFileError},
		{"in a state not known", recording(1, genesys.Call, "LOST"), Unavailable, ReasonFileError},
		{"not asked for", recording(1, genesys.Chat, genesys.FileAvailable), Excluded, ReasonMediumNotRequested},
		{"of a medium not known", recording(1, "", genesys.FileAvailable), Unavailable, ReasonUnknownMedium},
		{"with an id that is none", hostile, Unavailable, ReasonInvalidID},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := TakeInventory(policy(genesys.Call), slicing.Standard, []Conversation{conversation(false)}, knows(tt.in))
			if len(got.Recordings) != 1 {
				t.Fatalf("%d recordings", len(got.Recordings))
			}
			if r := got.Recordings[0]; r.Disposition != tt.want || r.Reason != tt.reason {
				t.Errorf("%s, %s; want %s, %s", r.Disposition, r.Reason, tt.want, tt.reason)
			}
		})
	}
}

func TestTakeInventoryListsARecordingOnce(t *testing.T) {
	r := recording(1, genesys.Call, genesys.FileAvailable)
	got := TakeInventory(policy(genesys.Call), slicing.Standard, []Conversation{conversation(false)}, knows(r, r))
	if len(got.Wanted()) != 1 || got.Recordings[1].Reason != ReasonDuplicateID {
		t.Errorf("inventory %+v", got.Recordings)
	}
}

func TestTakeInventoryOfAnUnreadableConversation(t *testing.T) {
	unreadable := func(string) Metadata { return Metadata{Reason: ReasonMetadataUnreadable, Detail: "HTTP 504"} }
	conversations := []Conversation{conversation(true)}
	hold := TakeInventory(policy(genesys.Call, genesys.Screen), slicing.LegalHold, conversations, unreadable)
	screen := TakeInventory(policy(genesys.Call, genesys.Screen), slicing.LegalHoldScreen, conversations, unreadable)
	if c := hold.Conversations[0]; c.Disposition != Unavailable || c.Reason != ReasonMetadataUnreadable || c.Detail != "HTTP 504" {
		t.Errorf("conversation %+v", c)
	}
	if hold.Gaps() != 1 || screen.Gaps() != 0 {
		t.Errorf("gaps %d and %d, want the conversation counted once", hold.Gaps(), screen.Gaps())
	}
}

// TestAHoldThatChanged: the conversation leaves for the lane that is its own now,
// unless it is to stay, or no lane takes it.
func TestAHoldThatChanged(t *testing.T) {
	drifted := conversation(false)
	drifted.HeldLater = HoldAnswer{Held: true, At: day.Add(2 * time.Hour)}
	include, stay, exclude := policy(genesys.Call), policy(genesys.Call), policy(genesys.Call)
	stay.Stay, exclude.Slicing.Scope = true, slicing.Exclude
	tests := map[string]struct {
		policy      Policy
		disposition Disposition
		reason      string
		home        bool
		wanted      int
		listed      int
	}{
		"leaves":                  {include, Excluded, ReasonMovedToHold, false, 0, 0},
		"stays":                   {stay, Exported, "", true, 1, 1},
		"is taken by no lane now": {exclude, Excluded, ReasonHoldScope, true, 0, 1},
	}
	for name, tt := range tests {
		got := TakeInventory(tt.policy, slicing.Standard, []Conversation{drifted}, knows(recording(1, genesys.Call, genesys.FileAvailable)))
		c := got.Conversations[0]
		if c.Disposition != tt.disposition || c.Reason != tt.reason || c.Home != tt.home || len(got.Wanted()) != tt.wanted || len(got.Recordings) != tt.listed {
			t.Errorf("%s: %+v with %d recordings, %d wanted", name, c, len(got.Recordings), len(got.Wanted()))
		}
		if moved := got.CountMoved(); moved != map[bool]int{true: 1}[c.Moved()] {
			t.Errorf("%s: %d moved", name, moved)
		}
	}
}

// TestWhatIsAskedForAgain: only the recordings that were unavailable, in the place
// of the lines of before.
func TestWhatIsAskedForAgain(t *testing.T) {
	c := conversation(false)
	c.Only = []string{id(2)}
	got := TakeInventory(policy(genesys.Call), slicing.Standard, []Conversation{c}, knows(
		recording(1, genesys.Call, genesys.FileAvailable), recording(2, genesys.Call, genesys.FileAvailable), recording(2, genesys.Call, genesys.FileAvailable),
	))
	if len(got.Recordings) != 1 || got.Recordings[0].RecordingID != id(2) || !got.Recordings[0].Retried || got.Conversations[0].Home {
		t.Errorf("inventory %+v", got)
	}
	if replaced := got.Replaced(); replaced != (Replaced{Recordings: 1}) {
		t.Errorf("it replaces %+v", replaced)
	}
}

// TestEveryRecordingIsInOneLane: whatever the media and holds, each recording is
// in the inventory of exactly one of its conversation's lanes.
func TestEveryRecordingIsInOneLane(t *testing.T) {
	all := []genesys.Medium{genesys.Call, genesys.Screen, genesys.Chat, genesys.Email, genesys.Message}
	rapid.Check(t, func(t *rapid.T) {
		media := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 5, rapid.ID).Draw(t, "media")
		p := policy(media...)
		c := conversation(rapid.Bool().Draw(t, "held"))
		var recordings []genesys.Recording
		for n := range rapid.IntRange(0, 8).Draw(t, "recordings") {
			medium := rapid.SampledFrom(append([]genesys.Medium{""}, all...)).Draw(t, "medium")
			recordings = append(recordings, recording(n, medium, genesys.FileAvailable))
		}
		seen, homes := map[string]int{}, 0
		for _, lane := range p.Slicing.Lanes(c.Held.Held) {
			inventory := TakeInventory(p, lane, []Conversation{c}, knows(recordings...))
			if inventory.Conversations[0].Home {
				homes++
			}
			for _, r := range inventory.Recordings {
				seen[r.RecordingID]++
				if r.Disposition == Wanted && c.Held.Held && (r.Medium == genesys.Screen) != (lane == slicing.LegalHoldScreen) {
					t.Fatalf("%s wanted in lane %s", r.Medium, lane)
				}
			}
		}
		if homes != 1 {
			t.Fatalf("the conversation counts in %d lanes", homes)
		}
		for _, r := range recordings {
			if seen[r.ID] != 1 {
				t.Fatalf("%s is in %d inventories", r.Medium, seen[r.ID])
			}
		}
	})
}

func TestSettle(t *testing.T) {
	inventory := TakeInventory(policy(genesys.Call), slicing.Standard, []Conversation{conversation(false)}, knows(
		recording(1, genesys.Call, genesys.FileAvailable), recording(2, genesys.Call, genesys.FileAvailable),
		recording(3, genesys.Call, genesys.FileAvailable), recording(4, genesys.Chat, genesys.FileAvailable),
		recording(5, genesys.Call, genesys.FileAvailable),
	))
	settled := inventory.Settle(map[genesys.RecordingRef]Outcome{
		{ConversationID: id(1), RecordingID: id(1)}: {Files: 2},
		{ConversationID: id(1), RecordingID: id(2)}: {Reason: ReasonRefused, Detail: "archived\x07"},
		{ConversationID: id(1), RecordingID: id(5)}: {Files: 1, Reason: ReasonNotDelivered, Detail: "HTTP 403"},
	})
	want := []Recording{
		{Disposition: Exported, Files: 2},
		{Disposition: Unavailable, Reason: ReasonRefused, Detail: "archived\uFFFD"},
		{Disposition: Unavailable, Reason: ReasonNotDelivered},
		{Disposition: Excluded, Reason: ReasonMediumNotRequested},
		{Disposition: Unavailable, Reason: ReasonNotDelivered, Detail: "HTTP 403", Files: 1},
	}
	identity := cmpopts.IgnoreFields(Recording{}, "ConversationID", "RecordingID", "Medium")
	if diff := cmp.Diff(want, settled.Recordings, identity); diff != "" {
		t.Errorf("settled (-want +got):\n%s", diff)
	}
	if counts := settled.Counts(); counts != (Counts{Exported: 1, Unavailable: 3, Excluded: 1}) || counts.Total() != 4 {
		t.Errorf("counts %+v", counts)
	}
}

// TestSaid: only what Genesys Cloud said may be quoted.
func TestSaid(t *testing.T) {
	for line, want := range map[[2]string]bool{
		{ReasonRefused, "Recording is archived"}: true, {ReasonRefused, NothingSaid}: false, {ReasonRefused, ""}: false,
		{ReasonNotDelivered, "Genesys Cloud returned neither a file nor an error"}: false, {ReasonMetadataUnreadable, "timeout"}: false,
	} {
		if got := Said(line[0], line[1]); got != want {
			t.Errorf("%q of Genesys Cloud's own: %v, want %v", line, got, want)
		}
	}
}
