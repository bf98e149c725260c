package main

import (
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// orphan is a recording of no conversation, as the simulator knows it.
type orphan struct {
	ID             string    `json:"id"`
	Created        time.Time `json:"created"`
	Size           int       `json:"size"`
	FileState      string    `json:"fileState"`
	Status         string    `json:"status"`
	ConversationID string    `json:"conversationId"`
}

// orphanAccount is what an account says about recordings of no conversation.
type orphanAccount struct {
	Listed    int `json:"listed"`
	Undated   int `json:"undated"`
	NotListed *struct {
		From  time.Time `json:"from"`
		Until time.Time `json:"until"`
		Why   string    `json:"why"`
	} `json:"notListed"`
}

// judgeOrphans checks that each recording of no conversation that was created in
// what the seals cover is listed by one of them, and nothing else, unless the last
// account says that they could not be listed.
func (c *census) judgeOrphans(known []orphan) {
	listed, asked := 0, false
	lines := map[string]row{}
	for _, s := range c.seals {
		where := "seals/" + strconv.Itoa(s.number)
		table := filepath.Join(c.terms.archive, where, "orphans.csv")
		var rows []row
		if _, err := os.Stat(table); err == nil {
			rows = c.table(table, "orphan_id", "created", "medium", "size", "file_state", "orphan_status", "conversation_id")
		}
		for _, r := range rows {
			_, twice := lines[r["orphan_id"]]
			c.expect(!twice, where, "orphaned recording %s is listed twice", r["orphan_id"])
			lines[r["orphan_id"]] = r
		}
		listed += len(rows)
		told := s.account.Orphans
		if told == nil {
			c.expect(!asked && len(rows) == 0, where, "the account says nothing of orphaned recordings")
			continue
		}
		asked = true
		c.expect(told.Listed == listed, where, "the account says %d orphaned recordings, %d are listed", told.Listed, listed)
		c.expect(told.NotListed == nil || len(rows) == 0 && told.NotListed.Why != "", where, "the account says that orphaned recordings are not listed, but lists some, or not why")
	}
	if n := len(c.seals); n > 0 && c.seals[n-1].account.Orphans != nil {
		c.compareOrphans(known, lines, c.seals[n-1].account)
	}
}

// compareOrphans compares what the seals list with what there is.
func (c *census) compareOrphans(known []orphan, lines map[string]row, last account) {
	until := last.Until
	if last.Orphans.NotListed != nil {
		until = last.Orphans.NotListed.From
	}
	for _, o := range known {
		line, there := lines[o.ID]
		within := !o.Created.Before(c.asked.Start) && o.Created.Before(until)
		c.expect(there == within, "seals", "orphaned recording %s, created at %s: listed is %v", o.ID, o.Created, there)
		if there {
			same := line["size"] == strconv.Itoa(o.Size) && line["file_state"] == o.FileState && line["orphan_status"] == o.Status &&
				line["conversation_id"] == o.ConversationID && sameInstant(line["created"], o.Created.Format(time.RFC3339Nano))
			c.expect(same, "seals", "orphaned recording %s is listed as %v, it is %+v", o.ID, line, o)
		}
		delete(lines, o.ID)
	}
	for id := range lines {
		c.fault("seals", "orphaned recording %s is listed, which there is not", id)
	}
}
