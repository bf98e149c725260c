package main

import "strings"

// lanesOf are the lanes of the bags, as the seals list them.
func lanesOf(seals []seal) map[string]string {
	lanes := map[string]string{}
	for _, s := range seals {
		for _, line := range s.bags {
			lanes[line["bag"]] = line["lane"]
		}
	}
	return lanes
}

// takeIsolated checks that a conversation that left its bags for the lane
// Isolated is at home there and in no other bag, and that none is there that did
// not leave.
func (c *census) takeIsolated() {
	left, stays := map[string]bool{}, map[string]string{}
	for name, b := range c.bags {
		for _, line := range b.conversations {
			id := line["conversation_id"]
			switch {
			case isolated(line):
				left[id] = true
				c.judgeLeft(b, line)
			case c.lanes[name] != isolatedLane && !moved(line):
				stays[id] = name
			}
		}
	}
	for id := range left {
		c.expect(c.isolatedHome(id), "seals", "conversation %s is isolated, but at home in no bag of that lane", id)
		c.expect(stays[id] == "", "bags/"+stays[id], "conversation %s is isolated, but this bag lists it too", id)
	}
	for id := range c.settled {
		c.expect(left[id] || !c.isolatedHome(id), "seals", "conversation %s is in the lane Isolated, but never left another", id)
	}
}

// judgeLeft judges a line about a conversation that left a bag: the bag accounts for
// nothing of it.
func (c *census) judgeLeft(b bag, line row) {
	id, where := line["conversation_id"], "bags/"+b.name
	c.expect(line["home"] == "false" && line["disposition"] == excluded && c.lanes[b.name] != isolatedLane, where, "conversation %s cannot be isolated here", id)
	for _, r := range b.index {
		c.expect(r["conversation_id"] != id, where, "conversation %s is isolated, but recording %s is listed", id, r["recording_id"])
	}
}

// isolatedHome reports whether a bag of the lane Isolated accounts for a conversation.
func (c *census) isolatedHome(id string) bool { return c.lanes[c.settled[id]["bag"]] == isolatedLane }

// leftBehind reports whether a bag contains a part of a recording that it says is isolated.
func (c *census) leftBehind(id, name string) bool {
	if c.behind == nil {
		c.behind = map[string]bool{}
		for of, b := range c.bags {
			for _, r := range b.index {
				if isolated(r) && r["files"] != "0" {
					c.behind[of+" "+key(r)] = true
				}
			}
		}
	}
	return c.behind[name+" "+id]
}

// takeLeftBehind counts the files of each recording that had come before it left: they
// and those of the bag that it came in are the whole recording, and none is in both.
// A retry after that has all of them.
func (c *census) takeLeftBehind(holders map[string]string) map[string]int {
	count := map[string]int{}
	for name, b := range c.bags {
		for _, f := range b.files {
			id := key(f)
			if !c.leftBehind(id, name) || c.lines[id]["retried"] == "true" {
				continue
			}
			count[id]++
			_, both := c.bags[holders[id]].payload[f["path"]]
			c.expect(!both, "bags/"+name, "contains %s, and so does %s", f["path"], holders[id])
		}
	}
	return count
}

// visits is how often the same answer was needed once more because of what is
// isolated: metadata in each bag that recordings of a conversation left for, a file
// of a recording that had come before it left.
func (c *census) visits(path string) int {
	parts, n := strings.Split(path, "/"), 0
	for name := range c.bags {
		media := len(parts) > 3 && parts[1] == "media"
		if media && c.leftBehind(parts[2]+"/"+parts[3], name) || !media && c.cameTo(name, parts) {
			n++
		}
	}
	return n
}

// cameTo reports whether recordings came to a bag of the lane Isolated without their
// conversation, which is one of some.
func (c *census) cameTo(name string, conversations []string) bool {
	for _, r := range c.bags[name].index {
		id := r["conversation_id"]
		if c.lanes[name] == isolatedLane && contains(conversations, id) && !c.isolatedHome(id) {
			return true
		}
	}
	return false
}

// isolatedRecordings counts the lines about recordings that left a bag: each is
// requested once more.
func (c *census) isolatedRecordings() int {
	n := 0
	for _, b := range c.bags {
		for _, r := range b.index {
			if isolated(r) {
				n++
			}
		}
	}
	return n
}
