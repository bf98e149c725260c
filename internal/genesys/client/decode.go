package client

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
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
	if err := json.Unmarshal(trimmed, into); err != nil {
		return malformed("%w", err)
	}
	return nil
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
// an absent field leave it empty. What is not a text is kept as the JSON that it
// is: it is something else, but it is there.
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
