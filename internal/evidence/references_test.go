package evidence

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// referencing is a bag of two recordings, one of which is in a bucket.
func referencing(t *testing.T, root string) Bag {
	t.Helper()
	bag := sampleBag(t, root)
	inventory := TakeInventory(policy(genesys.Call), slicing.Standard, []Conversation{conversation(false)}, knows(
		recording(11, genesys.Call, genesys.FileAvailable), recording(14, genesys.Call, genesys.FileAvailable),
	))
	bag.Inventory = inventory.Settle(map[genesys.RecordingRef]Outcome{
		{ConversationID: id(1), RecordingID: id(11)}: {Files: 1}, {ConversationID: id(1), RecordingID: id(14)}: {Files: 1},
	})
	d := digestBytes(RecordingPath(id(1), id(14), 1, "opus"), []byte("sound elsewhere"))
	bag.Files = append(bag.Files, File{
		Path: d.Path, ConversationID: id(1), RecordingID: id(14), Size: d.Size, SHA256: d.SHA256, ReceivedAt: day,
		Reference: Reference{Location: S3Location("recordings-of-org", "org/year=2023/month=1/"+id(14)+".opus"), ETag: `"e1"`, Encryption: "KMS"},
	})
	bag.Events = append(bag.Events, ReferencedEvent(bag.Files[1], "m"))
	return bag
}

// TestABagRefersToFiles: its manifest lists them, fetch.txt lists where they are, and other
// tools verify the bag once they are put in their places.
func TestABagRefersToFiles(t *testing.T) {
	root := t.TempDir()
	bag := referencing(t, root)
	if _, err := bag.Seal(t.Context(), os.DirFS(root), creator(root)); err != nil {
		t.Fatal(err)
	}
	golden(t, root, ReferencesTable, FetchList, "bag-info.txt", payloadManifest, tagManifest)
	if err := sha256sum(t, root, tagManifest); err != nil {
		t.Error(err)
	}
	if err := sha256sum(t, root, payloadManifest); err == nil {
		t.Error("sha256sum does not notice that a file is not there")
	}
	if err := creator(root)(t.Context(), bag.Files[1].Path, bytesWriter([]byte("sound elsewhere"))); err != nil {
		t.Fatal(err)
	}
	if err := sha256sum(t, root, payloadManifest); err != nil {
		t.Error(err)
	}
}

var update = flag.Bool("update", false, "write the golden files of a bag that refers to files")

