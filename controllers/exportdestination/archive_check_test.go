package exportdestination

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// stored is a destination with one archive, case-1, that a test can do to what it likes.
func stored(t *testing.T) (*specimen.Archive, fs.FS) {
	t.Helper()
	a := specimen.New(t, nil)
	return a, os.DirFS(filepath.Dir(a.Root))
}

// exportsNaming are exports whose statuses name last seals, by the names of their archives.
func exportsNaming(seals map[string]v1alpha1.SealStatus) map[string]*v1alpha1.RecordingExport {
	exports := map[string]*v1alpha1.RecordingExport{}
	for name, seal := range seals {
		exports[name] = &v1alpha1.RecordingExport{Status: v1alpha1.RecordingExportStatus{Seal: &seal}}
		exports[name].Name = name
	}
	return exports
}

// checked checks case-1, and returns what was found, also by path and kind.
func checked(t *testing.T, fsys fs.FS, known v1alpha1.SealStatus) (found, []string) {
	t.Helper()
	e := archiveCheck{
		fsys: fsys, namespace: "legal", run: &run{}, readers: 1, now: time.Now, referenced: nobodyKnows,
		exports: func(context.Context) (map[string]*v1alpha1.RecordingExport, error) {
			return exportsNaming(map[string]v1alpha1.SealStatus{"case-1": known}), nil
		},
	}
	got, err := e.checkArchive(t.Context(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	var says []string
	for _, f := range got.findings {
		says = append(says, f.Path+" "+string(f.Kind))
	}
	return got, says
}

// lastSeal is how the status of the archive's export names its last seal.
func lastSeal(t *testing.T, fsys fs.FS) v1alpha1.SealStatus {
	t.Helper()
	sub, err := fs.Sub(fsys, "case-1")
	if err != nil {
		t.Fatal(err)
	}
	report, err := verify.Archive(t.Context(), sub, verify.Options{})
	if err != nil || len(report.Findings) > 0 {
		t.Fatal(report.Findings, err)
	}
	return v1alpha1.SealStatus{Number: int32(report.Seals), Digest: report.Seal}
}

// TestCheckArchive: faults are found, and files that are being written are not faults.
func TestCheckArchive(t *testing.T) {
	tests := map[string]struct {
		change func(*specimen.Archive)
		// unknown tells that no export's status names a seal.
		unknown bool
		want    []string
	}{
		"as it was sealed":          {func(*specimen.Archive) {}, false, nil},
		"a byte of an account":      {func(a *specimen.Archive) { a.Write("seals/1/VERIFY.txt", []byte("x")) }, false, []string{"seals/1/VERIFY.txt Altered"}},
		"a file too many":           {func(a *specimen.Archive) { a.Write("seals/1/note.txt", nil) }, false, []string{"seals/1/note.txt Planted"}},
		"a bag that is being made":  {func(a *specimen.Archive) { a.Write("bags/new/data/recordings/x", nil) }, false, nil},
		"a seal that is being made": {func(a *specimen.Archive) { a.Write("seals/3/account.json", nil) }, false, nil},
		"nothing is sealed yet":     {func(a *specimen.Archive) { a.Remove("seals") }, true, nil},
		"the last seal removed":     {func(a *specimen.Archive) { a.Remove("seals/2") }, false, []string{"seals/2 SealChain"}},
		"all seals removed":         {func(a *specimen.Archive) { a.Remove("seals") }, false, []string{"seals/2 SealChain"}},
		"the same, nobody knows":    {func(a *specimen.Archive) { a.Remove("seals/2") }, true, nil},
		"a manifest removed":        {func(a *specimen.Archive) { a.Remove("seals/1/manifest-sha256.txt") }, false, []string{"seals/1/manifest-sha256.txt Missing"}},
		"the last manifest":         {func(a *specimen.Archive) { a.Remove("seals/2/manifest-sha256.txt") }, false, []string{"seals/2 SealChain", "seals/2/manifest-sha256.txt Missing"}},
		"a seal too far":            {func(a *specimen.Archive) { a.Write("seals/4/account.json", nil) }, false, []string{"seals/3 SealChain"}},
		"a folder for export.json":  {func(a *specimen.Archive) { a.Remove("export.json"); a.Write("export.json/x", nil) }, false, []string{"export.json Irregular"}},
		"another's archive":         {func(a *specimen.Archive) { a.Replace("export.json", "case-1", "case-2") }, false, []string{"export.json Identity"}},
		"another last seal":         {func(a *specimen.Archive) { a.Replace("seals/2/VERIFY.txt", "e", "f"); a.Reseal(2) }, false, []string{"seals/2 SealChain"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, fsys := stored(t)
			known := lastSeal(t, fsys)
			if tt.unknown {
				known = v1alpha1.SealStatus{}
			}
			tt.change(a)
			got, says := checked(t, fsys, known)
			for _, want := range tt.want {
				if !slices.Contains(says, want) {
					t.Errorf("%q is not found", want)
				}
			}
			if len(tt.want) == 0 && len(says) > 0 || !got.archive || got.files == 0 {
				t.Errorf("%+v\nwant %q", got, tt.want)
			}
		})
	}
}

// listed lets a test change what is listed, or have it fail.
type listed struct {
	fs.FS
	list func(name string, entries []fs.DirEntry) ([]fs.DirEntry, error)
}

func (l listed) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(l.FS, name)
	if err != nil {
		return nil, err
	}
	return l.list(name, entries)
}

// Open opens a directory so that it is listed likewise.
func (l listed) Open(name string) (fs.File, error) {
	file, err := l.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || !info.IsDir() {
		return file, err
	}
	return &listedDir{File: file, list: func() ([]fs.DirEntry, error) { return l.ReadDir(name) }}, nil
}

// listedDir is a directory of which everything is listed at once.
type listedDir struct {
	fs.File
	list func() ([]fs.DirEntry, error)
	read bool
}

func (d *listedDir) ReadDir(int) ([]fs.DirEntry, error) {
	if d.read {
		return nil, io.EOF
	}
	d.read = true
	return d.list()
}

// TestAnExportSealsInTheMiddle: bags that were not there yet when they were listed,
// though the seal over them was a moment later, are not faults.
func TestAnExportSealsInTheMiddle(t *testing.T) {
	_, fsys := stored(t)
	known, passes := lastSeal(t, fsys), 0
	sealing := listed{fsys, func(name string, entries []fs.DirEntry) ([]fs.DirEntry, error) {
		if name == "case-1/bags" {
			if passes++; passes == 1 {
				return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == specimen.Retry }), nil
			}
		}
		return entries, nil
	}}
	if _, says := checked(t, sealing, known); len(says) != 0 || passes != 2 {
		t.Errorf("%d passes, %q", passes, says)
	}
	gone := listed{fsys, func(_ string, entries []fs.DirEntry) ([]fs.DirEntry, error) {
		return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == specimen.Retry }), nil
	}}
	if _, says := checked(t, gone, known); len(says) == 0 {
		t.Error("a bag that stays away is not a fault: the test shows nothing")
	}
}

