package artifacts

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// found is an archive with one artifact that somebody else wrote.
type found struct{ fstest.MapFS }

func (f found) FS(context.Context) fs.FS { return f.MapFS }

func (found) Create(context.Context, string, func(io.Writer) error) error { return fs.ErrExist }

func (found) Remove(context.Context, string) error { return nil }

// FuzzGet reads every form from the same bytes: a value, or an error that is not
// taken for there being none.
func FuzzGet(f *testing.F) {
	for _, body := range []string{
		``, `null`, `{}`, `[]`, `{"at":"2023-10-01T00:00:00Z","by":"a","asked":true,"held":["x"]}`,
		`{"day":"2023-10-01T00:00:00Z","pass":-1,"conversations":[{"id":"x","start":"9999-01-01T00:00:00Z","held":true}],"open":null}`,
		`{"surveyed":{"day":"2023-10-01T00:00:00Z"},"slices":[{"name":"../x","lane":"Fast","conversations":-1}]}`,
		`{"body":"AAAA","recordings":[{}]}`, `{"lane":"LegalHold","conversations":[{"id":"x","only":["y"]}],"recordings":[]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		store := found{fstest.MapFS{HoldKey("g"): {Data: body}}}
		get[AnalyticsJob](t, store)
		get[FailedJob](t, store)
		get[Owner](t, store)
		get[Survey](t, store)
		get[Entry](t, store)
		get[PlanBundle](t, store)
		get[Slice](t, store)
		get[Metadata](t, store)
		get[Request](t, store)
		get[StoredFile](t, store)
		get[Run](t, store)
		get[evidence.ExportRecord](t, store)
		hold := get[Hold](t, store)
		hold.Answer([]evidence.Conversation{{ID: "x"}})
		inventory := get[Inventory](t, store)
		if settled := inventory.Settle(nil); len(settled.Wanted()) > 0 || settled.Gaps() < 0 || settled.CountMoved() > len(settled.Conversations) {
			t.Errorf("settled %+v", settled)
		}
	})
}

func get[T any](t *testing.T, store archive.Store) T {
	value, err := Get[T](t.Context(), store, HoldKey("g"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%T is said to be missing: %v", value, err)
	}
	return value
}

// FuzzKeys: ids become keys that stay in the archive and do not collide, or are not ids.
func FuzzKeys(f *testing.F) {
	f.Add("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002", "standard-20231001t000000z", 1)
	f.Add("../../escape", "a/b", "..", 0)
	f.Add("00000000-0000-4000-8000-000000000001\n", "", "case-1-standard", 100)
	f.Fuzz(func(t *testing.T, conversation, recording, name string, number int) {
		if strings.Contains(name, "/") || archive.CheckKey(name) != nil || !genesys.ValidID(conversation) || !genesys.ValidID(recording) {
			return
		}
		number = max(0, number%10_000)
		ref, other := genesys.RecordingRef{ConversationID: conversation, RecordingID: recording}, genesys.RecordingRef{ConversationID: recording, RecordingID: conversation}
		seen := map[string]string{}
		for what, key := range map[string]string{
			"slice": SliceKey(name), "inventory": InventoryKey(name), "outcome": OutcomeKey(name), "hold": HoldKey(name),
			"metadata": MetadataKey(name, conversation), "request": RequestKey(name, number, 1), "run": RunKey(name, name),
			"file": FileKey(name, ref, number), "next file": FileKey(name, ref, number+1), "job": JobKey(number, time.Unix(int64(number), 0)), "failed job": FailedJobKey(number, time.Unix(int64(number), 0), number),
			"survey": SurveyKey(number, time.Unix(int64(number), 0)), "entry": EntryKey(number), "bundle": PlanBundleKey(number), "owner": OwnerKey(number),
			"bag": evidence.BagFolder(name) + "/" + evidence.RecordingPath(conversation, recording, number, "wav"),
		} {
			if err := archive.CheckKey(key); err != nil && len(name) < 200 {
				t.Errorf("%s: %v", what, err)
			}
			if there, taken := seen[key]; taken {
				t.Errorf("%s and %s are both %s", what, there, key)
			}
			seen[key] = what
		}
		if conversation != recording && FileKey(name, ref, number) == FileKey(name, other, number) {
			t.Errorf("%v and %v share a key", ref, other)
		}
	})
}
