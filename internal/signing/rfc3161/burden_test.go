package rfc3161

import (
	"bytes"
	"math/big"
	"runtime"
	"testing"
)

// TestAnAnswerWithoutABottom: sequences inside of each other, as long as any answer
// may be, in both of the ways in which a length is written, are refused with little
// memory.
func TestAnAnswerWithoutABottom(t *testing.T) {
	definite := bytes.Repeat([]byte{0x30, 0x84, 0x00, 0x03, 0xff, 0xff}, longest/6)
	for name, answer := range map[string][]byte{
		"indefinite": bytes.Repeat([]byte{0x30, 0x80}, longest/2),
		"definite":   definite,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		says := unfit(answer, nil, big.NewInt(1))
		runtime.ReadMemStats(&after)
		if says == "" {
			t.Errorf("%s: it is taken for a time-stamp", name)
		}
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 64 {
			t.Errorf("%s: %d MB were allocated", name, took)
		}
	}
}
