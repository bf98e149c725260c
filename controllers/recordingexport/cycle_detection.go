package recordingexport

import (
	"fmt"
	"hash/maphash"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
)

// sampleShare is how many of the recordings of an enumeration are remembered, one of
// so many: a full page has about eight of those, and ten million recordings are too
// many to remember them all.
const sampleShare = 64

// cycleDetector notices an enumeration that does not end: whose cursors lead back, or whose
// pages list nothing that was not listed before.
type cycleDetector struct {
	most int
	seed maphash.Seed
	// asked are the digests of the cursors that were asked for.
	asked map[uint64]bool
	// listed are digests of recordings: of a sample, and of one of each page.
	listed map[uint64]bool
	// idle is how many pages, the last ones, listed nothing new.
	idle int
}

func newCycleDetector() *cycleDetector {
	return &cycleDetector{most: mostPages, seed: maphash.MakeSeed(), asked: map[uint64]bool{}, listed: map[uint64]bool{}}
}

// addPage adds the page that a cursor led to, and says why the enumeration cannot be
// continued; empty if it can.
func (c *cycleDetector) addPage(cursor string, page artifacts.Enumerated) string {
	c.asked[maphash.String(c.seed, cursor)] = true
	if c.idle++; c.listsNew(page.IDs()) {
		c.idle = 0
	}
	switch next := page.Next(); {
	case next == "":
		return ""
	case c.asked[maphash.String(c.seed, next)]:
		return "its pages repeat: a cursor leads back to an earlier page"
	case c.idle >= mostIdlePages:
		return fmt.Sprintf("its last %d pages list nothing new, and more follow", c.idle)
	case len(c.asked) >= c.most:
		return fmt.Sprintf("it has more than %d pages", c.most)
	default:
		return ""
	}
}

// listsNew reports whether a page lists a recording that no page before did, as far as
// the sample shows. The recording with the least digest of a page is always in it.
func (c *cycleDetector) listsNew(ids []string) bool {
	isNew := false
	least := ^uint64(0)
	take := func(digest uint64) {
		isNew = isNew || !c.listed[digest]
		c.listed[digest] = true
	}
	for _, id := range ids {
		digest := maphash.String(c.seed, id)
		least = min(least, digest)
		if digest < ^uint64(0)/sampleShare {
			take(digest)
		}
	}
	if len(ids) > 0 && least >= ^uint64(0)/sampleShare {
		take(least)
	}
	return isNew
}
