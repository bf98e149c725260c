package crash

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/failpoint"
)

// seed chooses the passes at which the manager is killed. Any value is good; the
// same one is always taken so that a failure comes again.
const seed = 4711

// pass is one line of a manager's log of failpoints.
type pass struct{ place, detail string }

// passes reads which points were passed, in order.
func (s *scene) passes() []pass {
	s.Helper()
	content, err := os.ReadFile(s.log())
	if err != nil {
		s.Fatal(err)
	}
	var all []pass
	for line := range strings.Lines(string(content)) {
		place, detail, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		all = append(all, pass{place, detail})
	}
	return all
}

// stage is where crashes are played.
type stage struct {
	newScene func(*testing.T) *scene
	// destination are the points of writing to it, naming the one that gives a
	// file its name.
	destination []failpoint.Point
	naming      failpoint.Point
	// chains is over how many exports the files of all kinds are spread.
	chains int
}

// undisturbed runs an export without a crash, and returns what it passed.
func (at stage) undisturbed(t *testing.T) []pass {
	t.Helper()
	s := at.newScene(t)
	s.complete()
	s.judge()
	return s.passes()
}

// places lists what the package says there is.
func (at stage) places() []string {
	var all []string
	for _, point := range failpoint.Points(at.destination) {
		all = append(all, string(point)+"/before", string(point)+"/after")
	}
	return all
}

// tally counts crashes.
type tally struct {
	stage
	tried, survived atomic.Int64
}

func (c *tally) print(t *testing.T) {
	fmt.Printf("failpoints: tried %d, survived %d (%s)\n", c.tried.Load(), c.survived.Load(), t.Name())
}

// TestCrashes kills the manager before and after each effect, starts it again,
// and kills it again. In the end the same effects fail. The export is complete
// anyway.
func TestCrashes(t *testing.T) {
	at := stage{newScene: newScene, destination: failpoint.Directory, naming: failpoint.ArchiveLink, chains: 6}
	crash(t, at, failpoint.Points(at.destination)...)
}

// crash plays crashes at some points, those of the destination if none are given,
// and at every file.
func crash(t *testing.T, at stage, points ...failpoint.Point) {
	if len(points) == 0 {
		points = at.destination
	}
	passed := at.undisturbed(t)
	count := &tally{stage: at}
	t.Cleanup(func() { count.print(t) })
	t.Run("points", func(t *testing.T) { count.atPoints(t, passed, points) })
	t.Run("files", func(t *testing.T) { count.atEveryFile(t, passed) })
}

// atPoints kills before and after each effect at its first pass, then at early
// ones, and then at one late in the work.
func (c *tally) atPoints(t *testing.T, passed []pass, points []failpoint.Point) {
	counts := map[string]int{}
	for _, p := range passed {
		counts[p.place]++
	}
	for _, place := range c.places() {
		if counts[place] == 0 {
			t.Errorf("%s is not reached", place)
		}
	}
	for place := range counts {
		if !slices.Contains(c.places(), place) {
			t.Errorf("%s is not among the points that package failpoint lists", place)
		}
	}
	random := rand.New(rand.NewPCG(seed, seed))
	for _, point := range points {
		before, after := string(point)+"/before", string(point)+"/after"
		third := max(1, counts[before]/3)
		c.play(t, string(point), []string{
			before, after,
			fmt.Sprintf("%s:%d", before, 2+random.IntN(3)), fmt.Sprintf("%s:%d", after, 2+random.IntN(3)),
			fmt.Sprintf("%s:%d", after, third+random.IntN(third)),
		}, before+":2=error", after+":4=error")
	}
}

// unforeseen is what differs in the names of files of one kind: ids, dates,
// batches, numbers, what is random.
var unforeseen = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\d|case-1-[a-z0-9-]+|(held|standard)-[a-z0-9-]+|\d{4}-\d{4}|\d\d\.[a-z0-9]+$|(runs|probe)/.*`)

// atEveryFile kills before and after the last file of each kind gets its name. The
// kinds are spread over some exports, in the order of its life in each.
func (c *tally) atEveryFile(t *testing.T, passed []pass) {
	last := map[string]int{}
	for i, p := range passed {
		if p.place == string(c.naming)+"/before" {
			last[unforeseen.ReplaceAllString(p.detail, "*")] = i
		}
	}
	const least = 25 // kinds of files, artifacts and evidence together
	if len(last) < least {
		t.Errorf("there are only %d kinds of files: %q", len(last), slices.Collect(maps.Keys(last)))
	}
	traps := make([][]string, c.chains)
	for n, i := range slices.Sorted(maps.Values(last)) {
		file := passed[i].detail
		if folder := path.Dir(file); path.Base(folder) == "runs" || path.Base(folder) == "probe" {
			file = folder // in another process it has another name
		}
		traps[n%c.chains] = append(traps[n%c.chains],
			fmt.Sprintf("%s/before@%s", c.naming, file), fmt.Sprintf("%s/after@%s", c.naming, file))
	}
	for n := range traps {
		c.play(t, fmt.Sprint(n), traps[n])
	}
}

// play kills a manager at each of the traps in turn, has effects fail in the last
// one, and judges what comes of it.
func (c *tally) play(t *testing.T, name string, traps []string, failing ...string) {
	t.Run(strings.ReplaceAll(name, "/", "."), func(t *testing.T) {
		takeTurns(t)
		s := c.newScene(t)
		for _, trap := range traps {
			if s.crash(trap) {
				c.tried.Add(1)
			}
		}
		crashes := s.interrupted
		s.complete(failing...)
		s.judge()
		if crashes == 0 {
			t.Error("the manager was never killed")
		}
		if !t.Failed() {
			c.survived.Add(int64(crashes))
		}
	})
}
