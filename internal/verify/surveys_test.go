package verify

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// TestManySurveysOfManyDays judges logs of 40,000 surveys of a window of 9,000 years: with
// a look at all surveys for each day, or at all days for each seal, it would not end.
func TestManySurveysOfManyDays(t *testing.T) {
	t.Parallel()
	const days = 20_000
	begin := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	c := newCensus(&verifier{terms: exportTerms{endless: true}})
	for number := 1; number <= 20; number++ {
		s := &seal{number: number, folder: evidence.SealFolder(number), told: true, surveyed: map[string]bool{}}
		s.account.From, s.account.Until = begin, begin.AddDate(9000, 0, 0)
		s.history = newExportHistory(c.verifier, s.sealPath(sealLog))
		c.seals = append(c.seals, s)
		if number > 1 {
			c.seals[number-2].account.Until = begin // each claims to cover all of it
		}
		c.beginPage(s)
		for i := range days {
			for n, purpose := range []string{firstSurvey, reviewSurvey} {
				at := begin.AddDate(9001, 0, 0)
				e := event{Sequence: 2*i + n, Time: at, Type: "DaySurveyed", Details: specimen.Surveyed(begin.AddDate(0, 0, i), at, purpose, 0, 0).Details}
				e.Details["entry"], e.Details["batches"] = strconv.Itoa(2*i+n), "0"
				if number == 20 || i == 0 {
					s.history.takeSealEvent(e)
				}
			}
			if number < 20 {
				break
			}
		}
		c.checkSurveys(s)
	}
	if list, more := c.sorted(); len(list) > 0 || more > 0 {
		t.Errorf("found %v and %d more", list[:1], more)
	}
}

// endingFS ends a context when a file is opened that many times.
type endingFS struct {
	fs.FS
	name string
	left int
	end  context.CancelFunc
}

func (e *endingFS) Open(name string) (fs.File, error) {
	if name == e.name {
		if e.left--; e.left == 0 {
			e.end()
		}
	}
	return e.FS.Open(name)
}

// TestTheJudgementEndsWithItsContext: not only while files are hashed, but wherever a list
// is read, too, of which each file is opened a second time to be judged.
func TestTheJudgementEndsWithItsContext(t *testing.T) {
	t.Parallel()
	a := specimen.New(t, nil)
	for _, name := range []string{
		"seals/1/events.jsonl", "seals/2/conversations.csv", "seals/2/failures.csv", "seals/2/coverage.csv",
		"bags/" + specimen.Standard + "/data/index.csv", "bags/" + specimen.Standard + "/custody/events.jsonl",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ending := &endingFS{FS: os.DirFS(a.Root), name: name, left: 2, end: cancel}
			if _, err := Archive(ctx, ending, Options{Workers: 1}); !errors.Is(err, context.Canceled) {
				t.Errorf("Archive: %v, want that it was ended", err)
			}
		})
	}
}
