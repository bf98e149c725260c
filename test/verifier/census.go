package main

import (
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// census compares what the archive lists with what there is.
type census struct {
	*verdict
	terms terms
	asked order
	known map[string]conversation
	seals []seal
	bags  map[string]bag
	// lanes of the bags, by their names.
	lanes map[string]string
	// behind are the recordings of which a bag that they left contains files, with the bag.
	behind map[string]bool
	// again are the recordings with a line that replaces one which calls them unavailable.
	again map[string]bool
	// settled is the line of each conversation that counts, by its id, and lines
	// the line of each recording that counts, by conversation and recording.
	settled map[string]row
	lines   map[string]row
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)

// wanted lists the conversations of the window, in order.
func (c *census) wanted() []conversation {
	var all []conversation
	for _, known := range c.known {
		if !known.Start.Before(c.asked.Start) && known.Start.Before(c.asked.End) {
			all = append(all, known)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	return all
}

// takeConversations checks that every conversation of the window, and no
// other, is listed by the seals: once, or once more for each time that it came
// again after it was unavailable or had moved.
func (c *census) takeConversations() {
	c.settled = map[string]row{}
	strange := 0
	for _, s := range c.seals {
		for _, line := range s.conversations {
			id := line["conversation_id"]
			if !uuid.MatchString(id) {
				strange++
				c.expect(line["reason"] == "InvalidID" && line["disposition"] == unavailable, "seals", "%s has an id that is none, but is %s %s", id, line["disposition"], line["reason"])
				c.gaps++
				continue
			}
			c.settle(s, line)
		}
	}
	for _, known := range c.wanted() {
		if !uuid.MatchString(known.ID) {
			strange--
			continue
		}
		c.judgeConversation(known)
	}
	c.expect(strange == 0, "seals", "the number of conversations with an invalid id is off by %d", strange)
	for id := range c.settled {
		known, exists := c.known[id]
		inside := exists && !known.Start.Before(c.asked.Start) && known.Start.Before(c.asked.End)
		c.expect(inside, "seals", "conversation %s is listed, but not of the window", id)
	}
}

// settle adds a line about a conversation, which may replace an earlier one.
func (c *census) settle(s seal, line row) {
	id := line["conversation_id"]
	former, twice := c.settled[id]
	switch {
	case moved(line) && twice: // it is in another bag already
		return
	case twice && !replaces(line, former):
		c.fault("seals/"+strconv.Itoa(s.number), "conversation %s is listed twice", id)
	}
	c.settled[id] = line
	c.expect(line["disposition"] == exported || line["reason"] != "", "seals", "conversation %s is %s without a reason", id, line["disposition"])
}

// replaces reports whether a line may follow a former one about the same thing.
func replaces(line, former row) bool {
	ended := former["reason"] == "ConversationOpen" // and may be outside of the scope
	return moved(former) || former["disposition"] == unavailable && (ended || line["retried"] == "true")
}

// judgeConversation judges what is said of a conversation.
func (c *census) judgeConversation(known conversation) {
	line, listed := c.settled[known.ID]
	if !listed {
		c.fault("seals", "conversation %s is not listed", known.ID)
		return
	}
	switch line["disposition"] {
	case exported:
		c.expect(!moved(line), "seals", "conversation %s moved to a bag that is not there", known.ID)
		c.expect(!c.terms.unavailable[known.ID], "seals", "conversation %s is exported, must be unavailable", known.ID)
	case excluded:
		out := c.asked.HoldScope == "Exclude" && line["held_at_survey"] == "true" || c.asked.HoldScope == "Only" && line["held_at_survey"] == "false"
		c.expect(line["reason"] == "HoldScope" && out || moved(line) && c.asked.HoldScope != "Include",
			"seals", "conversation %s is excluded because of %s, which does not apply", known.ID, line["reason"])
	case unavailable:
		open := line["reason"] == "ConversationOpen" && known.End.IsZero()
		c.expect(open || c.terms.unavailable[known.ID], "seals", "conversation %s is unavailable because of %s", known.ID, line["reason"])
		c.gaps++
	default:
		c.fault("seals", "conversation %s is %q", known.ID, line["disposition"])
	}
}

// takeRecordings checks that every recording of every conversation that is
// in a bag is listed once, with what became of it.
func (c *census) takeRecordings() {
	c.lines, c.again = map[string]row{}, map[string]bool{}
	strange := map[string]int{}
	for _, s := range c.seals {
		for _, line := range s.bags {
			for _, r := range c.bags[line["bag"]].index {
				if !uuid.MatchString(r["recording_id"]) {
					strange[r["conversation_id"]]++
					c.expect(r["reason"] == "InvalidID" && r["disposition"] == unavailable, "bags", "%s has an id that is none, but is %s %s", key(r), r["disposition"], r["reason"])
					c.gaps++
					continue
				}
				c.record(line["bag"], r)
			}
		}
	}
	for _, known := range c.wanted() {
		if c.settled[known.ID]["disposition"] != exported {
			continue
		}
		c.judgeMetadata(known)
		for _, r := range known.Recordings {
			if !uuid.MatchString(r.ID) {
				strange[known.ID]--
				continue
			}
			c.judgeRecording(known, r)
		}
	}
	for id, n := range strange {
		c.expect(n == 0, "bags", "the number of recordings of %s with an invalid id is off by %d", id, n)
	}
	for id, line := range c.lines {
		c.expect(c.has(id), "bags", "recording %s is listed, but there is none", id)
		c.expect(!isolated(line), "bags", "recording %s is isolated, but no bag of that lane lists it", id)
	}
}

// record adds a line about a recording, which may replace an earlier one.
func (c *census) record(name string, r row) {
	former, twice := c.lines[key(r)]
	again := r["retried"] == "true"
	if twice && again {
		c.expect((former["lane"] == isolatedLane) == (c.lanes[name] == isolatedLane), "bags/"+name, "recording %s is retried in another lane than it was in", key(r))
	}
	switch {
	case moved(r) && twice:
		return
	case r["reason"] == "DuplicateID":
		return
	case isolated(r):
		c.expect(c.lanes[name] != isolatedLane && r["disposition"] == excluded, "bags/"+name, "recording %s cannot be isolated here", key(r))
		c.expect(twice == again && (!twice || former["disposition"] == unavailable), "bags/"+name, "recording %s is isolated, but listed before", key(r))
	case twice && isolated(former):
		c.expect(c.lanes[name] == isolatedLane && !again, "bags/"+name, "recording %s is isolated, but listed in another lane", key(r))
	case twice && !replaces(r, former):
		c.fault("bags/"+name, "recording %s is listed twice", key(r))
	case !twice:
		c.expect(c.lanes[name] != isolatedLane || c.isolatedHome(r["conversation_id"]), "bags/"+name, "recording %s is in the lane Isolated, but never left another", key(r))
	}
	c.again[key(r)] = c.again[key(r)] || again
	c.lines[key(r)] = r
}

// has reports whether there is a recording.
func (c *census) has(id string) bool { return c.recordingOf(id).ID != "" }

// judgeMetadata compares what the bags say Genesys Cloud listed with what there is.
func (c *census) judgeMetadata(known conversation) {
	told := false
	for _, b := range c.bags {
		ids, tells := c.metadata(c.terms.archive, b, known.ID)
		if !tells {
			continue
		}
		told = true
		var want []string
		for _, r := range known.Recordings {
			want = append(want, r.ID)
		}
		sort.Strings(ids)
		sort.Strings(want)
		c.expect(strings.Join(ids, " ") == strings.Join(want, " "), "bags/"+b.name, "the metadata of %s names other recordings than it has", known.ID)
	}
	c.expect(told, "bags", "there is no metadata of conversation %s", known.ID)
}

// judgeRecording judges what is said of a recording.
func (c *census) judgeRecording(known conversation, r recording) {
	id := known.ID + "/" + r.ID
	line, listed := c.lines[id]
	if !listed {
		c.fault("bags", "recording %s is not listed", id)
		return
	}
	asked := contains(c.asked.MediaTypes, r.Medium)
	there := r.FileState == "AVAILABLE" || r.FileState == "RESTORED"
	refused := c.terms.unavailable[r.ID]
	switch line["disposition"] {
	case exported:
		c.expect(asked && !refused, "bags", "recording %s is exported, must not be", id)
		c.recordings++
	case excluded:
		c.expect(!asked && line["reason"] == "MediumNotRequested", "bags", "recording %s is excluded because of %s, which does not apply", id, line["reason"])
	case unavailable:
		c.expect(line["reason"] != "", "bags", "recording %s is unavailable without a reason", id)
		c.expect(asked && (!there || refused), "bags", "recording %s could be had, but is unavailable because of %s %s", id, line["reason"], line["detail"])
		c.checkReason(id, r, line)
		c.gaps++
	default:
		c.fault("bags", "recording %s is %q", id, line["disposition"])
	}
}

// takeFiles checks that each file of each exported recording is stored
// once over all bags, byte for byte.
func (c *census) takeFiles() {
	holders, whole := map[string]string{}, map[string]int{}
	for name, b := range c.bags {
		count := map[string]int{}
		for _, f := range b.files {
			c.files++
			count[key(f)]++
			c.judgeFile(name, f, b.payload[f["path"]])
		}
		for id, n := range count {
			if c.leftBehind(id, name) {
				continue
			}
			other, twice := holders[id]
			c.expect(!twice || c.retried(id), "bags/"+name, "contains files of %s, and so does %s", id, other)
			holders[id] = name
			if c.lines[id]["disposition"] != exported || !c.retriedElsewhere(id, name) {
				whole[id] = n
			}
		}
	}
	before := c.takeLeftBehind(holders)
	for id, line := range c.lines {
		want, n := len(c.recordingOf(id).Files), whole[id]+before[id]
		if line["disposition"] == exported {
			c.expect(n > 0, "bags", "recording %s is exported, but nowhere", id)
			c.expect(n == want, "bags/"+holders[id], "contains %d files of %s, there are %d", n, id, want)
		}
	}
}

func (c *census) retried(id string) bool { return c.again[id] }

// retriedElsewhere reports whether a bag contains a part of a recording that came
// whole in a later one.
func (c *census) retriedElsewhere(id, name string) bool {
	if !c.retried(id) {
		return false
	}
	for _, r := range c.bags[name].index {
		if key(r) == id {
			return r["disposition"] == unavailable
		}
	}
	return false
}

func (c *census) recordingOf(id string) recording {
	of, name, _ := strings.Cut(id, "/")
	for _, r := range c.known[of].Recordings {
		if r.ID == name {
			return r
		}
	}
	return recording{}
}

// judgeFile compares a file with the one that there is.
func (c *census) judgeFile(name string, f row, found stored) {
	parts := recordingPath.FindStringSubmatch(f["path"])
	if parts == nil {
		return
	}
	n, err := strconv.Atoi(parts[3])
	files := c.recordingOf(key(f)).Files
	if err != nil || n < 1 || n > len(files) {
		c.fault("bags/"+name, "%s is a file that there is not", f["path"])
		return
	}
	same := found.sha256 == files[n-1].SHA256 && found.size == files[n-1].Size
	c.expect(same, "bags/"+name, "%s is not byte for byte what there is", f["path"])
}

// expect adds a violation unless something is true.
func (c *census) expect(holds bool, where, format string, arguments ...any) {
	if !holds {
		c.fault(where, format, arguments...)
	}
}
