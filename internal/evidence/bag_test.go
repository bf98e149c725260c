package evidence

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// creator stores below a directory.
func creator(root string) Creator {
	return func(_ context.Context, path string, write func(io.Writer) error) error {
		var content bytes.Buffer
		if err := write(&content); err != nil {
			return err
		}
		path = filepath.Join(root, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = file.Write(content.Bytes())
		return errors.Join(err, file.Close())
	}
}

// store puts a recording's file into a bag.
func store(t *testing.T, root, path, content string) File {
	t.Helper()
	if err := creator(root)(t.Context(), path, bytesWriter([]byte(content))); err != nil {
		t.Fatal(err)
	}
	d := digestBytes(path, []byte(content))
	return File{Path: path, ConversationID: id(1), RecordingID: id(11), Size: d.Size, SHA256: d.SHA256, ContentType: "audio/wav", ReceivedAt: day}
}

// sampleBag is a bag of one exported, one excluded and one unavailable recording.
func sampleBag(t *testing.T, root string) Bag {
	t.Helper()
	inventory := TakeInventory(policy(genesys.Call), slicing.Standard, []Conversation{conversation(false)}, knows(
		recording(11, genesys.Call, genesys.FileAvailable), recording(12, genesys.Chat, genesys.FileAvailable),
		recording(13, genesys.Call, genesys.FileArchived),
	))
	return Bag{
		Inventory: inventory.Settle(map[genesys.RecordingRef]Outcome{{ConversationID: id(1), RecordingID: id(11)}: {Files: 1}}),
		Files:     []File{store(t, root, RecordingPath(id(1), id(11), 1, "wav"), "some sound")},
		Info:      []InfoField{{"External-Identifier", "case-1\nInjected: yes"}},
		Events: []Event{
			{Time: day.Add(time.Minute), Type: "RecordingStored", Actor: "m", Details: map[string]string{"recording": id(11)}},
			{Time: day, Type: "MetadataReceived", Actor: "m"},
		},
		Metadata: func(string) ([]byte, error) { return []byte(`[{"id": "as received"}]`), nil },
	}
}

func sha256sum(t *testing.T, folder, manifest string) error {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "--quiet", manifest)
	command.Dir = folder
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, output)
	}
	return nil
}

func TestSealMakesABagThatOtherToolsVerify(t *testing.T) {
	root := t.TempDir()
	digest, err := sampleBag(t, root).Seal(t.Context(), os.DirFS(root), creator(root))
	if err != nil {
		t.Fatal(err)
	}
	for _, manifest := range []string{"manifest-sha256.txt", "tagmanifest-sha256.txt"} {
		if err := sha256sum(t, root, manifest); err != nil {
			t.Errorf("%s: %v", manifest, err)
		}
	}
	if want, _ := digestFile(os.DirFS(root), tagManifest); want.SHA256 != digest {
		t.Errorf("digest %s, want %s", digest, want.SHA256)
	}
	info, _ := os.ReadFile(filepath.Join(root, bagInfo))
	if lines := strings.Split(string(info), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[1], "Payload-Oxum: ") {
		t.Errorf("bag-info.txt holds %q", info)
	}
	summary, err := ReadSummary(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if got := summary.SumOfMedia(); got != (Counts{Exported: 1, Excluded: 1, Unavailable: 1}) {
		t.Errorf("counts %+v", got)
	}
	if summary.Listed != 3 || summary.Conversations != 1 || summary.Gaps != 1 || summary.Files != 1 || summary.Bytes != 10 {
		t.Errorf("summary %+v", summary)
	}
}

// TestSealSurvivesACrashAtEachWrite stops a sealing after each of its writes and
// starts again: the end is a bag that verifies, and there is none before.
func TestSealSurvivesACrashAtEachWrite(t *testing.T) {
	crash := errors.New("crash")
	for writes := range 20 {
		root := t.TempDir()
		bag := sampleBag(t, root)
		left := writes
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
		if _, err := bag.Seal(t.Context(), os.DirFS(root), creator(root)); err != nil {
			t.Errorf("again after %d writes: %v", writes, err)
		}
		if err := errors.Join(sha256sum(t, root, payloadManifest), sha256sum(t, root, tagManifest)); err != nil {
			t.Errorf("again after %d writes: %v", writes, err)
		}
	}
	t.Error("sealing never ended")
}

// TestASealTakesNobodyElsesFiles: whoever can write to the bag before it is sealed may
// put any of its files there, or another one among its payload.
func TestASealTakesNobodyElsesFiles(t *testing.T) {
	planted := []string{
		ConversationsTable, IndexTable, FilesTable, MetadataPath(id(1)), payloadManifest, bagLog, bagInfo, tagManifest, BagDeclaration,
		"data/invented.csv", RecordingPath(id(1), id(11), 2, "wav"),
	}
	for _, signed := range []bool{false, true} {
		for _, path := range planted {
			root, m, noted := t.TempDir(), &memory{t: t}, ""
			bag := sampleBag(t, root)
			if bag.Signing = m.unsigned(); signed {
				bag.Signing = m.signing()
			}
			bag.Note = func(_ context.Context, digest string) error {
				noted = digest
				return nil
			}
			store(t, root, path, "invented\n")
			if _, err := bag.Seal(t.Context(), os.DirFS(root), creator(root)); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), path) {
				t.Errorf("signed %v, %s: %v, want ErrCorrupt with the name", signed, path, err)
			}
			if noted != "" && path != BagDeclaration {
				t.Errorf("%s: the bag was noted as sealed", path)
			}
		}
	}
}

