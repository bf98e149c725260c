package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The dispositions, and the reasons by which a conversation is in another bag.
const (
	exported    = "Exported"
	excluded    = "Excluded"
	unavailable = "Unavailable"

	movedToHold     = "MovedToHold"
	movedFromHold   = "MovedFromHold"
	movedToIsolated = "MovedToIsolated"
)

// isolatedLane is the lane of what left a bag of another lane by itself.
const isolatedLane = "Isolated"

func moved(r row) bool { return r["reason"] == movedToHold || r["reason"] == movedFromHold }

// isolated reports whether a row says that what it is about is in a bag of the lane
// Isolated. Nothing counts such a row.
func isolated(r row) bool { return r["reason"] == movedToIsolated }

// order is what export.json says was requested.
type order struct {
	MediaTypes []string  `json:"mediaTypes"`
	HoldScope  string    `json:"holdScope"`
	Start      time.Time `json:"start"`
	End        time.Time `json:"end"`
}

// judge judges the whole archive.
func judge(t terms, known truth) *verdict {
	v := &verdict{buckets: t.buckets}
	asked := v.readOrder(t.archive)
	v.checkPlaces(t)
	seals := v.readSeals(t.archive)
	bags := v.readBags(t.archive, seals)
	c := &census{verdict: v, terms: t, asked: asked, known: map[string]conversation{}, seals: seals, bags: bags, lanes: lanesOf(seals)}
	for _, conversation := range known.dataset.Conversations {
		c.known[conversation.ID] = conversation
	}
	for _, change := range known.dataset.RetentionChanges {
		v.fault(t.truth, "a date was changed at Genesys Cloud: %s", change)
	}
	c.takeConversations()
	c.takeIsolated()
	c.takeRecordings()
	c.takeFiles()
	c.takeAccount()
	c.judgeOrphans(known.dataset.OrphanRecordings)
	c.checkJournal(t, known)
	return v
}

// readOrder reads what was requested.
func (v *verdict) readOrder(archive string) order {
	var record struct {
		SpecDigest string          `json:"specDigest"`
		Spec       json.RawMessage `json:"spec"`
	}
	var asked order
	body, err := os.ReadFile(filepath.Join(archive, "export.json"))
	if err == nil {
		err = json.Unmarshal(body, &record)
	}
	if err == nil {
		err = json.Unmarshal(record.Spec, &asked)
	}
	if err != nil {
		v.fault("export.json", "cannot be read: %v", err)
		return asked
	}
	sum := sha256.Sum256(record.Spec)
	if hex.EncodeToString(sum[:]) != record.SpecDigest {
		v.fault("export.json", "has another spec than its digest says")
	}
	return asked
}

// checkPlaces checks that there is no file where none belongs.
func (v *verdict) checkPlaces(t terms) {
	entries, err := os.ReadDir(t.archive)
	if err != nil {
		v.fault(t.archive, "cannot be read: %v", err)
	}
	for _, e := range entries {
		if !contains([]string{"export.json", "bags", "seals", ".work"}, e.Name()) {
			v.fault(e.Name(), "does not belong into an archive")
		}
	}
	if t.alone == "" {
		return
	}
	inside, err := filepath.Rel(t.alone, t.archive)
	if err != nil {
		v.fault(t.alone, "does not contain the archive: %v", err)
	}
	for name := range v.walk(t.alone) {
		work := contains(strings.Split(name, "/"), ".work")
		if !work && !strings.HasPrefix(name, filepath.ToSlash(inside)+"/") {
			v.fault(name, "lies outside the archive")
		}
	}
}

// readBags reads every bag. Each must be sealed, by one seal alone.
func (v *verdict) readBags(archive string, seals []seal) map[string]bag {
	sealed := map[string]int{}
	for _, s := range seals {
		for _, line := range s.bags {
			sealed[line["bag"]]++
		}
	}
	bags := map[string]bag{}
	entries, err := os.ReadDir(filepath.Join(archive, "bags"))
	if err != nil && len(sealed) > 0 {
		v.fault("bags", "cannot be read: %v", err)
	}
	for _, e := range entries {
		bags[e.Name()] = v.readBag(archive, e.Name())
		if sealed[e.Name()] != 1 {
			v.fault("bags/"+e.Name(), "is in %d seals, must be in one", sealed[e.Name()])
		}
	}
	for name := range sealed {
		if _, there := bags[name]; !there {
			v.fault("bags/"+name, "is sealed, but missing")
		}
	}
	for _, s := range seals {
		v.checkSealed(s, bags)
		v.checkRestored(s, bags)
	}
	v.bags = len(bags)
	return bags
}
