// Package words puts numbers into sentences that people read.
package words

import (
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
)

// Count is a number of things: 1 gap, 2 gaps. The digits stand as they are, so that
// a number is found again where a program has written it.
func Count[N int | int32 | int64](n N, thing string) string {
	return fmt.Sprintf("%d %s", n, english.PluralWord(int(min(n, 2)), thing, ""))
}

// Bytes is a number of bytes, which is not negative, rounded: 1.5 GiB.
func Bytes(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }
