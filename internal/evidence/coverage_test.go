package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

func hour(n int) time.Time { return day.Add(time.Duration(n) * time.Hour) }

func hours(from, to int) Span { return Span{hour(from), hour(to)} }

func bagOf(name string, from, to int) BagRef {
	return BagRef{Name: name, Lane: slicing.Standard, Start: hour(from), End: hour(to)}
}

func TestCoverage(t *testing.T) {
	first := Seal{
		From: hour(0), Until: hour(48), Surveys: []Span{hours(24, 48), hours(0, 24)},
		Bags:      []BagRef{bagOf("a", 0, 4), bagOf("a-held", 0, 4), bagOf("b", 8, 12), bagOf("c", 24, 48)},
		Unbatched: []Conversation{{Start: hour(5)}, {Start: hour(9)}, {Start: hour(9)}, {}},
	}
	later := Seal{
		Former: &Former{Account: Account{From: hour(0), Until: hour(48)}}, From: hour(0), Until: hour(72),
		Surveys: []Span{hours(48, 72)}, Bags: []BagRef{bagOf("b-again", 8, 12)},
	}
	tests := map[string]struct {
		seal Seal
		want []string
	}{
		"all of the window": {first, []string{
			"0-4,a a-held,0", "4-8,,1", "8-12,b,2", "12-24,no conversations,0", "24-48,c,0",
		}},
		"what came later": {later, []string{"8-12,b-again,0", "48-72,no conversations,0"}},
		"nothing new":     {Seal{Former: later.Former, From: hour(0), Until: hour(48)}, nil},
	}
	for name, tt := range tests {
		var table bytes.Buffer
		if err := errors.Join(tt.seal.tiled(), tt.seal.writeCoverage(&table)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want := "start,end,bags,conversations_in_no_bag\n"
		for _, line := range tt.want {
			var from, to int
			var rest string
			if _, err := fmt.Sscanf(line, "%d-%d,", &from, &to); err != nil {
				t.Fatal(err)
			}
			_, rest, _ = strings.Cut(line, ",")
			want += stamp(hour(from)) + "," + stamp(hour(to)) + "," + rest + "\n"
		}
		if diff := cmp.Diff(want, table.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestSurveysThatDoNotCover: a gap or an overlap is found, wherever it is, and
// then nothing is sealed.
func TestSurveysThatDoNotCover(t *testing.T) {
	former := &Former{Account: Account{From: hour(0), Until: hour(24)}}
	for name, seal := range map[string]Seal{
		"none":               {Until: hour(24)},
		"a gap at first":     {Until: hour(24), Surveys: []Span{hours(1, 24)}},
		"a gap inside":       {Until: hour(24), Surveys: []Span{hours(0, 8), hours(9, 24)}},
		"a gap at last":      {Until: hour(24), Surveys: []Span{hours(0, 23)}},
		"an overlap":         {Until: hour(24), Surveys: []Span{hours(0, 9), hours(8, 24)}},
		"the same twice":     {Until: hour(24), Surveys: []Span{hours(0, 24), hours(0, 24)}},
		"a day of before":    {Until: hour(48), Former: former, Surveys: []Span{hours(0, 24), hours(24, 48)}},
		"a day after before": {Until: hour(72), Former: former, Surveys: []Span{hours(48, 72)}},
	} {
		seal.From = hour(0)
		if _, err := seal.account(nil); !errors.Is(err, ErrUnbalanced) {
			t.Errorf("%s: %v, want ErrUnbalanced", name, err)
		}
	}
}

// TestCoverageHasNoGap: whatever bags there are, what is new of the window is
// listed without gap or overlap, and a bag stands in exactly the parts that it covers.
func TestCoverageHasNoGap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		began, until := rapid.IntRange(0, 20).Draw(t, "from"), rapid.IntRange(20, 60).Draw(t, "until")
		seal := Seal{From: hour(began), Until: hour(until), Surveys: []Span{hours(began, until)}}
		for i := range rapid.IntRange(0, 8).Draw(t, "bags") {
			start := rapid.IntRange(0, 59).Draw(t, "start")
			seal.Bags = append(seal.Bags, bagOf(fmt.Sprint(i), start, start+rapid.IntRange(1, 10).Draw(t, "width")))
		}
		var last time.Time
		at := hour(began)
		for _, p := range seal.coverage() {
			if p.Start.Before(last) || !p.Start.Before(p.End) {
				t.Fatalf("%v begins before %v", p, last)
			}
			last = p.End
			if !p.Start.Before(hour(began)) && p.Start.Before(hour(until)) {
				if !p.Start.Equal(at) {
					t.Fatalf("nothing from %v until %v", at, p.Start)
				}
				at = p.End
			}
			for _, bag := range seal.Bags {
				if covers := !bag.Start.After(p.Start) && !bag.End.Before(p.End); covers != slices.Contains(p.bags, bag.Name) {
					t.Fatalf("%v and bag %v", p, bag)
				}
			}
		}
		if at.Before(hour(until)) {
			t.Fatalf("nothing from %v until %v", at, hour(until))
		}
	})
}

// TestFailuresNameTheirCorrelation, in the words of the client's errors.
func TestFailuresNameTheirCorrelation(t *testing.T) {
	failed := &genesys.Error{Op: "read recording metadata", Status: 504, CorrelationID: "=4711-abc"}
	root := t.TempDir()
	seal := sampleSeal(t, root)
	seal.Unbatched[1].Detail = fmt.Sprintf("tried twice: %v", failed)
	var table bytes.Buffer
	if err := seal.writeFailures(&table, os.DirFS(root)); err != nil {
		t.Fatal(err)
	}
	want := "conversation_id,recording_id,reason,detail,correlation_id,bag\n" +
		id(1) + "," + id(13) + ",Archived,,,b\n" +
		id(3) + ",,ConversationOpen,tried twice: read recording metadata: HTTP 504 (correlation id =4711-abc),'=4711-abc,\n"
	if diff := cmp.Diff(want, table.String()); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}

func TestLoadFiles(t *testing.T) {
	root := t.TempDir()
	seal := sampleSeal(t, root)
	seal.LoadFiles = true
	if _, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root)); err != nil {
		t.Fatal(err)
	}
	path := RecordingPath(id(1), id(11), 1, "wav")
	cells := []string{
		"case-1-1-0000001", "legal/case-1", "b", id(1), id(11), "Call", "Standard", stamp(day), "10",
		digestBytes("", []byte("some sound")).SHA256, "bags/b/" + path,
	}
	names := []string{
		"CONTROL_NUMBER", "EXPORT", "BAG", "CONVERSATION_ID", "RECORDING_ID", "MEDIUM", "LANE", "CONVERSATION_START",
		"FILE_SIZE", "SHA256", "NATIVE_PATH",
	}
	dat := func(cells []string) string { return "þ" + strings.Join(cells, "þ\x14þ") + "þ\r\n" }
	for file, want := range map[string]string{
		loadCSV: strings.Join(names, ",") + "\n" + strings.Join(cells, ",") + "\n",
		loadDAT: "\ufeff" + dat(names) + dat(cells),
	} {
		got, err := os.ReadFile(root + "/seals/1/" + file)
		if err != nil || cmp.Diff(want, string(got)) != "" {
			t.Errorf("%s: %v (-want +got):\n%s", file, err, cmp.Diff(want, string(got)))
		}
		manifest, err := os.ReadFile(root + "/seals/1/" + payloadManifest)
		if err != nil || !strings.Contains(string(manifest), "  "+file+"\n") {
			t.Errorf("the manifest does not list %s, %v", file, err)
		}
	}
}

