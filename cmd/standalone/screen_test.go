package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
)

// aView is an export with a finished lane and one in progress.
func aView() snapshot {
	v := snapshot{name: types.NamespacedName{Namespace: "legal", Name: "case-1"}}
	v.export.Generation = 1
	v.export.Status = v1alpha1.RecordingExportStatus{
		Progress: "7/9", Gaps: 1, Bytes: 5 << 20, Batches: v1alpha1.BatchCounts{Completed: 1, Planned: 2},
		Lanes: []v1alpha1.LaneStatus{{Lane: v1alpha1.LaneStandard, Batches: 1, Recordings: v1alpha1.RecordingCounts{Total: 6, Exported: 5}, Gaps: 1, Bytes: 4 << 20}},
	}
	conditions.Reconciling(&v.export, v1alpha1.ReasonBatchesInProgress, "30 of 50 batches done, 14 running")
	v.batches = []v1alpha1.RecordingExportBatch{{
		ObjectMeta: metav1.ObjectMeta{Name: "b"},
		Spec:       v1alpha1.RecordingExportBatchSpec{Lane: v1alpha1.LaneLegalHoldScreen, Conversations: 4},
		Status:     v1alpha1.RecordingExportBatchStatus{Metadata: 3, Recordings: v1alpha1.RecordingCounts{Total: 3, Exported: 2}, Bytes: 1 << 20},
	}}
	return v
}

func TestTable(t *testing.T) {
	got := table([]snapshot{aView()})
	for _, line := range []string{
		"EXPORT LANE BATCHES EXPORTED GAPS SIZE STATE",
		"case-1 1/2 7/9 1 5.0 MiB BatchesInProgress: 30 of 50 batches done, 14 running",
		"Standard 1 5/6 1 4.0 MiB",
		"LegalHoldScreen 0 2/3 0 1.0 MiB 1 batch running, metadata 3/4",
	} {
		found := false
		for have := range strings.Lines(got) {
			found = found || strings.Join(strings.Fields(have), " ") == line
		}
		if !found {
			t.Errorf("the table has no line %q:\n%s", line, got)
		}
	}
}

// TestIsolated: what is isolated has a line of its own below the lanes of its export.
func TestIsolated(t *testing.T) {
	at := metav1.Date(2023, 10, 2, 6, 10, 0, 0, time.UTC)
	end := metav1.Date(2023, 10, 3, 5, 0, 0, 0, time.FixedZone("", 3600))
	tests := map[string]v1alpha1.IsolatedStatus{
		"": {},
		"2 conversations and 1 recording isolated, next attempt 06:10:00Z, retried until about 2023-10-03T04:00Z": {
			Items: 3, Conversations: 2, Recordings: 1, NextAttemptTime: &at, RetriesEndTime: &end,
		},
		"1 conversation isolated":                                      {Items: 1, Conversations: 1},
		"3 recordings isolated, retried until about 2023-10-03T04:00Z": {Items: 3, Recordings: 3, RetriesEndTime: &end},
	}
	for want, status := range tests {
		v := aView()
		v.export.Status.Isolated = status
		lines := strings.Split(table([]snapshot{v, aView()}), "\n")
		if want == "" {
			if len(lines) != 8 || strings.Contains(strings.Join(lines, ""), "isolated") {
				t.Errorf("nothing is isolated, but the table is %q", lines)
			}
			continue
		}
		if len(lines) != 9 || lines[4] != "  "+want || !strings.HasPrefix(lines[5], "case-1") {
			t.Errorf("the table is %q, want a line %q", lines, want)
		}
		var out bytes.Buffer
		noteIsolated(&screen{out: &out}, v)
		if got := out.String(); got != "  Not exported yet: "+want+"\n" {
			t.Errorf("the summary says %q", got)
		}
	}
}

func TestATerminalIsRedrawn(t *testing.T) {
	var out bytes.Buffer
	s := &screen{out: &out, terminal: true, width: func() int { return 40 }}
	s.show([]snapshot{aView()})
	lines := strings.Count(out.String(), "\n")
	for line := range strings.Lines(out.String()) {
		if len([]rune(strings.TrimRight(line, "\n"))) > 39 {
			t.Errorf("line %q would wrap", line)
		}
	}
	out.Reset()
	s.show([]snapshot{aView()})
	if want := "\x1b[4A\x1b[J"; lines != 4 || !strings.HasPrefix(out.String(), want) {
		t.Errorf("after %d lines: %q, want it to begin with %q", lines, out.String(), want)
	}
	out.Reset()
	s.note("something else")
	if got, want := out.String(), "\x1b[4A\x1b[Jsomething else\n"; got != want {
		t.Errorf("a note in between: %q, want %q", got, want)
	}
}

func TestWithoutATerminalOnlyNewsAreTold(t *testing.T) {
	var out bytes.Buffer
	s := &screen{out: &out, said: map[string]string{}}
	v := aView()
	s.show([]snapshot{v})
	s.show([]snapshot{v})
	v.export.Status.Progress = "8/9"
	s.show([]snapshot{v})
	if got := out.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "7/9") || !strings.Contains(got, "8/9") || strings.Contains(got, "\x1b") {
		t.Errorf("told %q, want two plain lines", got)
	}
}

func TestParse(t *testing.T) {
	s, err := parse([]string{"-f", "a", "-f", "b", "--timeout", "2h", "--keep"})
	if err != nil || s.manifests.String() != "a b" || s.timeout.Hours() != 2 || !s.keep || s.archiveRoot != "archive" {
		t.Errorf("%+v, %v", s, err)
	}
	for _, arguments := range [][]string{{}, {"-f", "a", "stray"}} {
		if _, err := parse(arguments); err == nil || !strings.Contains(err.Error(), "-f FILE_OR_DIR") {
			t.Errorf("%q: %v, want to be told what is missing", arguments, err)
		}
	}
}
