package bounded

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestJSON(t *testing.T) {
	tests := map[string]struct {
		limits JSON
		text   string
		good   bool
	}{
		"as deep as it may be":        {JSON{Depth: 3}, `[[[]]]`, true},
		"deeper":                      {JSON{Depth: 3}, `[[[[]]]]`, false},
		"objects count too":           {JSON{Depth: 2}, `{"a":{"b":{}}}`, false},
		"depth that was left":         {JSON{Depth: 2}, `[[],[],[],{}]`, true},
		"brackets in strings":         {JSON{Depth: 1, Values: 3}, `["[[[[,,,,","\"[[[\\"]`, true},
		"as many values as there may": {JSON{Values: 3}, `[1,2,3]`, true},
		"one more":                    {JSON{Values: 3}, `[1,2,3,4]`, false},
		"fields":                      {JSON{Values: 2}, `{"a":1,"b":2,"c":3}`, false},
		"empty objects":               {JSON{Values: 6}, `[{},{},{}]`, true},
		"one more empty object":       {JSON{Values: 6}, `[{},{},{},{}]`, false},
		"an element":                  {JSON{Element: 12}, `{"a":[{"b":"cdef"},{"b":"cdef"}]}`, true},
		"one that is too long":        {JSON{Element: 12}, `{"a":[{"b":"cdef"},{"b":"cdefg"}]}`, false},
		"a nested one":                {JSON{Element: 12}, `{"a":[{"b":[1,2,3,4,5,6]}]}`, false},
		"a long string":               {JSON{Element: 12}, `{"a":"0123456789abc"}`, false},
		"a number without end":        {JSON{Element: 12}, `1111111111111`, false},
		"no limits":                   {JSON{}, strings.Repeat("[", 1<<16), true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, read := io.ReadAll(tt.limits.Reader(iotest.OneByteReader(strings.NewReader(tt.text))))
			for way, err := range map[string]error{"Check": tt.limits.Check([]byte(tt.text)), "Reader": read} {
				if (err == nil) != tt.good || err != nil && !errors.Is(err, Err) {
					t.Errorf("%s: %v, want none: %v", way, err, tt.good)
				}
			}
		})
	}
}

// TestTheErrorStays: a reader that went too far gives nothing more.
func TestTheErrorStays(t *testing.T) {
	for _, r := range []io.Reader{
		JSON{Values: 1}.Reader(strings.NewReader(`[1,2,3]`)), XML{Bytes: 3, Tags: 1}.Reader(strings.NewReader(`<a/>`)),
	} {
		for range 2 {
			if n, err := r.Read(make([]byte, 64)); n != 0 || !errors.Is(err, Err) {
				t.Errorf("%d bytes, %v", n, err)
			}
		}
	}
}

func TestXML(t *testing.T) {
	limits := XML{Bytes: 20, Tags: 4}
	for text, good := range map[string]bool{
		`<a><b></b></a>`: true, `<a><b/><c/></a>`: true, `<a><b/><c/><d/></a>`: false, `<a><a><a><a><a>`: false,
		`<a>0123456789012</a>`: true, `<a>01234567890123</a>`: false, ``: true,
	} {
		_, err := io.ReadAll(limits.Reader(iotest.OneByteReader(strings.NewReader(text))))
		if (err == nil) != good || err != nil && !errors.Is(err, Err) {
			t.Errorf("%s: %v, want none: %v", text, err, good)
		}
	}
}

// measure counts a decoded value's depth and values, as JSON.
func measure(v any) (depth, values int) {
	values = 1
	count := func(child any) {
		d, n := measure(child)
		depth, values = max(depth, d), values+n
	}
	switch v := v.(type) {
	case map[string]any:
		for _, child := range v {
			count(child)
		}
		depth++
	case []any:
		for _, child := range v {
			count(child)
		}
		depth++
	}
	return depth, values
}

// FuzzJSON: what is decoded has no more than the limits that its text was taken
// with, and it does not matter in which pieces the text comes.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{`{"a":[1,{"b":"\"]"}],"a":null}`, `[[[[]]]]`, `"\\"`, `[{},{},{}]`, ` 1 `, `{"\u0022[":[]}`} {
		f.Add([]byte(text), 2, 3)
	}
	f.Fuzz(func(t *testing.T, text []byte, depth, values int) {
		limits := JSON{Depth: 1 + depth&0xf, Values: 1 + values&0xff, Element: 64}
		err := limits.Check(text)
		_, read := io.ReadAll(limits.Reader(iotest.OneByteReader(bytes.NewReader(text))))
		if (err == nil) != (read == nil) {
			t.Errorf("at once: %v, in pieces: %v", err, read)
		}
		var decoded any
		if err != nil || json.Unmarshal(text, &decoded) != nil {
			return
		}
		// An array of one value has the same count as an empty one: a bracket each.
		if d, n := measure(decoded); d > limits.Depth || n > 2*limits.Values+1 {
			t.Errorf("%d deep, %d values within %+v", d, n, limits)
		}
	})
}
