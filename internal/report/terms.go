package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// terms are what was requested, as export.json has it.
type terms struct {
	MediaTypes   []string          `json:"mediaTypes"`
	HoldScope    string            `json:"holdScope"`
	Start        time.Time         `json:"start"`
	End          time.Time         `json:"end"`
	SettleAfter  string            `json:"settleAfter"`
	OpenDeadline string            `json:"openDeadline"`
	Archived     string            `json:"archived"`
	SecondSource string            `json:"secondSource"`
	Delivery     string            `json:"delivery"`
	Attributes   map[string]string `json:"attributes"`
}

// readTerms reads terms. Of others than these nothing is said in plain words; the
// page shows them as they are.
func readTerms(spec []byte) terms {
	var t terms
	if err := json.Unmarshal(spec, &t); err != nil {
		return terms{}
	}
	return t
}

// compact is a spec in the form of which the digest was taken.
func compact(spec []byte) string {
	var out bytes.Buffer
	if err := json.Compact(&out, spec); err != nil {
		return string(spec)
	}
	return out.String()
}

func (t terms) facts() []fact {
	if t.HoldScope == "" {
		return nil
	}
	kinds := text("")
	for i, medium := range t.MediaTypes {
		if i > 0 {
			kinds += ", "
		}
		kinds += termIn(kindNames, medium)
	}
	end := text("with no end when the archive was begun")
	if !t.End.IsZero() {
		end = "until, and not including, " + when(t.End)
	}
	return []fact{
		{"Kinds of recordings", kinds},
		{"Legal hold", termIn(scopes, t.HoldScope)},
		{"Conversations that started", "from " + when(t.Start) + ", " + end},
		{"Waiting for late entries", words("A part of the window is closed %s after it ended, because Genesys Cloud may list recordings late", lasting(t.SettleAfter))},
		{"Waiting for conversations to end", words("%s after their start at most", lasting(t.OpenDeadline))},
		{"Archived files", termIn(archiveds, t.Archived)},
		{"Second source to compare with", termIn(secondSources, t.SecondSource)},
		{"Delivery", termIn(deliveries, t.Delivery)},
	}
}

var kindNames = map[string]text{
	"Call": "voice calls", "Screen": "screen recordings", "Chat": "chats", "Email": "e-mails", "Message": "messages",
}

func (t terms) attributes() []fact {
	var out []fact
	for _, name := range slices.Sorted(maps.Keys(t.Attributes)) {
		out = append(out, fact{clean(name, longName), clean(t.Attributes[name], longText)})
	}
	return out
}
