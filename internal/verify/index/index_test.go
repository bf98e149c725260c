package index_test

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gcexport/recording-export-operator/internal/verify/index"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// TestFind: what a query asks for is found, as the last seal that names it has it,
// with the files of its bag.
func TestFind(t *testing.T) {
	t.Parallel()
	a := specimen.New(t, nil)
	all := []string{specimen.ID(11), specimen.ID(12), specimen.ID(13), specimen.ID(21), specimen.ID(22), specimen.ID(41)}
	for _, isolated := range []int{51, 52, 61, 62, 63, 64, 65} {
		all = append(all, specimen.ID(isolated))
	}
	tests := map[string]struct {
		query index.Query
		want  []string
	}{
		"everything":              {index.Query{}, all},
		"a conversation":          {index.Query{Conversation: specimen.ID(2)}, all[3:5]},
		"a recording":             {index.Query{Recording: specimen.ID(41)}, all[5:6]},
		"a medium":                {index.Query{Medium: "Chat"}, []string{all[1], all[7]}},
		"from a start on":         {index.Query{From: specimen.Day.Add(2 * time.Hour)}, all[3:]},
		"until a start":           {index.Query{Until: specimen.Day.Add(2 * time.Hour)}, all[:3]},
		"what there is not":       {index.Query{Conversation: specimen.ID(99)}, nil},
		"of another conversation": {index.Query{Conversation: specimen.ID(1), Recording: specimen.ID(41)}, nil},
	}
	for name, tt := range tests {
		found, err := index.Find(os.DirFS(a.Root), tt.query)
		var ids []string
		for _, r := range found {
			ids = append(ids, r.Recording)
		}
		if err != nil || !slices.Equal(ids, tt.want) {
			t.Errorf("%s: %q, %v; want %q", name, ids, err, tt.want)
		}
	}
}

// TestALaterSealCounts: a recording that came with a retry is found where it is.
func TestALaterSealCounts(t *testing.T) {
	t.Parallel()
	a := specimen.New(t, nil)
	found, err := index.Find(os.DirFS(a.Root), index.Query{Recording: specimen.ID(13)})
	if err != nil || len(found) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	r := found[0]
	if r.Bag != specimen.Retry || r.Disposition != "Exported" || len(r.Files) != 2 {
		t.Errorf("%+v", r)
	}
	for _, file := range r.Files {
		info, err := os.Stat(path.Join(a.Root, file.Path))
		if err != nil || info.Size() != file.Size || len(file.SHA256) != 64 {
			t.Errorf("%+v: %v", file, err)
		}
	}
}

// TestWhatIsIsolatedIsFoundOnce, with all of its files: those that had come before it
// left are in the bag that it left, of which a seal has a line too if it was retried.
func TestWhatIsIsolatedIsFoundOnce(t *testing.T) {
	t.Parallel()
	a := specimen.New(t, nil)
	lines := strings.SplitAfter(string(a.Read("seals/2/recordings.csv")), "\n")
	slices.Reverse(lines[1 : len(lines)-1])
	a.Write("seals/2/recordings.csv", []byte(strings.Join(lines, "")))
	for recording, want := range map[int][]string{
		51: {specimen.Isolated, specimen.Isolated + "/01", specimen.Isolated + "/02"},
		62: {specimen.IsolatedOnes, specimen.Standard + "/01", specimen.IsolatedOnes + "/02"},
		63: {specimen.IsolatedAgain, specimen.IsolatedAgain + "/01", specimen.IsolatedAgain + "/02"},
		64: {specimen.IsolatedOnes, specimen.IsolatedOnes + "/01", specimen.IsolatedOnes + "/02"},
		65: {specimen.IsolatedOnes, specimen.Standard + "/01"},
	} {
		found, err := index.Find(os.DirFS(a.Root), index.Query{Recording: specimen.ID(recording)})
		if err != nil || len(found) != 1 || found[0].Lane != "Isolated" || found[0].Disposition != "Exported" {
			t.Errorf("recording %d: %+v, %v", recording, found, err)
			continue
		}
		got := []string{found[0].Bag}
		for _, file := range found[0].Files {
			number, _, _ := strings.Cut(path.Base(file.Path), ".")
			got = append(got, strings.Split(file.Path, "/")[1]+"/"+number)
		}
		if !slices.Equal(got, want) {
			t.Errorf("recording %d is in %q, want %q", recording, got, want)
		}
	}
}

// TestWhatCannotBeFound is an error, never an empty answer.
func TestWhatCannotBeFound(t *testing.T) {
	t.Parallel()
	if _, err := index.Find(fstest.MapFS{}, index.Query{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without seals: %v", err)
	}
	for _, name := range []string{"seals/1/conversations.csv", "seals/2/recordings.csv", "bags/" + specimen.Retry + "/data/files.csv"} {
		a := specimen.New(t, nil)
		a.Remove(name)
		if _, err := index.Find(os.DirFS(a.Root), index.Query{}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("without %s: %v", name, err)
		}
		a.Write(name, []byte("something else\n"))
		if _, err := index.Find(os.DirFS(a.Root), index.Query{}); err == nil {
			t.Errorf("%s is another table, and nobody says so", name)
		}
	}
}
