package words_test

import (
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/words"
)

func TestDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                                "0 s",
		-time.Hour:                       "0 s",
		time.Microsecond:                 "0 s",
		7 * time.Millisecond:             "0.007 s",
		time.Second:                      "1 s",
		1500 * time.Millisecond:          "1.5 s",
		59 * time.Second:                 "59 s",
		time.Minute:                      "1 min",
		90 * time.Second:                 "90 s",
		2*time.Minute - time.Millisecond: "119.999 s",
		2 * time.Minute:                  "2 min",
		2*time.Minute + time.Millisecond: "2 min",
		150 * time.Second:                "2 min 30 s",
		time.Hour - time.Millisecond:     "1 h",
		time.Hour:                        "1 h",
		time.Hour + time.Second:          "1 h 1 s",
		90 * time.Minute:                 "1 h 30 min",
		24 * time.Hour:                   "24 h",
		48 * time.Hour:                   "48 h",
		720 * time.Hour:                  "720 h",
		25*time.Hour + 61*time.Second:    "25 h 1 min 1 s",
	} {
		if got := words.Duration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 1, 2, 3, 4, 5, 999, time.FixedZone("", 3600))
	if got := words.Time(at); got != "2025-01-02T02:04:05Z" {
		t.Errorf("%q", got)
	}
}
