package words_test

import (
	"math"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/words"
)

func TestCount(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"0 gaps":                    words.Count(0, "gap"),
		"1 gap":                     words.Count(int32(1), "gap"),
		"1356 recordings":           words.Count(int64(1356), "recording"),
		"1 batch":                   words.Count(1, "batch"),
		"70 batches":                words.Count(70, "batch"),
		"9223372036854775807 files": words.Count(int64(math.MaxInt64), "file"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 20 << 20: "20 MiB", 5 << 30: "5.0 GiB", -1: "0 B"} {
		if got := words.Bytes(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
