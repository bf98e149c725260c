package evidence

import (
	"encoding/csv"
	"io"
	"io/fs"
	"regexp"
)

// correlationID is how an error of Genesys Cloud ends (genesys.Error): the id that
// its support asks for first.
var correlationID = regexp.MustCompile(`\(correlation id ([^)]+)\)`)

// correlation is the last correlation id in a text, empty if there is none.
func correlation(detail string) string {
	all := correlationID.FindAllStringSubmatch(detail, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1][1]
}

// writeFailures lists every recording and conversation that could not be exported, and why.
func (s Seal) writeFailures(w io.Writer, root fs.FS) error {
	table := csv.NewWriter(w)
	write := func(conversation, recording, reason, detail, bag string) error {
		return table.Write([]string{cell(conversation), cell(recording), reason, cell(detail), cell(correlation(detail)), bag})
	}
	err := table.Write([]string{"conversation_id", "recording_id", "reason", "detail", "correlation_id", "bag"})
	if err != nil {
		return err
	}
	err = eachBagRow(root, s.Bags, ConversationsTable, ReadConversations, func(bag BagRef, c Conversation) error {
		if !c.Home || c.Disposition != Unavailable {
			return nil
		}
		return write(c.ID, "", c.Reason, c.Detail, bag.Name)
	})
	if err != nil {
		return err
	}
	err = eachBagRow(root, s.Bags, IndexTable, ReadIndex, func(bag BagRef, r Recording) error {
		if r.Disposition != Unavailable {
			return nil
		}
		return write(r.ConversationID, r.RecordingID, r.Reason, r.Detail, bag.Name)
	})
	if err != nil {
		return err
	}
	for _, c := range s.Unbatched {
		if c.Disposition != Unavailable {
			continue
		}
		if err := write(c.ID, "", c.Reason, c.Detail, ""); err != nil {
			return err
		}
	}
	table.Flush()
	return table.Error()
}
