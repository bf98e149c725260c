package verify_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// fill writes a file of so many times a text.
func fill(a *specimen.Archive, name, begin, again string, times int) {
	a.Helper()
	a.Write(name, []byte(begin+strings.Repeat(again, times)))
}

// sparse makes a file of a size that nothing was written to.
func sparse(a *specimen.Archive, name string, size int64) {
	a.Helper()
	a.Write(name, nil)
	if err := os.Truncate(a.Path(name), size); err != nil {
		a.Fatal(err)
	}
}

const (
	standardBag = "bags/" + specimen.Standard
	megabyte    = 1 << 20
)

// TestHostileArchives: whatever somebody stores in an archive, it is a finding, other
// findings stay, and memory stays within bounds.
func TestHostileArchives(t *testing.T) {
	metadata := standardBag + "/" + evidence.MetadataPath(specimen.ID(1))
	tests := map[string]struct {
		do   func(a *specimen.Archive)
		kind verify.Kind
		path string
		says string
	}{
		"a folder for export.json": {func(a *specimen.Archive) { a.Remove("export.json"); a.Write("export.json/x", nil) }, verify.Irregular, "export.json", "is a folder"},
		"a link for export.json": {func(a *specimen.Archive) {
			a.Remove("export.json")
			link(a, "/dev/zero", "export.json")
		}, verify.Irregular, "export.json", "is a symbolic link"},
		"a pipe for export.json":       {func(a *specimen.Archive) { a.Remove("export.json"); pipe(a, "export.json") }, verify.Irregular, "export.json", "is a pipe"},
		"a pipe in a bag":              {func(a *specimen.Archive) { pipe(a, standardBag+"/data/pipe") }, verify.Irregular, standardBag + "/data/pipe", "is a pipe"},
		"a pipe for a table":           {func(a *specimen.Archive) { a.Remove("seals/1/bags.csv"); pipe(a, "seals/1/bags.csv") }, verify.Irregular, "seals/1/bags.csv", "is a pipe"},
		"a pipe for the seals":         {func(a *specimen.Archive) { a.Remove("seals"); pipe(a, "seals") }, verify.Irregular, "seals", "is a pipe"},
		"a folder for an account":      {func(a *specimen.Archive) { a.Remove("seals/2/account.json"); a.Write("seals/2/account.json/x", nil) }, verify.Irregular, "seals/2/account.json", "is a folder"},
		"a seal of a high number":      {func(a *specimen.Archive) { a.Write("seals/9000000/x", []byte("x")) }, verify.SealChain, "seals/3", "is missing with all seals up to 8999999"},
		"a large export.json":          {func(a *specimen.Archive) { sparse(a, "export.json", 4<<30) }, verify.Malformed, "export.json", "larger than it can be"},
		"a large key":                  {func(a *specimen.Archive) { sparse(a, "seals/1/signer.pub", 64*megabyte) }, verify.Malformed, "seals/1/signer.pub", "larger than it can be"},
		"an account of empty lanes":    {func(a *specimen.Archive) { fill(a, "seals/2/account.json", `{"lanes":[{}`, ",{}", 20*megabyte) }, verify.Malformed, "seals/2/account.json", "larger than it can be"},
		"an account that is nested":    {func(a *specimen.Archive) { fill(a, "seals/2/account.json", `{"lanes":`, "[", megabyte/2) }, verify.Malformed, "seals/2/account.json", "nested more than 64 deep"},
		"metadata of empty recordings": {func(a *specimen.Archive) { fill(a, metadata, "[{}", ",{}", 20*megabyte) }, verify.Malformed, metadata, "lists more than"},
		"metadata that is nested":      {func(a *specimen.Archive) { fill(a, metadata, "", `[{"id":[`, 60*megabyte/8) }, verify.Malformed, metadata, "not a list of recordings"},
		"a quote that is never closed": {func(a *specimen.Archive) { fill(a, "seals/1/recordings.csv", "\"", "x", 30*megabyte) }, verify.Malformed, "seals/1/recordings.csv", "a record is larger than it can be"},
		"a table of many lines": {func(a *specimen.Archive) {
			name := standardBag + "/" + evidence.ConversationsTable
			lines := strings.SplitAfter(string(a.Read(name)), "\n")
			fill(a, name, lines[0], lines[1], 17*megabyte/len(lines[1]))
		}, verify.Malformed, standardBag + "/" + evidence.ConversationsTable, "is larger than it can be"},
		"a line of a manifest":           {func(a *specimen.Archive) { fill(a, "seals/1/manifest-sha256.txt", "", "x", 30*megabyte) }, verify.Malformed, "seals/1/manifest-sha256.txt", "cut off or too long"},
		"a line of a custody log":        {func(a *specimen.Archive) { fill(a, "seals/1/events.jsonl", "{", "x", 30*megabyte) }, verify.LogChain, "seals/1/events.jsonl", "too long for an event"},
		"a table of more columns":        {func(a *specimen.Archive) { a.Replace("seals/1/bags.csv", "bag,lane", "bag,note,lane") }, verify.Malformed, "seals/1/bags.csv", "does not name the columns of such a table"},
		"a table that doubles a column":  {func(a *specimen.Archive) { a.Replace("seals/1/bags.csv", "bag,lane", "bag,lane,lane") }, verify.Malformed, "seals/1/bags.csv", "names the column lane twice"},
		"a table without a line":         {func(a *specimen.Archive) { a.Write("seals/1/bags.csv", nil) }, verify.Malformed, "seals/1/bags.csv", "names no columns"},
		"a folder that is deep":          {func(a *specimen.Archive) { a.Write(standardBag+"/data"+strings.Repeat("/d", 1500)+"/x", nil) }, verify.Planted, standardBag + "/data/d/d/d/d", "is deeper than any file"},
		"an export.json of another name": {func(a *specimen.Archive) { a.Replace("export.json", `"namespace"`, `"Namespace"`) }, verify.Malformed, "export.json", "not in the form that the exporter writes"},
		"an export.json with a name twice": {func(a *specimen.Archive) { a.Replace("export.json", `{"namespace"`, `{"NAME":"x","namespace"`) }, verify.Malformed, "export.json",
			`the name "name" twice`},
		"a window of all years": {func(a *specimen.Archive) {
			for _, number := range []string{"1", "2"} {
				a.Replace("seals/"+number+"/account.json", `"from": "2023`, `"from": "0001`)
			}
		}, verify.Coverage, "seals/2/account.json", "no log reports a survey of 0001-10-01"},
	}
	sound := specimen.New(t, specimen.NewSigner(t))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := sound.Copy(t)
			// Something else is wrong, too, and has to be found in any case.
			a.Replace(standardBag+"/"+evidence.RecordingPath(specimen.ID(1), specimen.ID(11), 1, "wav"), "r", "R")
			tt.do(a)
			report, most := measured(t, a)
			wants := map[string]bool{string(tt.kind) + tt.path + tt.says: false, string(verify.Altered) + ".wav" + "was changed": false}
			for _, f := range report.Findings {
				if f.Kind == tt.kind && strings.HasPrefix(f.Path, tt.path) && strings.Contains(f.Says, tt.says) {
					wants[string(tt.kind)+tt.path+tt.says] = true
				}
				if f.Kind == verify.Altered && path.Ext(f.Path) == ".wav" {
					wants[string(verify.Altered)+".wav"+"was changed"] = true
				}
			}
			for want, is := range wants {
				if !is {
					t.Errorf("not found: %s, but %s", want, first(report.Findings))
				}
			}
			if most > 400*megabyte {
				t.Errorf("it took %d MiB", most/megabyte)
			}
		})
	}
}

// first are the first findings, for a message.
func first(findings []verify.Finding) string {
	var says strings.Builder
	for _, f := range findings[:min(len(findings), 20)] {
		fmt.Fprintf(&says, "\n%.300s", f)
	}
	return says.String()
}

// measured judges an archive, and tells how much memory was in use at most.
func measured(t *testing.T, a *specimen.Archive) (verify.Report, uint64) {
	t.Helper()
	runtime.GC()
	var report verify.Report
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		report, err = verify.Archive(t.Context(), os.DirFS(a.Root), verify.Options{})
	}()
	watch := time.NewTicker(10 * time.Millisecond)
	defer watch.Stop()
	end := time.After(3 * time.Minute)
	var most uint64
	for {
		select {
		case <-done:
			if err != nil {
				t.Fatal(err)
			}
			return report, most
		case <-end:
			t.Fatal("it does not end")
		case <-watch.C:
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			most = max(most, memory.HeapAlloc)
		}
	}
}

func link(a *specimen.Archive, to, name string) {
	a.Helper()
	if err := os.Symlink(to, a.Path(name)); err != nil {
		a.Fatal(err)
	}
}

func pipe(a *specimen.Archive, name string) {
	a.Helper()
	if err := syscall.Mkfifo(a.Path(name), 0o600); err != nil {
		a.Fatal(err)
	}
}

// keys is a file system that lists like an object store: its files, and one more key.
type keys struct {
	fs.FS
	below, key string
}

// Walk lists the files below a folder.
func (k keys) Walk(directory string, do func(name string, size int64) error) error {
	if directory == k.below {
		if err := do(k.key, 1); err != nil {
			return err
		}
	}
	return fs.WalkDir(k.FS, directory, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return do(strings.TrimPrefix(name, directory+"/"), info.Size())
	})
}

// TestKeysThatAreNoCleanPaths are findings: they stand for no file of their own, and
// other programs take them for another one.
func TestKeysThatAreNoCleanPaths(t *testing.T) {
	t.Parallel()
	a := specimen.New(t, nil)
	for _, key := range []string{"data//x", "data/../x", "custody//y", "/data/x", "data/./x", "data/x/", "../x"} {
		report, err := verify.Archive(t.Context(), keys{os.DirFS(a.Root), standardBag, key}, verify.Options{})
		if err != nil || len(report.Findings) != 1 || report.Findings[0].Kind != verify.Name || report.Findings[0].Path != standardBag+"/"+key {
			t.Errorf("%s: %v, %v", key, report.Findings, err)
		}
	}
}

// TestWhatCannotBeListed hides nothing that is found elsewhere.
func TestWhatCannotBeListed(t *testing.T) {
	t.Parallel()
	recording := standardBag + "/" + evidence.RecordingPath(specimen.ID(1), specimen.ID(11), 1, "wav")
	for _, folder := range []string{"seals", "seals/2", "bags/" + specimen.Retry, "bags/" + specimen.Retry + "/data/recordings", standardBag + "/custody"} {
		a := specimen.New(t, specimen.NewSigner(t))
		locked := lockedFS{os.DirFS(a.Root).(fullFS), folder}
		if report, err := verify.Archive(t.Context(), locked, verify.Options{}); err != nil || !report.OnlyUnreadable() || len(report.Findings) != 1 {
			t.Errorf("%s: %v, %v", folder, report.Findings, err)
		}
		a.Replace(recording, "r", "R")
		report, err := verify.Archive(t.Context(), locked, verify.Options{})
		if err != nil || report.OnlyUnreadable() {
			t.Errorf("%s, and a recording was changed: %v, %v", folder, report.Findings, err)
		}
	}
}

// lockedFS fails to open a folder and what is in it.
type lockedFS struct {
	fullFS
	folder string
}

// Open opens a file.
func (l lockedFS) Open(name string) (fs.File, error) {
	if name == l.folder || strings.HasPrefix(name, l.folder+"/") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.fullFS.Open(name)
}
