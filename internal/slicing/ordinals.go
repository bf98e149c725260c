package slicing

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// Ordinals is a set of numbers from 0, written as ascending intervals: 0-41,43.
// The zero value is the empty set.
type Ordinals struct {
	spans []span // ascending, neither overlapping nor touching
}

type span struct{ first, last int }

// FirstOrdinals is the set of the first n numbers.
func FirstOrdinals(n int) Ordinals {
	if n <= 0 {
		return Ordinals{}
	}
	return Ordinals{[]span{{0, n - 1}}}
}

// OrdinalsOf is the set of those of the first n numbers that belong to it.
func OrdinalsOf(n int, belongs func(int) bool) Ordinals {
	var set Ordinals
	for i := range n {
		last := len(set.spans) - 1
		switch {
		case !belongs(i):
		case last >= 0 && set.spans[last].last == i-1:
			set.spans[last].last = i
		default:
			set.spans = append(set.spans, span{i, i})
		}
	}
	return set
}

// ParseOrdinals reads what String writes.
func ParseOrdinals(text string) (Ordinals, error) {
	var set Ordinals
	if text == "" {
		return set, nil
	}
	for field := range strings.SplitSeq(text, ",") {
		s, err := parseSpan(field)
		if err != nil {
			return Ordinals{}, fmt.Errorf("ordinals %q: %w", text, err)
		}
		if n := len(set.spans); n > 0 && s.first <= set.spans[n-1].last+1 {
			return Ordinals{}, fmt.Errorf("ordinals %q: %q does not come after a gap", text, field)
		}
		set.spans = append(set.spans, s)
	}
	return set, nil
}

func parseSpan(field string) (span, error) {
	first, last, isRange := strings.Cut(field, "-")
	if !isRange {
		last = first
	}
	low, err := parseOrdinal(first)
	if err != nil {
		return span{}, err
	}
	high, err := parseOrdinal(last)
	if err != nil {
		return span{}, err
	}
	if high < low || isRange && high == low {
		return span{}, fmt.Errorf("%q is not an interval", field)
	}
	return span{low, high}, nil
}

func parseOrdinal(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || strconv.FormatUint(n, 10) != text {
		return 0, fmt.Errorf("%q is not a number from 0", text)
	}
	return int(n), nil
}

// String writes the set as ascending intervals.
func (o Ordinals) String() string {
	fields := make([]string, len(o.spans))
	for i, s := range o.spans {
		fields[i] = strconv.Itoa(s.first)
		if s.last > s.first {
			fields[i] += "-" + strconv.Itoa(s.last)
		}
	}
	return strings.Join(fields, ",")
}

// Len is how many numbers the set contains.
func (o Ordinals) Len() int {
	n := 0
	for _, s := range o.spans {
		n += s.last - s.first + 1
	}
	return n
}

// Contains reports whether n is in the set.
func (o Ordinals) Contains(n int) bool {
	_, found := o.find(n)
	return found
}

// ContainsAll reports whether every number of other is in the set.
func (o Ordinals) ContainsAll(other Ordinals) bool {
	return !slices.ContainsFunc(other.spans, func(s span) bool {
		at, found := o.find(s.first)
		return !found || o.spans[at].last < s.last
	})
}

// With returns the set with n in it; o stays as it is.
func (o Ordinals) With(n int) Ordinals {
	at, found := o.find(n)
	if found {
		return o
	}
	spans := slices.Insert(slices.Clone(o.spans), at, span{n, n})
	if at+1 < len(spans) && spans[at+1].first == n+1 {
		spans[at].last = spans[at+1].last
		spans = slices.Delete(spans, at+1, at+2)
	}
	if at > 0 && spans[at-1].last == n-1 {
		spans[at-1].last = spans[at].last
		spans = slices.Delete(spans, at, at+1)
	}
	return Ordinals{spans}
}

// Below is the set of those of its numbers that are less than n.
func (o Ordinals) Below(n int) Ordinals {
	at, found := o.find(n)
	below := slices.Clone(o.spans[:at])
	if found && o.spans[at].first < n {
		below = append(below, span{o.spans[at].first, n - 1})
	}
	return Ordinals{below}
}

// All lists the numbers of the set, in order.
func (o Ordinals) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for _, s := range o.spans {
			for n := s.first; n <= s.last; n++ {
				if !yield(n) {
					return
				}
			}
		}
	}
}

// Missing lists those of the first n numbers that are not in the set, in order.
func (o Ordinals) Missing(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		next := 0
		for _, s := range append(slices.Clone(o.spans), span{n, n}) {
			for ; next < min(s.first, n); next++ {
				if !yield(next) {
					return
				}
			}
			next = s.last + 1
		}
	}
}

// find returns the span that contains n, or where one for n belongs.
func (o Ordinals) find(n int) (int, bool) {
	return slices.BinarySearchFunc(o.spans, n, func(s span, n int) int {
		if s.first <= n && n <= s.last {
			return 0
		}
		return cmp.Compare(s.first, n)
	})
}
