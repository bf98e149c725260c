package client

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
)

func TestInstant(t *testing.T) {
	noon := time.Date(2023, 10, 1, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		data string
		want time.Time
		bad  bool
	}{
		"Z":                 {data: `"2023-10-01T12:00:00Z"`, want: noon},
		"milliseconds":      {data: `"2023-10-01T12:00:00.000Z"`, want: noon},
		"microseconds":      {data: `"2023-10-01T12:00:00.000001Z"`, want: noon.Add(time.Microsecond)},
		"+0000":             {data: `"2023-10-01T12:00:00.000+0000"`, want: noon},
		"+00:00":            {data: `"2023-10-01T12:00:00.000+00:00"`, want: noon},
		"another zone":      {data: `"2023-10-01T15:00:00+0300"`, want: noon},
		"null":              {data: `null`},
		"empty":             {data: `""`, bad: true},
		"a day":             {data: `"2023-10-01"`, bad: true},
		"without a zone":    {data: `"2023-10-01T12:00:00"`, bad: true},
		"year 1":            {data: `"0001-01-01T00:00:00Z"`, bad: true},
		"seconds since":     {data: `1696161600`, bad: true},
		"thirteenth month":  {data: `"2023-13-01T12:00:00Z"`, bad: true},
		"a date in a list":  {data: `["2023-10-01T12:00:00Z"]`, bad: true},
		"lower-case zone":   {data: `"2023-10-01T12:00:00z"`, bad: true},
		"leading blanks":    {data: `" 2023-10-01T12:00:00Z"`, bad: true},
		"a leap day":        {data: `"2024-02-29T00:00:00Z"`, want: time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)},
		"no such leap day":  {data: `"2023-02-29T00:00:00Z"`, bad: true},
		"comma as a point":  {data: `"2023-10-01T12:00:00,500Z"`, want: noon.Add(500 * time.Millisecond)},
		"another zone, UTC": {data: `"2023-10-01T12:00:00-00:00"`, want: noon},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got instant
			err := json.Unmarshal([]byte(test.data), &got)
			if (err != nil) != test.bad {
				t.Fatalf("error %v, want one: %v", err, test.bad)
			}
			if !got.Equal(test.want) || got.Location() != time.UTC {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestDecodeJSON(t *testing.T) {
	tests := map[string]struct {
		body  string
		first byte
		good  bool
	}{
		"object":                  {`{"a":1}`, '{', true},
		"blanks around":           {" \n{} \n", '{', true},
		"empty array":             {`[]`, '[', true},
		"array for an object":     {`[]`, '{', false},
		"object for an array":     {`{}`, '[', false},
		"null for an object":      {`null`, '{', false},
		"null for an array":       {`null`, '[', false},
		"nothing":                 {``, '[', false},
		"blanks":                  {"\n", '{', false},
		"cut":                     {`[{}`, '[', false},
		"something after the end": {`{}{}`, '{', false},
		"byte order mark":         {"\ufeff{}", '{', false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var into any
			err := decodeJSON([]byte(test.body), test.first, &into)
			if (err == nil) != test.good {
				t.Errorf("error %v, want none: %v", err, test.good)
			}
			if err != nil && !errors.Is(err, errMalformed) {
				t.Errorf("%v is not malformed", err)
			}
		})
	}
}