// golden compares files with those in testdata/references.
func golden(t *testing.T, root string, names ...string) {
	t.Helper()
	for _, name := range names {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", "references", filepath.Base(name))
		if *update {
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o750), os.WriteFile(file, got, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if diff := cmp.Diff(string(want), string(got)); diff != "" || err != nil {
			t.Errorf("%s, %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// TestASealCountsWhatIsReferenced: the account tells it, and load files lead to it.
func TestASealCountsWhatIsReferenced(t *testing.T) {
	root := t.TempDir()
	folder := filepath.Join(root, BagFolder("b"))
	if _, err := referencing(t, folder).Seal(t.Context(), os.DirFS(folder), creator(folder)); err != nil {
		t.Fatal(err)
	}
	summary, err := ReadSummary(os.DirFS(folder))
	want := []ReferencedAccount{{Bucket: "recordings-of-org", Recordings: 1, Files: 1, Bytes: 15}}
	if diff := cmp.Diff(want, summary.Referenced); diff != "" || err != nil || summary.Files != 2 || summary.Bytes != 25 {
		t.Errorf("%+v, %v (-want +got):\n%s", summary, err, diff)
	}
	var account Account
	account.addBag(sealedBag{Summary: summary})
	later := account.carriedOver()
	later.addBag(sealedBag{Summary: summary})
	more := Summary{Referenced: []ReferencedAccount{{Bucket: "another", Recordings: 1, Files: 2, Bytes: 3}}}
	later.addBag(sealedBag{Summary: more})
	want = []ReferencedAccount{{"another", 1, 2, 3}, {"recordings-of-org", 2, 2, 30}}
	if diff := cmp.Diff(want, later.Referenced); diff != "" || account.Referenced[0].Files != 1 {
		t.Errorf("%+v (-want +got):\n%s", account.Referenced, diff)
	}
	var lines bytes.Buffer
	seal := Seal{Bags: []BagRef{{Name: "b"}}}
	if err := seal.writeLoadCSV(&lines, os.DirFS(root)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"bags/b/" + RecordingPath(id(1), id(11), 1, "wav"), "s3://recordings-of-org/org/year=2023/month=1/" + id(14) + ".opus"} {
		if !strings.Contains(lines.String(), ","+path+"\n") {
			t.Errorf("load file does not name %s:\n%s", path, &lines)
		}
	}
}

// TestWhatABagCannotReferTo is an error before the manifest exists.
func TestWhatABagCannotReferTo(t *testing.T) {
	tests := map[string]func(*Bag){
		"not a location":         func(b *Bag) { b.Files[1].Reference.Location = "s3://bucket//key" },
		"a path with a percent":  func(b *Bag) { b.Files[1].Path += "%" },
		"a path of two lines":    func(b *Bag) { b.Files[1].Path += "\nx" },
		"a path outside":         func(b *Bag) { b.Files[1].Path = IndexTable },
		"twice":                  func(b *Bag) { b.Files = append(b.Files, b.Files[1]) },
		"one object as two":      func(b *Bag) { f := b.Files[1]; f.Path += "x"; b.Files = append(b.Files, f) },
		"what is in the bag too": func(b *Bag) { b.Files[0].Reference = b.Files[1].Reference; b.Files = b.Files[:1] },
	}
	for name, change := range tests {
		root := t.TempDir()
		bag := referencing(t, root)
		change(&bag)
		if _, err := bag.Seal(t.Context(), os.DirFS(root), creator(root)); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := os.Stat(filepath.Join(root, payloadManifest)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want no manifest", name, err)
		}
	}
}

// TestTheInstructionsCheckWhatIsReferenced runs the commands of VERIFY.txt, with a stand-in for
// the AWS command line.
func TestTheInstructionsCheckWhatIsReferenced(t *testing.T) {
	root, tools := t.TempDir(), t.TempDir()
	if _, err := referencing(t, root).Seal(t.Context(), os.DirFS(root), creator(root)); err != nil {
		t.Fatal(err)
	}
	text, err := fillText("bag.txt", verification{Referenced: true})
	if err != nil {
		t.Fatal(err)
	}
	_, command, _ := strings.Cut(string(text), "\n    cut ")
	command, _, _ = strings.Cut(command, "\n")
	if output, err := shell(t, root, "cut "+command); err != nil || len(output) > 0 {
		t.Errorf("%q, %v", output, err)
	}
	_, after, _ := strings.Cut(string(text), "    while read")
	script, _, _ := strings.Cut(after, "\n\n")
	for content, want := range map[string]string{
		"sound elsewhere": "", "other sound": "  " + RecordingPath(id(1), id(14), 1, "opus") + "\n",
	} {
		aws := "#!/bin/sh\nprintf '%s' '" + content + "'\n"
		if err := os.WriteFile(filepath.Join(tools, "aws"), []byte(aws), 0o700); err != nil {
			t.Fatal(err)
		}
		output, _ := shell(t, root, "PATH="+tools+":$PATH; while read"+script) // grep fails if it prints nothing
		if !strings.HasSuffix(output, want) || want == "" && len(output) > 0 {
			t.Errorf("for %q it prints %q", content, output)
		}
	}
	remove(t, filepath.Join(root, RecordingPath(id(1), id(11), 1, "wav")))
	if _, err := shell(t, root, "cut "+command); err == nil {
		t.Error("a stored file is missing, and nothing shows it")
	}
}

// shell runs commands in a folder.
func shell(t *testing.T, folder, commands string) (output string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sh", "-c", commands)
	command.Dir = folder
	printed, err := command.Output()
	return string(printed), err
}

// TestABagThatRefersSurvivesACrashAtEachWrite: there is no bag before the last write, and the
// next attempt makes the same one.
func TestABagThatRefersSurvivesACrashAtEachWrite(t *testing.T) {
	crash, whole := errors.New("crash"), t.TempDir()
	want, err := referencing(t, whole).Seal(t.Context(), os.DirFS(whole), creator(whole))
	if err != nil {
		t.Fatal(err)
	}
	for writes := range 20 {
		root := t.TempDir()
		bag, left := referencing(t, root), writes
		_, err := bag.Seal(t.Context(), os.DirFS(root), func(ctx context.Context, path string, write func(io.Writer) error) error {
			if left == 0 {
				return crash
			}
			left--
			return creator(root)(ctx, path, write)
		})
		if err == nil {
			return
		}
		if _, err := ReadSummary(os.DirFS(root)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after %d writes: %v, want no bag", writes, err)
		}
		if digest, err := bag.Seal(t.Context(), os.DirFS(root), creator(root)); err != nil || digest != want {
			t.Errorf("again after %d writes: %s, %v, want %s", writes, digest, err, want)
		}
	}
	t.Error("sealing never ended")
}

// TestABagThatRefersTakesNobodyElsesLists: whoever can write to the bag before it is sealed
// cannot say where its files are.
func TestABagThatRefersTakesNobodyElsesLists(t *testing.T) {
	for _, path := range []string{FetchList, ReferencesTable, RecordingPath(id(1), id(14), 1, "opus")} {
		root := t.TempDir()
		bag := referencing(t, root)
		store(t, root, path, "invented\n")
		if _, err := bag.Seal(t.Context(), os.DirFS(root), creator(root)); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want ErrCorrupt with the name", path, err)
		}
	}
}
