package bulk

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const (
	organization  = "0b000000-0000-4000-8000-00000000000a"
	conversationA = "c0000000-0000-4000-8000-00000000000a"
	conversationB = "c0000000-0000-4000-8000-00000000000b"
	recordingA    = "a0000000-0000-4000-8000-00000000000a"
	recordingB    = "a0000000-0000-4000-8000-00000000000b"
)

func TestFolders(t *testing.T) {
	got := Folders(organization, []Conversation{
		{conversationA, time.Date(2023, 1, 5, 2, 59, 59, 0, time.FixedZone("x", -7200))},
		{conversationB, time.Date(2023, 1, 5, 4, 0, 0, 0, time.UTC)},
		{"x", time.Date(2023, 11, 15, 14, 0, 0, 0, time.UTC)},
	})
	want := []string{
		organization + "/year=2023/month=01/day=05/hour=04/",
		organization + "/year=2023/month=1/day=05/hour=04/",
		organization + "/year=2023/month=1/day=5/hour=4/",
		organization + "/year=2023/month=11/day=15/hour=14/",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// key is that of an object of a conversation.
func key(conversation, name string) string {
	return organization + "/year=2023/month=1/day=5/hour=4/conversation_id=" + conversation + "/" + name
}

func object(conversation, name string, size int64) Object {
	return Object{Key: key(conversation, name), Size: size, ETag: fmt.Sprintf("%q", name)}
}

// TestEncryptedWith: a key of the bucket's server hides that somebody has encrypted the file before.
func TestEncryptedWith(t *testing.T) {
	for _, tt := range []struct {
		by   Encryption
		key  string
		want Encryption
	}{{Plain, "", Plain}, {Plain, "arn:aws:kms:x", KMS}, {PGP, "", PGP}, {PGP, "arn:aws:kms:x", PGP}} {
		if got := (File{Encryption: tt.by}).EncryptedWith(tt.key); got != tt.want {
			t.Errorf("%q with the key %q is %q", tt.by, tt.key, got)
		}
	}
}

func TestFindObjects(t *testing.T) {
	copied := object(conversationA, recordingA+"_1.opus", 7)
	copied.ETag = object(conversationA, recordingA+".opus", 7).ETag
	rewritten := object(conversationA, recordingA+".opus", 9)
	rewritten.ETag = "later"
	capitals := Object{Key: strings.ToUpper(organization) + "/conversation_id=" + strings.ToUpper(conversationA) + "/" + strings.ToUpper(recordingA) + ".OPUS", Size: 7}
	metadata := func(name string) string { return key(conversationA, name+"_metadata.json") }
	plain := object(conversationA, recordingA+".opus", 7)
	tests := map[string]struct {
		objects []Object
		want    Found
	}{
		"nothing": {nil, Found{}},
		"a file and its metadata": {
			[]Object{plain, object(conversationA, recordingA+".opus_metadata.json", 3)},
			Found{Files: []File{{Object: plain, Metadata: metadata(recordingA + ".opus")}}},
		},
		"metadata without the file's extension": {
			[]Object{plain, object(conversationA, recordingA+"_metadata.json", 3)},
			Found{Files: []File{{Object: plain, Metadata: metadata(recordingA)}}},
		},
		"metadata with and without the file's extension": {
			[]Object{plain, object(conversationA, recordingA+"_metadata.json", 3), object(conversationA, recordingA+".opus_metadata.json", 3)},
			Found{Files: []File{{Object: plain, Metadata: metadata(recordingA + ".opus")}}},
		},
		"metadata of another file": {
			[]Object{plain, object(conversationA, recordingA+".wav_metadata.json", 3), object(conversationA, recordingB+".opus_metadata.json", 3)},
			Found{Files: []File{{Object: plain}}},
		},
		"a file without metadata": {[]Object{plain}, Found{Files: []File{{Object: plain}}}},
		"metadata without a file": {[]Object{object(conversationA, recordingA+".opus_metadata.json", 3)}, Found{}},
		"a file without extension": {[]Object{object(conversationA, recordingA, 7)},
			Found{Files: []File{{Object: object(conversationA, recordingA, 7)}}}},
		"several files, each with metadata": {
			[]Object{
				object(conversationA, recordingA+"_1.opus", 8), object(conversationA, recordingA+"_1.opus_metadata.json", 3), plain,
				object(conversationA, recordingA+".opus_metadata.json", 3),
			},
			Found{Files: []File{
				{Object: plain, Metadata: metadata(recordingA + ".opus")},
				{Object: object(conversationA, recordingA+"_1.opus", 8), Metadata: metadata(recordingA + "_1.opus")},
			}},
		},
		"the same content twice": {[]Object{copied, plain}, Found{Files: []File{{Object: plain}}, Doubled: []Object{copied}}},
		"listed twice":           {[]Object{plain, plain}, Found{Files: []File{{Object: plain}}}},
		"overwritten between":    {[]Object{plain, rewritten}, Found{Files: []File{{Object: rewritten}}}},
		"a PGP key": {
			[]Object{object(conversationA, recordingA+".opus.pgp", 7), object(conversationA, recordingA+".opus_metadata.json", 3)},
			Found{Files: []File{{Object: object(conversationA, recordingA+".opus.pgp", 7), Metadata: metadata(recordingA + ".opus"), Encryption: PGP}}},
		},
		"a PGP key, also for metadata": {
			[]Object{object(conversationA, recordingA+".opus.gpg", 7), object(conversationA, recordingA+".opus.gpg_metadata.json.gpg", 3)},
			Found{Files: []File{{
				Object: object(conversationA, recordingA+".opus.gpg", 7), Metadata: key(conversationA, recordingA+".opus.gpg_metadata.json.gpg"), Encryption: PGP,
			}}},
		},
		"in capitals": {[]Object{capitals}, Found{Files: []File{{Object: capitals}}}},
		"what is not this recording": {[]Object{
			object(conversationA, recordingB+".opus", 7), object(conversationB, recordingA+".opus", 7), object(conversationA, recordingA+"x.opus", 7),
			object(conversationA, conversationA+".opus_call_metadata.json", 7), object(conversationA, conversationA+"-"+recordingA+".transcript.json", 7),
			object(conversationA, "", 0), object(conversationA, recordingA+".opus/x", 7), {Key: recordingA + ".opus"}, {Key: ""}, {Key: "/"},
		}, Found{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.want.Recording = Recording{conversationA, recordingA}
			got := FindObjects([]Recording{{conversationA, recordingA}}, tt.objects)
			if diff := cmp.Diff([]Found{tt.want}, got); diff != "" || got[0].Missing() != (len(tt.want.Files) == 0) {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestOtherSize(t *testing.T) {
	for name, tt := range map[string]struct {
		size, said int64
		encryption Encryption
		want       bool
	}{
		"as said":                {7, 7, Plain, false},
		"not said":               {7, -1, Plain, false},
		"shorter":                {6, 7, Plain, true},
		"longer":                 {8, 7, KMS, true},
		"empty":                  {0, -1, Plain, true},
		"empty, as said":         {0, 0, Plain, true},
		"encrypted and longer":   {300, 7, PGP, false},
		"encrypted and empty":    {0, 7, PGP, true},
		"encrypted by the store": {7, 7, KMS, false},
	} {
		if got := (File{Object: Object{Size: tt.size}, Encryption: tt.encryption}).OtherSize(tt.said); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestReadCompanion(t *testing.T) {
	about := Recording{conversationA, recordingA}
	for text, want := range map[string]Companion{
		`{}`: {Size: -1},
		`{"conversationId":"` + conversationA + `","recordingId":"` + recordingA + `","mediaType":"Call","startTime":"x","userIds":[1]}`: {
			about, "Call", -1},
		`{"mediaSizeBytes":7}`:                        {Size: 7},
		`{"outputSizeInBytes":8,"mediaSizeBytes":7}`:  {Size: 7},
		`{"outputSizeInBytes":8,"mediaSizeBytes":-7}`: {Size: 8},
		`{"outputSizeInBytes":null}`:                  {Size: -1},
	} {
		got, err := ReadCompanion([]byte(text))
		if err != nil || got != want || !got.About(about) {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{``, `[]`, `{"conversationId":7}`, `{"mediaSizeBytes":"7"}`, `{`} {
		if got, err := ReadCompanion([]byte(text)); err == nil {
			t.Errorf("%s: %+v", text, got)
		}
	}
	other := Companion{Recording: Recording{conversationA, recordingB}}
	if other.About(about) || !other.About(Recording{strings.ToUpper(conversationA), strings.ToUpper(recordingB)}) {
		t.Error("metadata of another recording are taken for those of this one")
	}
}

// TestFindObjectsFindsAll: whatever else is in the bucket, each file is found once with its
// metadata, in whatever order objects are listed.
func TestFindObjectsFindsAll(t *testing.T) {
	id := func(kind byte, i int) string { return fmt.Sprintf("%c0000000-0000-4000-8000-%012x", kind, i) }
	rapid.Check(t, func(t *rapid.T) {
		var wanted []Recording
		var objects []Object
		files := map[string]bool{}
		for i := range rapid.IntRange(0, 5).Draw(t, "recordings") {
			r := Recording{id('c', rapid.IntRange(0, 2).Draw(t, "conversation")), id('a', i)}
			wanted = append(wanted, r)
			for n := range rapid.IntRange(0, 3).Draw(t, "files") {
				name := fmt.Sprintf("%s_%d.%s", r.RecordingID, n, rapid.SampledFrom([]string{"opus", "json", "mp4.pgp"}).Draw(t, "extension"))
				files[key(r.ConversationID, name)] = true
				objects = append(objects, object(r.ConversationID, name, 5), object(r.ConversationID, name+"_metadata.json", 5))
			}
			objects = append(objects, object(r.ConversationID, id('b', i)+".opus", 5), object(r.ConversationID, r.ConversationID+".transcript.json", 5))
		}
		found := FindObjects(wanted, rapid.Permutation(objects).Draw(t, "objects"))
		for i, f := range found {
			if f.Recording != wanted[i] || len(f.Doubled) > 0 {
				t.Errorf("found %+v, want %+v", f, wanted[i])
			}
			for _, file := range f.Files {
				if !files[file.Key] || !strings.Contains(file.Key, f.ConversationID) || !strings.Contains(file.Key, f.RecordingID) ||
					file.Metadata != file.Key+"_metadata.json" || (file.Encryption == PGP) != strings.HasSuffix(file.Key, ".pgp") {
					t.Errorf("of %+v: %+v", f.Recording, file)
				}
				delete(files, file.Key)
			}
			if !slices.IsSortedFunc(f.Files, func(a, b File) int { return strings.Compare(a.Key, b.Key) }) {
				t.Errorf("files are not in order: %+v", f.Files)
			}
		}
		if len(files) > 0 || len(found) != len(wanted) {
			t.Errorf("not found: %v", files)
		}
	})
}

// FuzzReadCompanion: whatever metadata say, their size is never below -1.
func FuzzReadCompanion(f *testing.F) {
	f.Add(`{"conversationId":"a","recordingId":"b","mediaType":"Call","mediaSizeBytes":7}`)
	f.Add(`{"outputSizeInBytes":-1}`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ReadCompanion([]byte(text))
		if err != nil && got != (Companion{}) || err == nil && got.Size < -1 || err == nil && !got.About(got.Recording) {
			t.Errorf("%q is read as %+v, %v", text, got, err)
		}
	})
}

// FuzzFindObjects: no key of the bucket makes a wrong recording out of an object.
func FuzzFindObjects(f *testing.F) {
	f.Add(key(conversationA, recordingA+".opus"))
	f.Add(key(conversationA, recordingA+".opus_metadata.json"))
	f.Add(key(conversationA, "../"+recordingA+".opus.pgp"))
	f.Add("conversation_id=/")
	f.Fuzz(func(t *testing.T, text string) {
		for _, found := range FindObjects([]Recording{{conversationA, recordingA}}, []Object{{Key: text, Size: 1}}) {
			for _, file := range found.Files {
				lower := strings.ToLower(file.Key)
				if file.Key != text || !strings.Contains(lower, "conversation_id="+conversationA+"/"+recordingA) || strings.HasSuffix(lower, companionSuffix) {
					t.Errorf("%q is taken for the recording", text)
				}
			}
		}
	})
}
