package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// span is a duration as people write it: "1m30s".
type span time.Duration

// MarshalText writes the duration as Go does.
func (s span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*s = span(d)
	return err
}

// plainFault is Fault without methods, faultJSON the same with its durations as
// text.
type plainFault Fault

type faultJSON struct {
	*plainFault
	Delay      span `json:"delay,omitzero"`
	RetryAfter span `json:"retryAfter,omitzero"`
	Lasts      span `json:"lasts,omitzero"`
}

// MarshalJSON writes durations as text: "2s".
func (f Fault) MarshalJSON() ([]byte, error) {
	plain := plainFault(f)
	return json.Marshal(faultJSON{&plain, span(f.Delay), span(f.RetryAfter), span(f.Lasts)})
}

// UnmarshalJSON reads what MarshalJSON wrote. It refuses unknown fields: a
// misspelt fault that does nothing helps nobody.
func (f *Fault) UnmarshalJSON(text []byte) error {
	var plain plainFault
	fields := faultJSON{plainFault: &plain}
	if err := unmarshalStrictly(text, &fields); err != nil {
		return fmt.Errorf("read fault: %w", err)
	}
	*f = Fault(plain)
	f.Delay, f.RetryAfter, f.Lasts = time.Duration(fields.Delay), time.Duration(fields.RetryAfter), time.Duration(fields.Lasts)
	return nil
}

// CheckFields tells what is wrong with the fault, nil if nothing is. InjectFault
// does not ask: a fault without effect is harmless.
func (f Fault) CheckFields() error {
	errs := []error{within("probability", f.Probability, 0, 1)}
	if f.Route != "" && !slices.Contains(patterns(), f.Route) {
		errs = append(errs, fmt.Errorf("there is no route %q", f.Route))
	}
	if f.Status != 0 {
		errs = append(errs, within("status", float64(f.Status), 400, 599))
	}
	if !slices.Contains([]Spoilt{"", HTML, Empty, Null, Truncated, Standing, Page, Bomb, Deep, Flood}, f.Body) {
		errs = append(errs, fmt.Errorf("body is %q, must be one of html, empty, null, truncated, standing, page, bomb, deep, flood", f.Body))
	}
	if !slices.Contains([]Mislisted{"", Reversed, Capitals, Stray, Retyped, Resigned}, f.Results) {
		errs = append(errs, fmt.Errorf("results is %q, must be one of reversed, capitals, stray, retyped, resigned", f.Results))
	}
	if !slices.Contains([]Mispaged{"", Repeating, Endless}, f.Pages) {
		errs = append(errs, fmt.Errorf("pages is %q, must be one of repeating, endless", f.Pages))
	}
	if min(f.Delay, f.RetryAfter, f.Lasts) < 0 || min(f.Nth, f.Count) < 0 {
		errs = append(errs, errors.New("nothing may be negative"))
	}
	return errors.Join(errs...)
}

func unmarshalStrictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
