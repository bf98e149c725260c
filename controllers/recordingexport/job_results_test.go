package recordingexport

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// listing is a page of conversations that started at the beginning of the first day.
func listingPage(next string, ids ...int) genesys.SurveyPage {
	page := genesys.SurveyPage{Next: next}
	for _, n := range ids {
		page.Conversations = append(page.Conversations, genesys.Conversation{ID: id(n), Start: first})
	}
	return page
}

func TestResults(t *testing.T) {
	idle := func(n int, next func(i int) string, ids ...int) []genesys.SurveyPage {
		var pages []genesys.SurveyPage
		for i := range n {
			pages = append(pages, listingPage(next(i), ids...))
		}
		return pages
	}
	another := func(i int) string { return "c" + strconv.Itoa(i) }
	last := func(n int) func(int) string {
		return func(i int) string {
			if i == n-1 {
				return ""
			}
			return another(i)
		}
	}
	tests := map[string]struct {
		pages []genesys.SurveyPage
		found int
		says  string
	}{
		"one page":                          {[]genesys.SurveyPage{listingPage("", 1, 2)}, 2, ""},
		"nothing":                           {[]genesys.SurveyPage{listingPage("")}, 0, ""},
		"a conversation twice":              {[]genesys.SurveyPage{listingPage("a", 1, 2), listingPage("", 2, 3)}, 3, ""},
		"a page that names itself":          {[]genesys.SurveyPage{listingPage("a", 1), listingPage("a", 2)}, 2, "page 2 of its results leads back to an earlier page"},
		"a page that names the one before":  {[]genesys.SurveyPage{listingPage("a", 1), listingPage("b", 2), listingPage("a", 3)}, 3, "page 3 of its results leads back"},
		"empty pages that end":              {idle(30, last(19)), 0, ""},
		"twenty empty pages, then the end":  {idle(20, last(20)), 0, ""},
		"empty pages that do not end":       {idle(30, another), 0, "pages 1 to 20 of its results list nothing new, and more follow"},
		"the same again and again":          {idle(30, another, 1, 2), 2, "pages 2 to 21 of its results list nothing new"},
		"nineteen idle pages, then another": {append(append(idle(20, another, 1), listingPage("d", 2)), listingPage("", 2)), 2, ""},
		"too many":                          {[]genesys.SurveyPage{listingPage("a", 1, 2, 3), listingPage("", 4, 5)}, 5, "it lists more than 4 conversations"},
		"as many as there may be":           {[]genesys.SurveyPage{listingPage("a", 1, 2, 3), listingPage("", 3, 4)}, 4, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newResults(first, first, first.Add(day))
			r.most = 4
			var err error
			cursor := ""
			for i, page := range tt.pages {
				if err = r.addResults(cursor, page); err != nil || page.Next == "" {
					break
				}
				if cursor = page.Next; i == len(tt.pages)-1 {
					t.Fatal("the results do not end")
				}
			}
			if len(r.found) != tt.found || (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%d found, %v; want %d, %q", len(r.found), err, tt.found, tt.says)
			}
		})
	}
}

// TestResultsThatOverlapTheDay are not a part of it, but are something new.
func TestResultsThatOverlapTheDay(t *testing.T) {
	from, to := first.Add(day), first.Add(2*day)
	r := newResults(first, from, to)
	for i := range 3 * mostIdlePages {
		page := genesys.SurveyPage{Next: fmt.Sprint(i), Conversations: []genesys.Conversation{{ID: id(i), Start: from.Add(-time.Second)}}}
		if err := r.addResults(fmt.Sprint(i-1), page); err != nil {
			t.Fatal(err)
		}
	}
	page := genesys.SurveyPage{Conversations: []genesys.Conversation{{ID: id(1000), Start: from}, {ID: id(1001), Start: to}, {ID: id(1002), Start: to.Add(-1)}}}
	if err := r.addResults("last", page); err != nil || len(r.found) != 2 {
		t.Errorf("found %v, %v; want the two that started in the day", r.found, err)
	}
}

// TestTheFirstDayReturnsWhatBeganBefore the window.
func TestTheFirstDayReturnsWhatBeganBefore(t *testing.T) {
	r := newResults(first, first, first.Add(day))
	page := genesys.SurveyPage{Conversations: []genesys.Conversation{{ID: id(1), Start: first.Add(-time.Hour)}}}
	if err := r.addResults("", page); err != nil || len(r.found) != 1 {
		t.Errorf("found %v, %v", r.found, err)
	}
}

// FuzzResults: whatever pages come, in whatever order, reading them ends: after each
// page that is taken without an error either nothing follows, or its cursor is new
// and fewer than mostIdlePages have listed nothing new.
func FuzzResults(f *testing.F) {
	f.Add([]byte{1, 2, 3, 0})
	f.Add([]byte{7, 7, 7, 7})
	f.Fuzz(func(t *testing.T, script []byte) {
		r := newResults(first, first, first.Add(day))
		cursor, taken := "", 0
		for i := 0; ; i++ {
			next, list := byte(0), byte(0)
			if len(script) > 0 {
				next, list = script[i%len(script)], script[(i/len(script)+i)%len(script)]
			}
			page := listingPage(strconv.Itoa(int(next)+i/(mostIdlePages*2)), int(list))
			if err := r.addResults(cursor, page); err != nil {
				break
			}
			taken++
			cursor = page.Next
		}
		if bound := 256 * (mostIdlePages + 1); taken > bound {
			t.Errorf("%d pages were read, with 256 conversations at most", taken)
		}
	})
}
