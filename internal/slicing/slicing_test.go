package slicing

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var day = time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)

func spec() Spec {
	return Spec{
		Start: day, End: day.Add(24 * time.Hour), Width: time.Hour, MaxConversations: 2,
		Scope: Include, Screen: true, Other: true,
	}
}

func at(offset time.Duration, id string) Conversation {
	return Conversation{ID: id, Start: day.Add(offset)}
}

// held is h, under legal hold.
func held() Conversation {
	c := at(0, "h")
	c.Held = true
	return c
}

// names reduces slices to "<name>: <ids>".
func names(t *testing.T, s Spec, round int, conversations ...Conversation) []string {
	t.Helper()
	slices, err := Split(s, round, conversations)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, slice := range slices {
		var ids []string
		for _, c := range slice.Conversations {
			ids = append(ids, c.ID)
		}
		out = append(out, slice.Name("x")+": "+strings.Join(ids, " "))
	}
	return out
}

func TestSplit(t *testing.T) {
	noScreen, onlyScreen, wide, offGrid := spec(), spec(), spec(), spec()
	noScreen.Screen = false
	onlyScreen.Other = false
	wide.Width = 1000 * time.Hour
	offGrid.Start, offGrid.Width = day.Add(90*time.Second), 25*time.Minute
	daily := spec()
	daily.Start, daily.End, daily.Width, daily.Daily = day.Add(30*time.Minute), day.Add(48*time.Hour), 2*time.Hour, true
	exclude, only := spec(), spec()
	exclude.Scope, only.Scope = Exclude, Only

	tests := []struct {
		name  string
		spec  Spec
		round int
		in    []Conversation
		want  []string
	}{
		{"nothing", spec(), 0, nil, nil},
		{"an instant on a boundary opens the next part", spec(), 0,
			[]Conversation{at(time.Hour, "b"), at(time.Hour-time.Nanosecond, "a")},
			[]string{"x-standard-20231001t000000z: a", "x-standard-20231001t010000z: b"}},
		{"too many are cut along start and id", spec(), 0,
			[]Conversation{at(0, "c"), at(0, "b"), at(0, "a"), at(1, "0")},
			[]string{"x-standard-20231001t000000z: a b", "x-standard-20231001t000000z-2: c 0"}},
		{"held conversations are in both hold lanes", spec(), 0,
			[]Conversation{held(), at(0, "s")},
			[]string{"x-standard-20231001t000000z: s", "x-legalhold-20231001t000000z: h", "x-legalholdscreen-20231001t000000z: h"}},
		{"without screen there is one hold lane", noScreen, 0, []Conversation{held()},
			[]string{"x-legalhold-20231001t000000z: h"}},
		{"with nothing but screen there is the other", onlyScreen, 0, []Conversation{held(), at(0, "s")},
			[]string{"x-standard-20231001t000000z: s", "x-legalholdscreen-20231001t000000z: h"}},
		{"exclude leaves held ones out", exclude, 0, []Conversation{held(), at(0, "s")},
			[]string{"x-standard-20231001t000000z: s"}},
		{"only leaves the others out", only, 0, []Conversation{held(), at(0, "s")},
			[]string{"x-legalhold-20231001t000000z: h", "x-legalholdscreen-20231001t000000z: h"}},
		{"a later round says so", spec(), 3, []Conversation{at(0, "a"), at(0, "b"), at(0, "c")},
			[]string{"x-standard-20231001t000000z-d3: a b", "x-standard-20231001t000000z-2-d3: c"}},
		{"a daily cut ends parts at midnight", daily, 0, []Conversation{at(23*time.Hour, "a"), at(24*time.Hour, "b")},
			[]string{"x-standard-20231001t223000z: a", "x-standard-20231002t000000z: b"}},
		{"a width above the window makes one part", wide, 0, []Conversation{at(0, "a"), at(23*time.Hour, "b")},
			[]string{"x-standard-20231001t000000z: a b"}},
		{"parts count from the window's start", offGrid, 0, []Conversation{at(26*time.Minute+30*time.Second, "b"), at(26*time.Minute, "a")},
			[]string{"x-standard-20231001t000130z: a", "x-standard-20231001t002630z: b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, names(t, tt.spec, tt.round, tt.in...)); diff != "" {
				t.Errorf("slices (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSplitRefuses(t *testing.T) {
	for name, in := range map[string][]Conversation{
		"before the window": {at(-1, "a")},
		"at its end":        {at(24*time.Hour, "a")},
		"twice":             {at(0, "a"), at(time.Hour, "a")},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := Split(spec(), 0, in); err == nil {
				t.Errorf("Split gave %v, want an error", got)
			}
		})
	}
}

func TestPartsEndWithTheWindow(t *testing.T) {
	s := spec()
	s.Width = 7 * time.Hour
	_, end, ok := s.Part(day.Add(23 * time.Hour))
	if !ok || !end.Equal(s.End) {
		t.Errorf("last part ends %v, %v; want the window's end", end, ok)
	}
}

func TestGroupIsSharedByHoldLanes(t *testing.T) {
	slices, err := Split(spec(), 0, []Conversation{held(), at(0, "s")})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{slices[0].Group(), slices[1].Group(), slices[2].Group()}
	want := []string{"standard-20231001t000000z", "held-20231001t000000z", "held-20231001t000000z"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

func TestHome(t *testing.T) {
	onlyScreen, exclude := spec(), spec()
	onlyScreen.Other = false
	exclude.Scope = Exclude
	tests := []struct {
		spec         Spec
		held, screen bool
		want         Lane
	}{
		{spec(), false, true, Standard},
		{spec(), true, false, LegalHold},
		{spec(), true, true, LegalHoldScreen},
		{onlyScreen, true, false, LegalHoldScreen},
		{exclude, true, true, ""},
	}
	for _, tt := range tests {
		if got := tt.spec.Home(tt.held, tt.screen); got != tt.want {
			t.Errorf("Home(held %v, screen %v) of %+v = %q, want %q", tt.held, tt.screen, tt.spec, got, tt.want)
		}
	}
}

func drawSpec(t *rapid.T) Spec {
	length := time.Duration(rapid.Int64Range(1, int64(80*time.Hour)).Draw(t, "length"))
	s := Spec{
		Start:            day.Add(time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "start"))),
		Width:            time.Duration(rapid.Int64Range(int64(time.Minute), int64(100*time.Hour)).Draw(t, "width")),
		MaxConversations: rapid.IntRange(1, 20).Draw(t, "max"),
		Scope:            rapid.SampledFrom([]Scope{Include, Exclude, Only}).Draw(t, "scope"),
		Screen:           rapid.Bool().Draw(t, "screen"),
	}
	s.Other = !s.Screen || rapid.Bool().Draw(t, "other")
	s.End = s.Start.Add(length)
	return s
}

// drawConversations draws at most 200 conversations, many at the same few instants.
func drawConversations(t *rapid.T, s Spec) []Conversation {
	length := int64(s.End.Sub(s.Start))
	instants := rapid.SliceOfN(rapid.Int64Range(0, length-1), 1, 10).Draw(t, "instants")
	picks := rapid.SliceOfN(rapid.IntRange(0, len(instants)-1), 0, 200).Draw(t, "picks")
	out := make([]Conversation, len(picks))
	for i, pick := range picks {
		out[i] = Conversation{
			ID:    fmt.Sprintf("c%03d", i),
			Start: s.Start.Add(time.Duration(instants[pick])),
			Held:  rapid.Bool().Draw(t, "held"),
		}
	}
	return out
}

// TestSplitKeepsItsPromises is the specification of Split: every conversation
// in exactly one slice of each of its lanes, slices bounded, within their part,
// uniquely named, and the same whatever the order of the survey.
func TestSplitKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSpec(t)
		conversations := drawConversations(t, s)
		got, err := Split(s, 0, conversations)
		if err != nil {
			t.Fatal(err)
		}
		seen, names := map[string]int{}, map[string]bool{}
		for _, slice := range got {
			checkSlice(t, s, slice)
			if names[slice.Name("x")] {
				t.Fatalf("two slices are named %s", slice.Name("x"))
			}
			names[slice.Name("x")] = true
			for _, c := range slice.Conversations {
				seen[string(slice.Lane)+c.ID]++
			}
		}
		for _, c := range conversations {
			for _, lane := range []Lane{Standard, LegalHold, LegalHoldScreen} {
				want := 0
				if slices.Contains(s.Lanes(c.Held), lane) {
					want = 1
				}
				if n := seen[string(lane)+c.ID]; n != want {
					t.Fatalf("%s is in %d slices of lane %s, want %d", c.ID, n, lane, want)
				}
			}
		}
		shuffled := slices.Clone(conversations)
		rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		again, err := Split(s, 0, shuffled)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, again); diff != "" {
			t.Fatalf("another order gives other slices:\n%s", diff)
		}
	})
}

