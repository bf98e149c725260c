package recordingexport

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// TestEachConversationIsPlannedOnce: whatever the width of parts against that of
// days, each conversation becomes known with one day, and not before its whole
// part is surveyed.
func TestEachConversationIsPlannedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := window(
			time.Duration(rapid.IntRange(0, 48*60).Draw(t, "from"))*time.Minute,
			time.Duration(rapid.IntRange(48*60+1, 200*60).Draw(t, "to"))*time.Minute)
		spec.Width = time.Duration(rapid.IntRange(1, 100*60).Draw(t, "width")) * time.Minute
		spec.Daily = rapid.Bool().Draw(t, "daily")
		var surveys []artifacts.Survey
		total := 0
		for at := spec.Start.Truncate(day); at.Before(spec.End); at = at.Add(day) {
			survey := artifacts.Survey{Day: at}
			from, to := plan.DayInWindow(spec, at)
			for n := range rapid.IntRange(0, 5).Draw(t, "conversations") {
				offset := rapid.Int64Range(0, int64(to.Sub(from))-1).Draw(t, "offset")
				survey.Conversations = append(survey.Conversations, slicing.Conversation{
					ID: fmt.Sprintf("%d-%d", at.Day(), n), Start: from.Add(time.Duration(offset)),
				})
				total++
			}
			surveys = append(surveys, survey)
		}
		planned := map[string]bool{}
		for i, survey := range surveys {
			for _, c := range conversationsKnownWith(spec, survey.Day, surveys[:i+1]) {
				_, end, _ := spec.Part(c.Start)
				if planned[c.ID] || i+1 < len(surveys) && surveys[i+1].Day.Before(end) {
					t.Fatalf("%s at %v is planned with day %v", c.ID, c.Start, survey.Day)
				}
				if spec.Daily && !c.Start.UTC().Truncate(day).Equal(survey.Day) {
					t.Fatalf("%s at %v is planned with day %v, not with its own", c.ID, c.Start, survey.Day)
				}
				planned[c.ID] = true
			}
		}
		if len(planned) != total {
			t.Fatalf("%d of %d conversations are planned", len(planned), total)
		}
	})
}
