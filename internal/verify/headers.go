package verify

import (
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// headers are the columns of every table that a bag or a seal may contain, in order, by
// its place there. A table with other columns was not written by this version of the
// exporter, and what they mean nobody has checked.
var headers = map[string][]string{
	evidence.ConversationsTable: {
		"conversation_id", "start", "held_at_survey", "held_at_survey_time", "held_before_transfer", "held_before_transfer_time",
		"recordings", "home", "disposition", "reason", "detail", "retried",
	},
	evidence.IndexTable:      {"conversation_id", "recording_id", "medium", "lane", "disposition", "reason", "detail", "files", "retried"},
	evidence.FilesTable:      {"path", "conversation_id", "recording_id", "size", "sha256", "content_type", "request_id", "received_at"},
	evidence.RetentionTable:  retentionColumns,
	evidence.ReferencesTable: referenceColumns,
	bagTable:                 {"bag", "lane", "start", "end", "tagmanifest_sha256", "exported", "excluded", "unavailable", "files", "bytes"},
	conversations: {
		"conversation_id", "start", "held_at_survey", "held_at_survey_time", "held_before_transfer", "held_before_transfer_time",
		"held_at_sealing", "held_at_sealing_time", "recordings", "disposition", "reason", "retried", "bag",
	},
	recordings:          {"conversation_id", "recording_id", "medium", "lane", "disposition", "reason", "detail", "files", "retried", "bag"},
	"failures.csv":      {"conversation_id", "recording_id", "reason", "detail", "correlation_id", "bag"},
	coverageTable:       {"start", "end", "bags", "conversations_in_no_bag"},
	"second-source.csv": {"conversation_id", "recording_id", "created", "difference", "reason"},
	orphanTable:         orphanColumns,
	retentionTable:      sealedRetention,
	"loadfile.csv": {
		"CONTROL_NUMBER", "EXPORT", "BAG", "CONVERSATION_ID", "RECORDING_ID", "MEDIUM", "LANE", "CONVERSATION_START", "FILE_SIZE", "SHA256", "NATIVE_PATH",
	},
}

// header are the columns that a table has to have, by its path from the archive's root;
// none if no such table is known.
func header(name string) []string {
	parts := strings.SplitN(name, "/", 3)
	if len(parts) < 3 {
		return nil
	}
	return headers[parts[2]]
}

// fitsHeader reports whether a table has the columns that it has to have, and no others.
func fitsHeader(name string, columns []string) bool {
	want := header(name)
	return want == nil || slices.Equal(columns, want)
}