func checkSlice(t *rapid.T, s Spec, slice Slice) {
	if n := len(slice.Conversations); n == 0 || n > s.MaxConversations {
		t.Fatalf("slice %s contains %d conversations", slice.Name("x"), n)
	}
	if slice.Start.Before(s.Start) || slice.End.After(s.End) || slice.End.Sub(slice.Start) > s.Width {
		t.Fatalf("slice %s is [%v, %v)", slice.Name("x"), slice.Start, slice.End)
	}
	for _, c := range slice.Conversations {
		if c.Start.Before(slice.Start) || !c.Start.Before(slice.End) {
			t.Fatalf("slice %s [%v, %v) holds %v", slice.Name("x"), slice.Start, slice.End, c)
		}
	}
}

// FuzzSplit looks for inputs that make Split panic or lose conversations.
func FuzzSplit(f *testing.F) {
	f.Add(uint64(1), uint16(3600), uint16(100), uint16(50))
	f.Add(uint64(2), uint16(60), uint16(1), uint16(500))
	f.Fuzz(func(t *testing.T, seed uint64, width, limit, n uint16) {
		s := spec()
		s.Width = time.Duration(int(width)+1) * time.Second
		s.MaxConversations = int(limit) + 1
		random := rand.New(rand.NewPCG(seed, 0))
		var in []Conversation
		for i := range int(n) % 2000 {
			in = append(in, Conversation{
				ID: fmt.Sprint(i), Held: random.IntN(3) == 0,
				Start: s.Start.Add(time.Duration(random.Int64N(int64(s.End.Sub(s.Start))))),
			})
		}
		got, err := Split(s, 0, in)
		if err != nil {
			t.Fatal(err)
		}
		var count, want int
		for _, slice := range got {
			count += len(slice.Conversations)
		}
		for _, c := range in {
			want += len(s.Lanes(c.Held))
		}
		if count != want {
			t.Fatalf("%d places for conversations, want %d", count, want)
		}
	})
}
