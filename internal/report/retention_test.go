package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// TestWhatIsSaidOfRestorations: whether other dates changed, and that nothing is known
// of those that could not be read again.
func TestWhatIsSaidOfRestorations(t *testing.T) {
	const same, changed, unknown = "Afterwards, no other date had changed.",
		"Other dates of 2 recordings were different afterwards. The archive does not show what changed them.",
		"The dates of 1 recording could not be read afterwards, so it is not known whether they changed."
	listed := []evidence.ChangedRetention{{Bag: "b", Restoration: evidence.Restoration{
		RecordingRef: genesys.RecordingRef{ConversationID: "c", RecordingID: "r"},
		Before:       genesys.Retention{ArchiveDate: "2024-01-01T00:00:00Z", DeleteDate: "2033-01-01T00:00:00Z", ExportDate: "2024-02-01T00:00:00Z"},
		After:        &genesys.Retention{DeleteDate: "2034-01-01T00:00:00Z"},
	}}}
	rows := []dateRow{
		{"c", "r", "To be deleted", "2033-01-01T00:00:00Z", "2034-01-01T00:00:00Z", "b"},
		{"c", "r", "To be exported by a job of Genesys Cloud", "2024-02-01T00:00:00Z", "none", "b"},
	}
	tests := map[string]struct {
		found evidence.Restorations
		want  *restored
	}{
		"none was asked for": {evidence.Restorations{}, nil},
		"all as before":      {evidence.Restorations{Asked: 1}, &restored{Asked: 1, Says: []text{same}}},
		"some changed":       {evidence.Restorations{Asked: 3, Changed: 2, Listed: listed}, &restored{Asked: 3, Says: []text{changed}, Rows: rows, More: 1}},
		"some are not known": {evidence.Restorations{Asked: 3, Unknown: 1}, &restored{Asked: 3, Says: []text{unknown}}},
		"some of each":       {evidence.Restorations{Asked: 9, Changed: 2, Unknown: 1}, &restored{Asked: 9, Says: []text{changed, unknown}, More: 2}},
	}
	for name, tt := range tests {
		if diff := cmp.Diff(tt.want, restorations(tt.found)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	r := everywhere(t, "x")
	const verdict = "dates of 2 recordings changed there that should have stayed the same"
	if page := written(t, r); !strings.Contains(page, verdict) || !strings.Contains(page, `id="restored-list"`) || !strings.Contains(page, "There are <data value=\"1\">1</data> more recordings") {
		t.Error("the page does not name the dates that changed")
	}
	r.Findings.Restorations = evidence.Restorations{Asked: 1}
	if page := written(t, r); strings.Contains(page, verdict) || !strings.Contains(page, same) || strings.Contains(page, `id="restored-list"`) {
		t.Error("the page says that dates changed, or not that none did")
	}
	r.Findings.Restorations = evidence.Restorations{}
	if page := written(t, r); strings.Contains(page, "Requested restorations") {
		t.Error("the page speaks of restorations")
	}
}
