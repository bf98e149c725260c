package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
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
	// Those of bulk jobs.
	IntegrationID string `json:"integrationId"`
	Bucket        string `json:"bucket"`
	Region        string `json:"region"`
	Copy          bool   `json:"copy"`

	Scope *evidence.ScopeTerms `json:"scope"`
}

// readTerms reads the terms that the page explains. It shows all of them as they are recorded, too.
func readTerms(spec []byte) terms {
	var t terms
	if err := json.Unmarshal(spec, &t); err != nil {
		return terms{}
	}
	return t
}

// compact returns a spec in the form that its digest is computed from.
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
	end := text("with no end when the archive was created")
	if !t.End.IsZero() {
		end = "until, and not including, " + when(t.End)
	}
	return slices.Concat(t.limits(), []fact{
		{"Kinds of recordings", kinds},
		{"Legal hold", termIn(scopes, t.HoldScope)},
		{"Conversations that started", "from " + when(t.Start) + ", " + end},
		{"Wait for late entries", words("The program surveys a part of the window %s after its end, because Genesys Cloud may list recordings late", lasting(t.SettleAfter))},
		{"Wait for conversations to end", words("At most %s after their start", lasting(t.OpenDeadline))},
		{"Archived files", termIn(archiveds, t.Archived)},
		{"Second source to compare with", termIn(secondSources, t.SecondSource)},
		{"Delivery", termIn(deliveries, t.Delivery)},
	}, t.bulkJobs())
}

// bulkJobs says where bulk jobs deliver, if they do.
func (t terms) bulkJobs() []fact {
	if t.Bucket == "" {
		return nil
	}
	what := text("the recordings stay there")
	if t.Copy {
		what = "this software copied the recordings into the archive"
	}
	return []fact{{"Bucket of the recording bulk jobs", words("%s in region %s, through the integration %s of Genesys Cloud; %s",
		clean(t.Bucket, longName), clean(t.Region, longName), clean(t.IntegrationID, longName), what)}}
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
