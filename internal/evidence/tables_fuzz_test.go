package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"iter"
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzTables reads tables that somebody else wrote: rows, or one error at the end.
func FuzzTables(f *testing.F) {
	for _, columns := range [][]string{conversationColumns, indexColumns, fileColumns} {
		f.Add(strings.Join(columns, ","))
		f.Add(strings.Join(columns, ",") + "\n" + strings.Repeat("1,", len(columns)-1) + "1\n")
	}
	f.Add("conversation_id,start\n\"a\n")
	f.Fuzz(func(t *testing.T, table string) {
		drain(t, ReadConversations(strings.NewReader(table)))
		drain(t, ReadIndex(strings.NewReader(table)))
		drain(t, ReadFiles(strings.NewReader(table)))
		bag := fstest.MapFS{}
		for _, path := range []string{BagDeclaration, tagManifest, ConversationsTable, IndexTable, FilesTable} {
			bag[path] = &fstest.MapFile{Data: []byte(table)}
		}
		if summary, err := ReadSummary(bag); errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a sealed bag is said to be missing: %+v, %v", summary, err)
		}
	})
}

func drain[T any](t *testing.T, rows iter.Seq2[T, error]) {
	ended := false
	for _, err := range rows {
		if ended {
			t.Error("a row after an error")
		}
		ended = err != nil
	}
}

// FuzzDetailCell: what is written of a detail is read again, and a
// spreadsheet runs none of it.
func FuzzDetailCell(f *testing.F) {
	for _, text := range []string{"=cmd()", "a,b", "\"", "\r\n", "@x", "é"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var table bytes.Buffer
		detail := Printable(text, 80)
		if err := WriteIndex(&table, "Standard", []Recording{{ConversationID: id(1), RecordingID: id(2), Detail: detail}}); err != nil {
			t.Fatal(err)
		}
		for r, err := range ReadIndex(&table) {
			if err != nil || strings.TrimPrefix(r.Detail, "'") != strings.TrimPrefix(detail, "'") {
				t.Errorf("%q was read as %q, %v", detail, r.Detail, err)
			}
			if strings.HasPrefix(r.Detail, "=") || strings.HasPrefix(r.Detail, "@") {
				t.Errorf("%q is a formula", r.Detail)
			}
		}
	})
}

// FuzzGaps reads seals that somebody else wrote.
func FuzzGaps(f *testing.F) {
	f.Add("bag,lane\nb,Standard\n", "conversation_id,start,disposition,retried,bag\nc,2023-10-01T00:00:00Z,Unavailable,false,b\n",
		"conversation_id,recording_id,lane,disposition,reason,retried\nc,r,Standard,Unavailable,Refused,false\n")
	f.Add("", "a\n\"", "a,a\n1\n")
	f.Fuzz(func(t *testing.T, bags, conversationTable, recordingTable string) {
		root := fstest.MapFS{
			SealFolder(1) + "/" + bagTable: {Data: []byte(bags)}, SealFolder(1) + "/" + conversations: {Data: []byte(conversationTable)},
			SealFolder(1) + "/" + recordings: {Data: []byte(recordingTable)},
		}
		gaps, err := ReadGaps(root, 1)
		if err != nil && len(gaps) > 0 {
			t.Errorf("%d gaps and %v", len(gaps), err)
		}
		seen := map[gapKey]bool{}
		for _, gap := range gaps {
			key := gapKey{gap.ConversationID, gap.Lane}
			if seen[key] {
				t.Errorf("%v is a gap twice", key)
			}
			seen[key] = true
		}
	})
}

// FuzzReadSeal reads accounts that somebody else wrote; one that is read can be
// carried on.
func FuzzReadSeal(f *testing.F) {
	good, err := json.Marshal(Account{Number: 1, Lanes: []LaneAccount{{Lane: "Standard"}}, Recordings: []RecordingAccount{{Lane: "Standard"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"number":-1,"lanes":[{"lane":"Fast","bags":-1}],"recordings":null,"checks":[{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		root := fstest.MapFS{SealFolder(1) + "/" + AccountFile: {Data: body}, SealFolder(1) + "/" + payloadManifest: {}}
		account, digest, err := ReadSeal(root, 1)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Errorf("%v is not said to be corrupt", err)
			}
			return
		}
		next := Seal{Number: 2, Former: &Former{account, digest}}
		if drawn, _ := next.account(nil); drawn.Number != 2 || drawn.Former.Digest != digest {
			t.Errorf("carried on as %+v", drawn)
		}
	})
}
