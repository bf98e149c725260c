package report

import (
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// TestWhatIsSaidOfOrphans: how many are listed, why others are not, and nothing if
// nobody asked but that this proves nothing.
func TestWhatIsSaidOfOrphans(t *testing.T) {
	const (
		heading   = "Recordings that are attached to no conversation</h3>"
		inShort   = "Genesys Cloud lists 2 recordings of this time without a conversation"
		notListed = "<strong>not listed</strong>"
		notProved = "that it attaches to no conversation: nobody requested a list of them"
		list      = `id="orphan-list"`
	)
	orphans := func(n int) []evidence.FoundOrphan { return make([]evidence.FoundOrphan, n) }
	why := &evidence.OrphansNotListed{From: hour(0), Until: hour(24), Why: "no permission"}
	tests := map[string]struct {
		account *evidence.OrphanAccount
		listed  []evidence.FoundOrphan
		says    []string
		not     []string
	}{
		"nobody asked": {nil, nil, []string{notProved}, []string{heading, inShort, notListed, list}},
		"none":         {&evidence.OrphanAccount{At: hour(50), Enumerated: 7}, nil, []string{heading, `<strong id="orphans-listed"><data value="0">0</data></strong>`}, []string{inShort, notListed, list, notProved}},
		"two, one of them undated": {
			&evidence.OrphanAccount{Listed: 2, Undated: 1, At: hour(50), Enumerated: 7}, orphans(2),
			[]string{inShort, list, "Each recording of this time", `id="orphans-undated"`, "on 3 October 2023, 02:00:00 UTC"}, []string{notListed, notProved},
		},
		"refused": {&evidence.OrphanAccount{NotListed: why}, nil, []string{heading, notListed, "no permission", "from 1 October 2023, 00:00:00 UTC until"}, []string{"orphans-listed", inShort, list}},
		"many":    {&evidence.OrphanAccount{Listed: 900, At: hour(50)}, orphans(500), []string{"Some of the recordings", `There are <data value="800">800</data> more in <code>orphans.csv</code>`}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := everywhere(t, "x")
			r.Account.Orphans, r.Findings.Orphans = tt.account, tt.listed
			page := written(t, r)
			for _, text := range tt.says {
				if !strings.Contains(page, text) {
					t.Errorf("the page does not say %q", text)
				}
			}
			for _, text := range tt.not {
				if strings.Contains(page, text) {
					t.Errorf("the page says %q", text)
				}
			}
		})
	}
}

func TestTheMediumOfAnOrphan(t *testing.T) {
	for want, o := range map[text]evidence.FoundOrphan{
		"voice call":   {Medium: genesys.Call, MediaAsReceived: "CALL"},
		"FAX":          {MediaAsReceived: "FAX"},
		"unknown kind": {},
	} {
		if got := orphanMedium(o); got != want {
			t.Errorf("%+v: %q, want %q", o, got, want)
		}
	}
}
