// Package words puts numbers into sentences that people read.
package words

import (
	"fmt"

	"github.com/dustin/go-humanize/english"
)

// Count is a number of things: 1 gap, 2 gaps. The digits stand as they are, so that
// a number is found again where a program has written it.
func Count[N int | int32 | int64](n N, thing string) string {
	return fmt.Sprintf("%d %s", n, english.PluralWord(int(min(n, 2)), thing, ""))
}