// TestWhatCannotBeRead is told apart from faults, also where the status of the
// export names a seal that cannot be read.
func TestWhatCannotBeRead(t *testing.T) {
	for _, folder := range []string{"case-1", "case-1/bags", "case-1/seals", "case-1/seals/2"} {
		_, fsys := stored(t)
		known := lastSeal(t, fsys)
		broken := listed{fsys, func(name string, entries []fs.DirEntry) ([]fs.DirEntry, error) {
			if name == folder {
				return nil, &fs.PathError{Op: "readdir", Path: name, Err: syscall.EIO}
			}
			return entries, nil
		}}
		got, says := checked(t, broken, known)
		if len(says) == 0 || slices.ContainsFunc(got.findings, isFault) {
			t.Errorf("%s: %q", folder, says)
		}
	}
}

func TestACheckEndsWithItsContext(t *testing.T) {
	_, fsys := stored(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := archiveCheck{
		fsys: fsys, run: &run{}, readers: 1, referenced: nobodyKnows,
		exports: func(context.Context) (map[string]*v1alpha1.RecordingExport, error) { return nil, nil },
	}
	if _, err := e.checkArchive(ctx, "case-1"); !errors.Is(err, context.Canceled) {
		t.Errorf("checkArchive: %v", err)
	}
}

func TestWhatIsNoArchiveIsLeftAlone(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "case-1", "notes"), 0o750); err != nil {
		t.Fatal(err)
	}
	if got, says := checked(t, os.DirFS(root), v1alpha1.SealStatus{}); got.archive || len(says) != 0 {
		t.Errorf("%+v", got)
	}
}

// TestExportsAt: only exports whose archive is here speak of it.
func TestExportsAt(t *testing.T) {
	export := func(archive string) v1alpha1.RecordingExport {
		return v1alpha1.RecordingExport{Status: v1alpha1.RecordingExportStatus{Archive: archive, Seal: &v1alpha1.SealStatus{Number: 3}}}
	}
	got := exportsAt("s3://evidence/legal", []v1alpha1.RecordingExport{
		export("s3://evidence/legal/case-1"), {Status: v1alpha1.RecordingExportStatus{Archive: "s3://evidence/legal/case-2"}},
		export("s3://evidence/legal-2/case-3"), export("s3://evidence/legal/sub/case-4"), export(""),
	})
	if len(got) != 2 || sealNamedBy(got["case-1"]).Number != 3 || sealNamedBy(got["case-2"]).Number != 0 {
		t.Errorf("%+v", got)
	}
}

