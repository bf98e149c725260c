package evidence

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestHoldsThatChanged: whichever of the answers was another, and nothing else.
func TestHoldsThatChanged(t *testing.T) {
	for answers, want := range map[string]bool{
		"false,,": false, "false,false,false": false, "true,true,": false, "true,,true": false,
		"false,true,": true, "false,,true": true, "false,true,false": true, "true,false,false": true, "true,true,false": true,
	} {
		r := findingsReader{}
		cells := strings.Split(answers, ",")
		r.holdChange(map[string]string{
			"held_at_survey": cells[0], "held_before_transfer": cells[1], "held_at_sealing": cells[2],
			"held_at_survey_time": stamp(day), "held_before_transfer_time": stamp(day), "held_at_sealing_time": stamp(day),
		})
		if got := r.HoldsChanged == 1; got != want || len(r.HoldChanges) != int(r.HoldsChanged) {
			t.Errorf("of the answers %s the findings are %+v", answers, r.Findings)
		}
	}
}

// TestHoldsOfWhatWasAskedForAgain count once, with the last answers, whether or not
// they are listed.
func TestHoldsOfWhatWasAskedForAgain(t *testing.T) {
	const many = MostListed + 3
	root := fstest.MapFS{}
	for n, disposition := range []Disposition{Unavailable, Exported} {
		var lines strings.Builder
		fmt.Fprintln(&lines, "conversation_id,start,held_at_survey,held_at_survey_time,held_at_sealing,held_at_sealing_time,disposition,reason,retried,bag")
		found := []string{stamp(day), ""}[n]
		for i := range many {
			fmt.Fprintf(&lines, "%s,%s,false,%s,true,%s,%s,,%v,b%d\n", id(i), stamp(day), found, stamp(hour(n)), disposition, n > 0, n)
		}
		root[SealFolder(n+1)+"/"+conversations] = &fstest.MapFile{Data: []byte(lines.String())}
		for table, content := range map[string]string{
			bagTable: "bag,lane\n", recordings: "conversation_id,recording_id\n", failures: "conversation_id,recording_id\n", sealLog: "", payloadManifest: "",
		} {
			root[SealFolder(n+1)+"/"+table] = &fstest.MapFile{Data: []byte(content)}
		}
	}
	got, err := ReadFindings(root, Account{Number: 2})
	if err != nil {
		t.Fatal(err)
	}
	if got.HoldsChanged != many || len(got.HoldChanges) != MostListed {
		t.Errorf("%d changes are counted, %d listed", got.HoldsChanged, len(got.HoldChanges))
	}
	want := HoldChange{ConversationID: id(0), Start: day, AtSurvey: HoldAnswer{At: day}, AtSealing: HoldAnswer{true, hour(1)}, Bag: "b1"}
	if diff := cmp.Diff(want, got.HoldChanges[0]); diff != "" {
		t.Errorf("the first (-want +got):\n%s", diff)
	}
}

// TestHoursOfAWindowThatBeginsOffTheHour are counted from its begin.
func TestHoursOfAWindowThatBeginsOffTheHour(t *testing.T) {
	begin := day.Add(8*time.Hour + 30*time.Minute)
	r := findingsReader{from: begin, hours: map[time.Time]*UnbatchedHour{}}
	for _, after := range []time.Duration{0, time.Hour - 1, time.Hour, 90 * time.Minute} {
		r.unbatched(map[string]string{"start": stamp(begin.Add(after))}).Excluded++
	}
	want := []UnbatchedHour{{begin, 2, 0}, {begin.Add(time.Hour), 2, 0}}
	if diff := cmp.Diff(want, r.finish().Unbatched); diff != "" {
		t.Errorf("hours (-want +got):\n%s", diff)
	}
}
