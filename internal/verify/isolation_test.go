package verify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// step is a line about a recording or a conversation in a bag.
type step struct {
	lane, disposition, reason string
	retried, home             bool
	// files are the numbers of the files in the bag.
	files string
}

// row is the line as it is read.
func (s step) row(line int, recording string, listed int) Row {
	cells := []string{
		testID(1), recording, "Call", s.disposition, s.reason, strconv.FormatBool(s.retried), strconv.FormatBool(s.home), strconv.Itoa(listed),
	}
	columns := map[string]int{}
	for i, name := range []string{"conversation_id", "recording_id", "medium", "disposition", "reason", "retried", "home", "recordings"} {
		columns[name] = i
	}
	return Row{line, cells, columns}
}

func testID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

const moved = evidence.ReasonMovedToIsolated

const one, two = "01", "02"

// stories are what may become of a recording, bag by bag.
var stories = [][]step{
	{{lane: "Standard", disposition: "Exported"}},
	{{lane: "Standard", disposition: "Unavailable"}},
	{{lane: "Standard", disposition: "Unavailable"}, {lane: "Standard", disposition: "Exported", retried: true}},
	{{lane: "Standard", disposition: "Excluded", reason: moved}, {lane: "Isolated", disposition: "Exported", files: one}},
	{{lane: "Standard", disposition: "Excluded", reason: moved, files: one}, {lane: "Isolated", disposition: "Exported"}},
	{{lane: "Standard", disposition: "Excluded", reason: moved, files: one}, {lane: "Isolated", disposition: "Exported", files: two}},
	{
		{lane: "Standard", disposition: "Excluded", reason: moved}, {lane: "Isolated", disposition: "Unavailable"},
		{lane: "Isolated", disposition: "Exported", retried: true, files: one},
	},
	{
		{lane: "Standard", disposition: "Unavailable"}, {lane: "Standard", disposition: "Excluded", reason: moved, retried: true},
		{lane: "Isolated", disposition: "Unavailable"}, {lane: "Isolated", disposition: "Unavailable", retried: true},
	},
}

// told is a line with the number of the recording that it is about.
type told struct {
	step
	recording int
}

// drawLines draws some recordings of a conversation with a story each, and the order
// in which their lines come.
func drawLines(t *rapid.T) (recordings int, lines []told) {
	left := rapid.SliceOfN(rapid.SampledFrom(stories), 1, 8).Draw(t, "stories")
	recordings = len(left)
	for {
		var open []int
		for i, story := range left {
			if len(story) > 0 {
				open = append(open, i)
			}
		}
		if len(open) == 0 {
			return recordings, lines
		}
		i := rapid.SampledFrom(open).Draw(t, "next")
		lines, left[i] = append(lines, told{left[i][0], i}), left[i][1:]
	}
}

// take adds lines about recordings of a conversation of the lane Standard.
func take(listed int, lines []told) *census {
	c := newCensus(&verifier{})
	c.beginPage(&seal{history: newExportHistory(c.verifier, "events.jsonl")})
	c.inBag("conversations.csv", step{disposition: "Exported", home: true}.row(2, "", listed), "Standard")
	for i, line := range lines {
		id := testID(100 + line.recording)
		b := &bag{folder: "b", parts: map[string][]string{testID(1) + "/" + id: strings.Fields(line.files)}}
		c.record(b, line.row(i+2, id, 0), line.lane)
	}
	c.checkComplete()
	return c
}

// TestWhatMayBecomeOfARecording: nothing is found, and each recording is counted
// once, where it was last.
func TestWhatMayBecomeOfARecording(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		recordings, lines := drawLines(t)
		c := take(recordings, lines)
		if len(c.findings.list) > 0 {
			t.Fatalf("%v of %v", c.findings.list, lines)
		}
		last := map[int]step{}
		for _, line := range lines {
			last[line.recording] = line.step
		}
		var want tally
		gaps := map[string]int64{}
		for _, s := range last {
			want.add(s.disposition, 1)
			if s.disposition == string(evidence.Unavailable) {
				gaps[s.lane]++
			}
		}
		if c.total() != want || c.lane("Standard").gaps != gaps["Standard"] || c.lane("Isolated").gaps != gaps["Isolated"] {
			t.Errorf("counted %+v, want %+v, and gaps %v", c.total(), want, gaps)
		}
	})
}

// TestWhatMayNotBecomeOfARecording: a line too much, a line too few or one in another
// lane is found, whichever it is.
func TestWhatMayNotBecomeOfARecording(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		recordings, lines := drawLines(t)
		i := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
		changed, of := slices.Clone(lines), lines[i]
		last := !slices.ContainsFunc(lines[i+1:], func(later told) bool { return later.recording == of.recording })
		switch change := rapid.SampledFrom([]string{"drop", "repeat", "lane"}).Draw(t, "change"); {
		case change == "drop" && last && of.retried: // it was not retried yet
		case change == "drop":
			changed = slices.Delete(changed, i, i+1)
		case change == "repeat" && of.retried && of.disposition == string(evidence.Unavailable): // it was retried twice
		case change == "repeat":
			changed = slices.Insert(changed, i+1, of)
		case of.reason == moved: // its bag shows that it cannot be there
		default:
			changed[i].lane = map[string]string{"Standard": "Isolated", "Isolated": "Standard"}[of.lane]
		}
		if c := take(recordings, changed); len(c.findings.list) == 0 && !slices.Equal(lines, changed) {
			t.Errorf("nothing is found of %v", changed)
		}
	})
}