func TestSealRefusesWhatWasNotReceivedSo(t *testing.T) {
	path := RecordingPath(id(1), id(11), 1, "wav")
	tests := map[string]func(t *testing.T, root string, bag *Bag){
		"changed": func(t *testing.T, root string, _ *Bag) { overwrite(t, filepath.Join(root, path), "some noise") },
		"missing": func(t *testing.T, root string, _ *Bag) { remove(t, filepath.Join(root, path)) },
		"planted": func(t *testing.T, root string, _ *Bag) {
			store(t, root, RecordingPath(id(1), id(12), 1, "wav"), "more")
		},
		"a link": func(t *testing.T, root string, _ *Bag) { link(t, filepath.Join(root, "data", "recordings", "x")) },
	}
	for name, tamper := range tests {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			bag := sampleBag(t, root)
			tamper(t, root, &bag)
			if _, err := bag.Seal(t.Context(), os.DirFS(root), creator(root)); !errors.Is(err, ErrCorrupt) {
				t.Errorf("Seal: %v, want ErrCorrupt", err)
			}
			if _, err := os.Stat(filepath.Join(root, BagDeclaration)); !errors.Is(err, fs.ErrNotExist) {
				t.Error("there is a bag")
			}
		})
	}
}

func TestSealRefusesAManifestThatDoesNotFit(t *testing.T) {
	root := t.TempDir()
	bag := sampleBag(t, root)
	if err := creator(root)(t.Context(), payloadManifest, bytesWriter([]byte("other\n"))); err != nil {
		t.Fatal(err)
	}
	if _, err := bag.Seal(t.Context(), os.DirFS(root), creator(root)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("Seal: %v, want ErrCorrupt", err)
	}
}

func TestLogIsAChain(t *testing.T) {
	var log bytes.Buffer
	if err := WriteLog(&log, sampleBag(t, t.TempDir()).Events); err != nil {
		t.Fatal(err)
	}
	previous, types := strings.Repeat("0", 64), ""
	for lines := bufio.NewScanner(&log); lines.Scan(); {
		var line struct {
			Type, Previous string
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.Previous != previous {
			t.Errorf("%s follows %s, want %s", line.Type, line.Previous, previous)
		}
		sum := sha256.Sum256(lines.Bytes())
		previous, types = hex.EncodeToString(sum[:]), types+line.Type+" "
	}
	if want := "MetadataReceived RecordingStored "; types != want {
		t.Errorf("events %q, want %q", types, want)
	}
}

func TestTablesAreReadAsWritten(t *testing.T) {
	want := Recording{ConversationID: id(1), RecordingID: "=cmd,\"", Medium: genesys.Call, Disposition: Unavailable, Reason: ReasonInvalidID, Detail: "+1\n2"}
	var table bytes.Buffer
	if err := WriteIndex(&table, slicing.Standard, []Recording{want}); err != nil {
		t.Fatal(err)
	}
	for got, err := range ReadIndex(&table) {
		want.RecordingID, want.Detail = "'"+want.RecordingID, "'"+want.Detail
		if err != nil || got != want {
			t.Errorf("read %+v, %v; want %+v, in cells that no spreadsheet runs", got, err, want)
		}
	}
	for _, broken := range []string{"", "a,b\n", strings.Join(indexColumns, ",") + "\n1,2,3,4,5,6,7,x\n", strings.Join(indexColumns, ",") + "\n1\n"} {
		failed := false
		for _, err := range ReadIndex(strings.NewReader(broken)) {
			failed = failed || err != nil
		}
		if !failed {
			t.Errorf("%q was read without an error", broken)
		}
	}
}

func overwrite(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, path string) {
	t.Helper()
	if err := os.Symlink("/", path); err != nil {
		t.Fatal(err)
	}
}
