package evidence

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// TestWhatIsNotReadyIsIsolated: a recording that has to be waited for leaves its
// slice, and is waited for in the lane Isolated.
func TestWhatIsNotReadyIsIsolated(t *testing.T) {
	none, some := 0, 3
	tests := map[string]struct {
		lane     slicing.Lane
		state    genesys.FileState
		restores bool
		left     *int
		want     Disposition
		reason   string
	}{
		"uploading":                             {slicing.LegalHold, genesys.FileUploading, false, nil, Excluded, ReasonMovedToIsolated},
		"uploading, isolated":                   {slicing.Isolated, genesys.FileUploading, false, nil, Unavailable, ReasonNotReady},
		"restoring":                             {slicing.LegalHold, genesys.FileRestoring, true, nil, Excluded, ReasonMovedToIsolated},
		"archived":                              {slicing.LegalHold, genesys.FileArchived, false, &some, Unavailable, ReasonArchived},
		"archived, to be restored":              {slicing.LegalHold, genesys.FileArchived, true, &some, Excluded, ReasonMovedToIsolated},
		"archived, quota unknown":               {slicing.LegalHold, genesys.FileArchived, true, nil, Excluded, ReasonMovedToIsolated},
		"archived, quota used up":               {slicing.LegalHold, genesys.FileArchived, true, &none, Unavailable, ReasonRestorationQuota},
		"archived, to be restored and isolated": {slicing.Isolated, genesys.FileArchived, true, &some, Unavailable, ReasonArchived},
		"deleted":                               {slicing.LegalHold, genesys.FileDeleted, true, nil, Unavailable, ReasonDeleted},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := policy(genesys.Call)
			p.Restores = tt.restores
			metadata := func(string) Metadata {
				return Metadata{Recordings: []genesys.Recording{recording(1, genesys.Call, tt.state)}, RestorationsLeft: tt.left}
			}
			got := TakeInventory(p, tt.lane, []Conversation{conversation(true)}, metadata)
			if r := got.Recordings[0]; r.Disposition != tt.want || r.Reason != tt.reason {
				t.Errorf("%s, %s; want %s, %s", r.Disposition, r.Reason, tt.want, tt.reason)
			}
			if left := got.Recordings[0].MovedToIsolated(); left && got.Counts().Found() != 0 {
				t.Errorf("a recording that left is counted: %+v", got.Counts())
			}
		})
	}
}

// TestAConversationThatIsIsolated is accounted for by the slice that it comes in,
// with all of its recordings whatever their medium, and by no other.
func TestAConversationThatIsIsolated(t *testing.T) {
	p := policy(genesys.Call, genesys.Screen)
	unread := func(string) Metadata { return Metadata{Reason: ReasonMovedToIsolated, Detail: "HTTP 504"} }
	for _, lane := range []slicing.Lane{slicing.LegalHold, slicing.LegalHoldScreen} {
		left := TakeInventory(p, lane, []Conversation{conversation(true)}, unread)
		conversations, _ := left.CountIsolated()
		if c := left.Conversations[0]; c.Home || c.Disposition != Excluded || conversations != 1 || left.Gaps() != 0 {
			t.Errorf("%s: %+v", lane, c)
		}
	}
	all := knows(recording(1, genesys.Call, genesys.FileAvailable), recording(2, genesys.Screen, genesys.FileAvailable), recording(3, genesys.Chat, genesys.FileAvailable))
	got := TakeInventory(p, slicing.Isolated, []Conversation{conversation(true)}, all)
	if !got.Conversations[0].Home || len(got.Recordings) != 3 || len(got.Wanted()) != 2 {
		t.Errorf("isolated: %+v", got)
	}
}

// TestRecordingsThatAreIsolated stay part of the account of the conversation that
// they left: it lists as many recordings as its bags account for.
func TestRecordingsThatAreIsolated(t *testing.T) {
	p, all := policy(genesys.Call), knows(recording(1, genesys.Call, genesys.FileAvailable), recording(2, genesys.Call, genesys.FileAvailable))
	first := TakeInventory(p, slicing.Standard, []Conversation{conversation(false)}, all)
	first = first.Settle(map[genesys.RecordingRef]Outcome{
		first.Recordings[0].Ref(): {Files: 1},
		first.Recordings[1].Ref(): {Reason: ReasonMovedToIsolated, Detail: "try again"},
	})
	if _, left := first.CountIsolated(); left != 1 || first.Counts() != (Counts{Exported: 1}) || first.Gaps() != 0 {
		t.Errorf("the batch that it left: %+v", first.Recordings)
	}
	c := conversation(false)
	c.Only, c.Left = []string{id(2)}, true
	second := TakeInventory(p, slicing.Isolated, []Conversation{c}, all)
	second = second.Settle(map[genesys.RecordingRef]Outcome{second.Recordings[0].Ref(): {Files: 1}})
	if second.Conversations[0].Home || second.Counts() != (Counts{Exported: 1}) || second.Replaced().Sum() != 0 {
		t.Errorf("the batch that it comes in: %+v", second)
	}
}

