package evidence

import (
	"errors"
	"io/fs"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// FoundOrphan is a recording that is attached to no conversation, as a seal lists it.
type FoundOrphan struct {
	ID string
	// Created is zero if Genesys Cloud does not say when.
	Created time.Time
	// Medium is empty if it is not known; MediaAsReceived is Genesys Cloud's word.
	Medium          genesys.Medium
	MediaAsReceived string
	// FileState, Status and the conversation that the recording names, empty if none, are
	// Genesys Cloud's words.
	FileState, Status, ConversationID string
	Seal                              int
}

// readOrphans reads the first of the recordings that are attached to no conversation,
// as far as seals list them.
func (r *findingsReader) readOrphans() error {
	for number := 1; number <= r.seals && len(r.Orphans) < MostListed; number++ {
		err := eachCell(r.root, SealFolder(number)+"/"+orphanTable, func(row map[string]string) error {
			if len(r.Orphans) < MostListed {
				r.Orphans = append(r.Orphans, FoundOrphan{
					ID: row["orphan_id"], Created: instant(row["created"]), Medium: genesys.Medium(row["medium"]), MediaAsReceived: row["media_type"],
					FileState: row["file_state"], Status: row["orphan_status"], ConversationID: row["conversation_id"], Seal: number,
				})
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