// TestCertificationIsADraft with everything that a person has to know, and blanks
// for what only a person does.
func TestCertificationIsADraft(t *testing.T) {
	root := t.TempDir()
	seal := sampleSeal(t, root)
	spec := map[string]any{"attributes": map[string]string{"caseId": "4711", "basis": "GDPR\n17(3)(e)"}}
	const organisation = "c0ffee00-5eed-4abc-8def-0123456789ab"
	record, err := NewExportRecord("legal", "case-1", "cluster", organisation, spec, day)
	if err != nil {
		t.Fatal(err)
	}
	seal.Record, seal.Tool = record, Tool{"exporter", "v1.2.3", "registry/image@sha256:" + strings.Repeat("aa", 32), strings.Repeat("bb", 32)}
	if _, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root)); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(root + "/seals/1/" + certified)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"DRAFT for a qualified person to complete", "902(14)", "legal/case-1", organisation, "exporter, version v1.2.3", "registry/image@sha256:aa",
		"SHA-256 of its executable is\n   bb", "caseId: 4711", "basis: GDPR\ufffd17(3)(e)", "Conversations: 3 found, 1 in bags, 1 excluded, 1 unavailable",
		"Recordings: 1 exported, 1 excluded, 1 unavailable; 1 files, 10 bytes, in 1 bags", "(signature)",
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("it does not contain %q:\n%s", want, got)
		}
	}
	if strings.Contains(string(got), "<no value>") {
		t.Errorf("a value is missing:\n%s", got)
	}
	if strings.Contains(string(got), " key") {
		t.Errorf("it speaks of a key, and nothing is signed:\n%s", got)
	}
	const widest = 113 // characters, of what is not of one piece
	for line := range strings.Lines(string(got)) {
		if len(line) > widest+1 && len(strings.Fields(line)) > 1 {
			t.Errorf("a line has %d characters: %s", len(line), line)
		}
	}
}
