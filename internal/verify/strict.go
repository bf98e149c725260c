package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// deepestJSON bounds how deep values of JSON are nested that the exporter writes.
const deepestJSON = 64

// decode reads one value of JSON that the exporter has written, strictly: no name comes
// twice in an object, in whatever case, none is unknown, and nothing follows.
func decode(content []byte, into any) error {
	if err := checkJSON(content); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// checkJSON checks that content is one value in which no object contains a name twice.
func checkJSON(content []byte) error {
	w := walker{json.NewDecoder(bytes.NewReader(content))}
	w.UseNumber()
	if err := w.value(0); err != nil {
		return err
	}
	if _, err := w.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows it")
	}
	return nil
}

// walker goes through a value.
type walker struct{ *json.Decoder }

func (w walker) value(depth int) error {
	token, err := w.Token()
	if err != nil {
		return err
	}
	open, nested := token.(json.Delim)
	switch {
	case !nested:
		return nil
	case depth == deepestJSON:
		return fmt.Errorf("it is nested more than %d deep", deepestJSON)
	}
	seen := map[string]bool{}
	for w.More() {
		if open == '{' {
			name, err := w.Token()
			if err != nil {
				return err
			}
			folded := strings.ToLower(fmt.Sprint(name))
			if seen[folded] {
				return fmt.Errorf("it contains the name %q twice", cut(folded))
			}
			seen[folded] = true
		}
		if err := w.value(depth + 1); err != nil {
			return err
		}
	}
	_, err = w.Token()
	return err
}

// asWritten reads JSON that the exporter has written into a value, and checks that
// it is, to the byte, what write makes of that value: so nothing can be changed in it
// that does not change the value. Where it is not, but can be read, it is judged
// nevertheless.
func (v *verifier) asWritten(name string, content []byte, into any, write func(any) ([]byte, error)) bool {
	if err := decode(content, into); err != nil {
		v.fault(Malformed, name, "is not in the form that the exporter writes: %v", err)
		return json.NewDecoder(bytes.NewReader(content)).Decode(into) == nil
	}
	if again, err := write(into); err != nil || !bytes.Equal(again, content) {
		v.fault(Malformed, name, "is not in the form that the exporter writes: blanks, the order of names or the form of a value were changed")
	}
	return true
}

// indented is JSON as accounts are written.
func indented(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(value)
	return text.Bytes(), err
}

// mostRecordings bounds how many recordings Genesys Cloud lists for a conversation.
const mostRecordings = 100000

// eachOf decodes a list of JSON one element at a time, so that only one is in memory.
func eachOf(content []byte, do func(json.RawMessage) error) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	if token == nil { // null: there are none
		return nil
	}
	if token != json.Delim('[') {
		return errors.New("it is not a list")
	}
	for n := 0; decoder.More(); n++ {
		var one json.RawMessage
		if n == mostRecordings {
			return fmt.Errorf("it lists more than %d", mostRecordings)
		}
		if err := decoder.Decode(&one); err != nil {
			return err
		}
		if err := do(one); err != nil {
			return err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the list")
	}
	return nil
}