// TestFilesOfAnIsolatedRecording are in the bag that it left, in the one that it came
// in, or some in each; none is in both.
func TestFilesOfAnIsolatedRecording(t *testing.T) {
	for name, tt := range map[string]struct{ left, came, says string }{
		"there only":   {"", "01 02", ""},
		"here only":    {"01 02", "", ""},
		"some in each": {"01", "02", ""},
		"nowhere":      {"", "", "Exported, but there is no file of it"},
		"one in both":  {"01", "01 02", "this bag contains its file 01, but so does the bag of b/data/index.csv"},
	} {
		found := take(1, []told{
			{step{lane: "Standard", disposition: "Excluded", reason: moved, files: tt.left}, 1},
			{step{lane: "Isolated", disposition: "Exported", files: tt.came}, 1},
		}).findings.list
		if tt.says == "" && len(found) > 0 || tt.says != "" && (len(found) != 1 || !strings.Contains(found[0].Says, tt.says)) {
			t.Errorf("%s: %v, want %q", name, found, tt.says)
		}
	}
}

// conversation adds lines about a conversation, in order; those of no lane are of
// no bag.
func conversation(lines []step) []Finding {
	c := newCensus(&verifier{})
	for i, s := range lines {
		if row := s.row(i+2, "", 0); s.lane == "" {
			c.inNoBag("conversations.csv", row)
		} else {
			c.inBag("conversations.csv", row, s.lane)
		}
	}
	c.checkComplete()
	return c.findings.list
}

// TestBagsOfAnIsolatedConversation may come in any order.
func TestBagsOfAnIsolatedConversation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.Permutation([]step{
			{lane: "Standard", disposition: "Excluded", reason: evidence.ReasonMovedToHold},
			{lane: "LegalHold", disposition: "Excluded", reason: moved}, {lane: "LegalHoldScreen", disposition: "Excluded", reason: moved},
			{lane: "Isolated", disposition: "Exported", home: true}, {lane: "Isolated", disposition: "Exported"},
		}).Draw(t, "lines")
		if found := conversation(lines); len(found) > 0 {
			t.Errorf("%v of %v", found, lines)
		}
	})
}

// TestAConversationThatHadNotEnded is accounted for once more when a retry has found
// its end: by a bag, or by none if the export's scope leaves it out. No other is.
func TestAConversationThatHadNotEnded(t *testing.T) {
	open, out := step{disposition: "Unavailable", reason: evidence.ReasonConversationOpen}, step{disposition: "Excluded", reason: evidence.ReasonHoldScope}
	for name, tt := range map[string]struct {
		lines []step
		sound bool
	}{
		"comes in a bag":          {[]step{open, {lane: "Standard", disposition: "Exported", home: true}}, true},
		"is out of scope":         {[]step{open, out}, true},
		"is out of scope twice":   {[]step{open, out, out}, false},
		"was out of scope before": {[]step{out, open}, false},
	} {
		if found := conversation(tt.lines); (len(found) == 0) != tt.sound {
			t.Errorf("%s: found %v", name, found)
		}
	}
}

func TestContradictionsAboutAnIsolatedConversation(t *testing.T) {
	left := step{lane: "LegalHold", disposition: "Excluded", reason: moved}
	home := func(lane string, d evidence.Disposition, retried bool) step {
		return step{lane: lane, disposition: string(d), home: true, retried: retried}
	}
	isolated, unread := home("Isolated", evidence.Exported, false), home("Isolated", evidence.Unavailable, false)
	tests := map[string]struct {
		lines []step
		says  string
	}{
		"no bag accounts for it":        {[]step{left}, "but no bag accounts for it"},
		"it did not leave":              {[]step{isolated}, "but no bag states that it was isolated"},
		"it moved otherwise":            {[]step{{lane: "Standard", reason: evidence.ReasonMovedToHold}, isolated}, "but no bag states that it was isolated"},
		"it is in another lane too":     {[]step{left, {lane: "LegalHoldScreen", disposition: "Exported"}, isolated}, "lists it without stating that it was isolated"},
		"another lane accounts for it":  {[]step{left, home("LegalHoldScreen", evidence.Exported, false)}, "but a bag of another lane accounts for it"},
		"two account for it":            {[]step{left, isolated, isolated}, "which another line already accounts for"},
		"it is retried":                 {[]step{left, unread, home("Isolated", evidence.Exported, true)}, ""},
		"it is retried in another lane": {[]step{left, unread, home("Standard", evidence.Exported, true)}, "replaces the line of a bag of lane Isolated about"},
		"another is retried there": {
			[]step{home("Standard", evidence.Unavailable, false), home("Isolated", evidence.Exported, true)}, "replaces the line of a bag of lane Standard about",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			found := conversation(tt.lines)
			says := slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.Says, tt.says) })
			if tt.says == "" && len(found) > 0 || tt.says != "" && !says {
				t.Errorf("found %v, want %q", found, tt.says)
			}
		})
	}
}
