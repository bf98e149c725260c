package client

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/gcexport/recording-export-operator/internal/bounded"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Bounds of a JSON text. No documented one is more than ten deep.
var (
	// answers are taken as a whole. The one with the most values is the metadata of a
	// conversation, about 30 of each recording: these are those of 8,000 recordings.
	answers = bounded.JSON{Depth: 64, Values: 250_000}
	// refusals are the answers to requests that are refused.
	refusals = bounded.JSON{Depth: 64, Values: 10_000}
	// pages are decoded while they come: a conversation of a survey, about ten
	// kilobytes and some hundred values, is the largest thing that is in memory at once.
	pages = bounded.JSON{Depth: 64, Values: 4_000_000, Element: 16 << 20}
)

// decodeJSON decodes a whole body whose first byte tells its form: '{' or '['.
// An empty body, null and any other form are malformed: taken for "none", they
// would make recordings disappear.
func decodeJSON(body []byte, first byte, into any) error {
	trimmed := bytes.TrimSpace(body)
	switch {
	case len(trimmed) == 0:
		return malformed("the body is empty")
	case trimmed[0] != first && first == '[':
		return malformed("not a JSON array")
	case trimmed[0] != first:
		return malformed("not a JSON object")
	}
	if err := unmarshal(trimmed, answers, into); err != nil {
		return malformed("%w", err)
	}
	return nil
}

// unmarshal decodes a JSON text, unless it contains more than it may.
func unmarshal(text []byte, limits bounded.JSON, into any) error {
	if err := limits.Check(text); err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// instant is a date as Genesys Cloud writes it, with any of the zones Z, +0000
// and +00:00. JSON null and an absent field leave it zero; what cannot be read,
// or is year 1, is an error.
type instant struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (i *instant) UnmarshalJSON(data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil || text == nil {
		return err
	}
	t, ok := genesys.ParseDate(*text)
	if !ok {
		return malformed("%q is not a date", clean(*text, maxWord))
	}
	i.Time = t
	return nil
}

// received is a text exactly as received, of at most maxWord bytes. JSON null and
// an absent field leave it empty. Any other value is kept as its JSON, so that it
// is not taken for an absent one.
type received string

// UnmarshalJSON implements json.Unmarshaler.
func (r *received) UnmarshalJSON(data []byte) error {
	var text *string
	switch err := json.Unmarshal(data, &text); {
	case err != nil:
		*r = received(cut(string(data), maxWord))
	case text != nil:
		*r = received(cut(*text, maxWord))
	}
	return nil
}
