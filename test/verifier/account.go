package main

import "strconv"

// takeAccount compares the account of the last seal, whose totals are those of
// all seals, with what there is.
func (c *census) takeAccount() {
	if len(c.seals) == 0 {
		return
	}
	last := c.seals[len(c.seals)-1]
	where := "seals/" + strconv.Itoa(last.number) + "/account.json"
	a := last.account
	says := func(what string, told, found int) {
		c.expect(told == found, where, "says %d %s, there are %d", told, what, found)
	}
	says("conversations surveyed", a.Conversations.Surveyed, len(c.wanted()))
	says("conversations by what became of them",
		a.Conversations.Batched+a.Conversations.Excluded+a.Conversations.Unavailable, a.Conversations.Surveyed)
	says("bags", a.Bags, len(c.bags))
	says("files", a.Files, c.files)
	says("gaps", a.Gaps, c.gaps)
	var bytes int64
	for _, b := range c.bags {
		for _, f := range b.files {
			bytes += b.payload[f["path"]].size
		}
	}
	c.expect(a.Bytes == bytes, where, "says %d bytes, there are %d", a.Bytes, bytes)
	c.takeCounts(where, a)
	c.takeReferenced(where, a)
}

// takeCounts compares the numbers of recordings. Lines that report a move may be
// counted as excluded or not at all.
func (c *census) takeCounts(where string, a account) {
	found, moves := map[string]int{}, 0
	for _, line := range c.lines {
		found[line["disposition"]]++
	}
	for _, b := range c.bags {
		for _, r := range b.index {
			switch {
			case !uuid.MatchString(r["recording_id"]):
				found[r["disposition"]]++
			case r["reason"] == "DuplicateID":
				found[excluded]++
			case moved(r):
				moves++
			}
		}
	}
	told := map[string]int{}
	for _, r := range a.Recordings {
		told[exported] += r.Exported
		told[excluded] += r.Excluded
		told[unavailable] += r.Unavailable
	}
	for _, disposition := range []string{exported, unavailable} {
		c.expect(told[disposition] == found[disposition], where, "says %d recordings %s, there are %d", told[disposition], disposition, found[disposition])
	}
	least := found[excluded]
	c.expect(told[excluded] >= least && told[excluded] <= least+moves, where, "says %d recordings %s, there are %d", told[excluded], excluded, least)
}