// TestWhatIsNotListedAnyMore: each recording that left a batch has a line in the one
// that it comes in, whatever Genesys Cloud lists by then.
func TestWhatIsNotListedAnyMore(t *testing.T) {
	c := conversation(false)
	c.Only, c.Left, c.Media = []string{id(2), id(3)}, true, []genesys.Medium{genesys.Call, genesys.Screen}
	drifted := c
	drifted.HeldLater = HoldAnswer{Held: true, At: day}
	p, exclude := policy(genesys.Call, genesys.Screen), policy(genesys.Call, genesys.Screen)
	exclude.Slicing.Scope = slicing.Exclude
	retried := c
	retried.Left = false
	one := knows(recording(2, genesys.Call, genesys.FileAvailable))
	none := func(string) Metadata { return Metadata{Reason: ReasonMetadataUnreadable, Detail: "HTTP 504"} }
	first := Recording{ConversationID: c.ID, RecordingID: id(2), Medium: genesys.Call, Disposition: Wanted}
	second := Recording{ConversationID: c.ID, RecordingID: id(3), Medium: genesys.Screen, Disposition: Unavailable, Reason: ReasonRecordingUnknown}
	lost := func(r Recording, d Disposition, reason, detail string) Recording {
		r.Disposition, r.Reason, r.Detail = d, reason, detail
		return r
	}
	again := func(r Recording) Recording {
		r.Retried = true
		return r
	}
	tests := map[string]struct {
		policy       Policy
		conversation Conversation
		metadata     func(string) Metadata
		want         []Recording
	}{
		"one of two is listed": {p, c, one, []Recording{first, second}},
		"nothing can be read": {p, c, none, []Recording{
			lost(first, Unavailable, ReasonMetadataUnreadable, "HTTP 504"), lost(second, Unavailable, ReasonMetadataUnreadable, "HTTP 504"),
		}},
		"the scope leaves them out": {exclude, drifted, one, []Recording{
			lost(first, Excluded, ReasonHoldScope, ""), lost(second, Excluded, ReasonHoldScope, ""),
		}},
		"of a retry, one of two is listed": {p, retried, one, []Recording{again(first)}},
		"of a retry, nothing can be read": {p, retried, none, []Recording{
			again(lost(first, Unavailable, ReasonMetadataUnreadable, "HTTP 504")), again(lost(second, Unavailable, ReasonMetadataUnreadable, "HTTP 504")),
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := TakeInventory(tt.policy, slicing.Isolated, []Conversation{tt.conversation}, tt.metadata)
			if diff := cmp.Diff(tt.want, got.Recordings); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestTheScopeAppliesToWhatIsIsolated: a conversation that came under hold while it
// was isolated stays isolated, but is not exported if the scope leaves it out.
func TestTheScopeAppliesToWhatIsIsolated(t *testing.T) {
	drifted := conversation(false)
	drifted.HeldLater = HoldAnswer{Held: true, At: day}
	for scope, want := range map[slicing.Scope]Disposition{slicing.Include: Wanted, slicing.Exclude: Excluded} {
		p := policy(genesys.Call)
		p.Slicing.Scope = scope
		got := TakeInventory(p, slicing.Isolated, []Conversation{drifted}, knows(recording(1, genesys.Call, genesys.FileAvailable)))
		if got.Recordings[0].Disposition != want || got.Conversations[0].Moved() || !got.Conversations[0].Home {
			t.Errorf("%s: %+v", scope, got)
		}
		if want == Wanted && !got.HeldHere()[drifted.ID] {
			t.Errorf("%s: it is not stored under legal hold", scope)
		}
	}
}

// TestARetryOfWhichAllIsIsolated closes the gap that it was in its lane: the account
// adds up, and a bag of the lane Isolated accounts for the recording.
func TestARetryOfWhichAllIsIsolated(t *testing.T) {
	for name, unread := range map[string]bool{"a recording": false, "one of a conversation that cannot be read": true} {
		t.Run(name, func(t *testing.T) { retryIsIsolated(t, unread) })
	}
}

// retryIsIsolated isolates what a retry is about: the recording, or its conversation
// because its metadata cannot be read.
func retryIsIsolated(t *testing.T, unread bool) {
	t.Helper()
	root := t.TempDir()
	first := sampleSeal(t, root)
	account, digest, err := first.Write(t.Context(), os.DirFS(root), creator(root))
	if err != nil {
		t.Fatal(err)
	}
	retried, left := conversation(false), conversation(false)
	retried.Only, retried.Media = []string{id(13)}, []genesys.Medium{genesys.Call}
	all := knows(recording(13, genesys.Call, genesys.FileRestored))
	learned, later := all, all
	if unread {
		learned = func(string) Metadata { return Metadata{Reason: ReasonMovedToIsolated, Detail: "HTTP 504"} }
	}
	left.Only, left.Left = []string{id(13)}, true
	for name, bag := range map[string]struct {
		lane     slicing.Lane
		of       Conversation
		metadata func(string) Metadata
		ends     Outcome
	}{
		"again":    {slicing.Standard, retried, learned, Outcome{Reason: ReasonMovedToIsolated}},
		"isolated": {slicing.Isolated, left, later, Outcome{Files: 1}},
	} {
		inventory := TakeInventory(policy(genesys.Call), bag.lane, []Conversation{bag.of}, bag.metadata)
		ends := map[genesys.RecordingRef]Outcome{}
		for _, ref := range inventory.Wanted() {
			ends[ref] = bag.ends
		}
		sealed := Bag{Inventory: inventory.Settle(ends), Metadata: func(string) ([]byte, error) { return nil, nil }}
		folder := filepath.Join(root, "bags", name)
		if _, err := sealed.Seal(t.Context(), os.DirFS(folder), creator(folder)); err != nil {
			t.Fatal(err)
		}
	}
	second := first
	second.Number, second.Former, second.Surveyed, second.Unbatched = 2, &Former{account, digest}, 0, nil
	second.Bags = []BagRef{{Name: "again", Lane: slicing.Standard}, {Name: "isolated", Lane: slicing.Isolated}}
	now, _, err := second.Write(t.Context(), os.DirFS(root), creator(root))
	if err != nil {
		t.Fatal(err)
	}
	if now.Totals() != (Counts{Exported: 2, Excluded: 1}) || now.Gaps != account.Gaps-1 {
		t.Errorf("account %+v, gaps %d of %d", now.Totals(), now.Gaps, account.Gaps)
	}
	gaps, err := ReadGaps(os.DirFS(root), 2)
	if err != nil || len(gaps) != 0 {
		t.Errorf("gaps %+v, %v", gaps, err)
	}
}

// TestASummaryCountsWhatIsolationLeft: a bag says what left it, and counts none of it.
func TestASummaryCountsWhatIsolationLeft(t *testing.T) {
	inventory := Inventory{
		Lane: slicing.Standard,
		Conversations: []Conversation{
			{ID: id(1), Start: day, Home: true, Recordings: 2, Disposition: Exported},
			{ID: id(2), Start: day, Disposition: Excluded, Reason: ReasonMovedToIsolated},
		},
		Recordings: []Recording{
			{ConversationID: id(1), RecordingID: id(11), Medium: genesys.Call, Disposition: Exported, Files: 1},
			{ConversationID: id(1), RecordingID: id(12), Medium: genesys.Call, Disposition: Excluded, Reason: ReasonMovedToIsolated},
		},
	}
	root := t.TempDir()
	bag := Bag{Inventory: inventory, Metadata: func(string) ([]byte, error) { return nil, nil }}
	if _, err := bag.Seal(t.Context(), os.DirFS(root), creator(root)); err != nil {
		t.Fatal(err)
	}
	got, err := ReadSummary(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if got.Isolated != 1 || got.IsolatedRecordings != 1 || got.Moved != 0 || got.Conversations != 1 || got.SumOfMedia().Found() != 1 || got.Gaps != 0 {
		t.Errorf("summary %+v", got)
	}
}