// TestAPassThatCouldNotRead neither confirms what another has found nor clears it.
func TestAPassThatCouldNotRead(t *testing.T) {
	tests := map[string]struct {
		// unread are the passes at which the seals cannot be listed, from 1.
		unread []int
		passes int
		want   []string
	}{
		"the second":  {[]int{2}, 2, []string{"case-1/seals Unreadable"}},
		"the first":   {[]int{1}, 3, []string{"case-1/seals/1/note.txt Planted"}},
		"the last":    {[]int{1, 3}, 3, []string{"case-1/seals Unreadable"}},
		"all but one": {[]int{1, 2}, 3, []string{"case-1/seals/1/note.txt Unreadable"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, fsys := stored(t)
			a.Write("seals/1/note.txt", nil)
			passes := 0
			broken := listed{fsys, func(name string, entries []fs.DirEntry) ([]fs.DirEntry, error) {
				if name != "case-1/seals" {
					return entries, nil
				}
				if passes++; slices.Contains(tt.unread, passes) {
					return nil, &fs.PathError{Op: "readdir", Path: name, Err: syscall.EIO}
				}
				return entries, nil
			}}
			got, _ := checked(t, broken, v1alpha1.SealStatus{})
			var says []string
			for _, f := range got.findings {
				says = append(says, strings.TrimSuffix("case-1/"+f.Path, "/.")+" "+string(f.Kind))
			}
			if passes != tt.passes || !slices.Equal(says, tt.want) {
				t.Errorf("%d passes, %q; want %d, %q", passes, says, tt.passes, tt.want)
			}
		})
	}
}

// TestMoreIsWrongThanIsListed: the next pass lists others of them, which are
// confirmed, and what is new elsewhere is not.
func TestMoreIsWrongThanIsListed(t *testing.T) {
	former := found{more: 1, findings: []verify.Finding{{Kind: verify.Planted, Path: "bags/b/data/1"}}}
	last := found{more: 1, findings: []verify.Finding{
		{Kind: verify.Planted, Path: "bags/b/data/2"}, {Kind: verify.Altered, Path: "bags/b/data/1"}, {Kind: verify.Planted, Path: "bags/c/data/2"},
	}}
	if diff := cmp.Diff(last.findings[:1], confirmed(former, last)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	former.more = 0
	if got := confirmed(former, last); len(got) != 0 {
		t.Errorf("%v are confirmed by one in another place", got)
	}
}

// TestASealThatNobodyFinishes is not a fault and not in order either, whether its export
// was deleted or has stored nothing of it for too long. What else is wrong stays wrong.
func TestASealThatNobodyFinishes(t *testing.T) {
	a, fsys := stored(t)
	known := lastSeal(t, fsys)
	a.Write("seals/3/account.json", nil)
	exists, now := true, time.Now()
	e := archiveCheck{
		fsys: fsys, namespace: "legal", run: &run{}, readers: 1, now: func() time.Time { return now }, referenced: nobodyKnows,
		exports: func(context.Context) (map[string]*v1alpha1.RecordingExport, error) {
			if !exists {
				return nil, nil
			}
			return exportsNaming(map[string]v1alpha1.SealStatus{"case-1": known}), nil
		},
	}
	expect := func(when string, faults, unfinished int64) {
		t.Helper()
		of, err := e.checkArchive(t.Context(), "case-1")
		var sum result
		if sum.add("case-1", of); err != nil || sum.faults != faults || sum.unfinished != unfinished || sum.unreadable != 0 {
			t.Errorf("%s: %+v, %v; want %d faults, %d unfinished", when, sum, err, faults, unfinished)
		}
		if unfinished > 0 && !slices.Equal(sum.firstUnfinished, []string{"case-1/seals/3 (Unfinished)"}) {
			t.Errorf("%s: %q", when, sum.firstUnfinished)
		}
	}
	expect("it is being made", 0, 0)
	now = now.Add(longestSealing + time.Hour)
	expect("it is being made for too long", 0, 1)
	now, exists = time.Now(), false
	expect("its export was deleted", 0, 1)
	a.Write("seals/1/VERIFY.txt", []byte("x"))
	expect("something else is wrong", 1, 1)
}
