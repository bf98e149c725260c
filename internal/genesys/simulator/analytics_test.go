package simulator_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

const (
	detailsJobs = "/api/v2/analytics/conversations/details/jobs"
	firstDay    = "2023-10-01T00:00:00Z/2023-10-02T00:00:00Z"
)

// survey runs a details job to its end and returns the ids it found.
func (w *world) survey(query object, pageSize int) []string {
	w.t.Helper()
	a := w.post(detailsJobs, query)
	w.want(a, 202)
	job := detailsJobs + "/" + a.text("jobId")
	w.clock.advance(w.Options().AnalyticsDelay)
	if state := w.get(job).text("state"); state != "FULFILLED" {
		w.t.Fatalf("job is %s", state)
	}
	var ids []string
	for cursor := ""; ; {
		page := w.get(fmt.Sprintf("%s/results?pageSize=%d&cursor=%s", job, pageSize, cursor))
		w.want(page, 200)
		ids = append(ids, idsOf(page)...)
		if cursor = page.text("cursor"); cursor == "" {
			return ids
		}
		if len(page.list("conversations")) != pageSize {
			w.t.Fatalf("%d conversations on a page of %d that is not the last", len(page.list("conversations")), pageSize)
		}
	}
}

func idsOf(a answer) []string {
	var ids []string
	for _, c := range a.list("conversations") {
		ids = append(ids, c.(map[string]any)["conversationId"].(string))
	}
	return ids
}

func idsOfAll(d simulator.Dataset) []string {
	var ids []string
	for _, c := range d.Conversations {
		ids = append(ids, c.ID)
	}
	return ids
}

func TestDetailsJobFindsWhatOverlaps(t *testing.T) {
	w := newWorld(t)
	start := w.Options().Start
	all := w.survey(object{"interval": firstDay}, 7)
	if want := idsOfAll(w.Dataset()); !slices.Equal(all, want) {
		t.Errorf("found %d conversations, want all %d, those of the day before too", len(all), len(want))
	}
	byDay := w.survey(object{"interval": firstDay, "startOfDayIntervalMatching": true}, 100)
	if want := idsOfAll(w.Dataset().Started(start, start.Add(day))); !slices.Equal(byDay, want) {
		t.Errorf("found %d conversations by start, want %d", len(byDay), len(want))
	}
	for hour := range 24 { // one conversation starts at twelve sharp
		var want []string
		from, to := start.Add(time.Duration(hour)*time.Hour), start.Add(time.Duration(hour+1)*time.Hour)
		for _, c := range w.Dataset().Conversations {
			if c.Start.Before(to) && c.End.After(from) {
				want = append(want, c.ID)
			}
		}
		interval := from.Format(time.RFC3339) + "/" + to.Format(time.RFC3339)
		if got := w.survey(object{"interval": interval}, 100); !slices.Equal(got, want) {
			t.Errorf("found %v in %s, want %v", got, interval, want)
		}
	}
}

func TestLargePagesAreCut(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.AnalyticsDelay, o.Limits.AsyncPageSize = 0, 5 })
	job := detailsJobs + "/" + w.post(detailsJobs, object{"interval": firstDay}).text("jobId")
	for _, query := range []string{"", "?pageSize=100"} {
		if got := len(w.get(job + "/results" + query).list("conversations")); got != 5 {
			t.Errorf("%d conversations on a page, want 5", got)
		}
	}
}

func TestDetailsJobOrder(t *testing.T) {
	w := newWorld(t)
	plain := idsOfAll(w.Dataset())
	reversed := slices.Clone(plain)
	slices.Reverse(reversed)
	if got := w.survey(object{"interval": firstDay, "order": "desc", "orderBy": "conversationStart"}, 100); !slices.Equal(got, reversed) {
		t.Error("descending is not the reverse of ascending")
	}
	unordered := w.survey(object{"interval": firstDay, "order": "unordered"}, 100)
	if slices.Equal(unordered, plain) {
		t.Error("unordered is in order")
	}
	slices.Sort(plain)
	slices.Sort(unordered)
	if !slices.Equal(unordered, plain) {
		t.Error("unordered has other conversations")
	}
	if got := w.survey(object{"interval": firstDay, "limit": 5}, 100); len(got) != 5 {
		t.Errorf("%d conversations with limit 5", len(got))
	}
	last := w.survey(object{"interval": firstDay, "orderBy": "conversationEnd", "order": "desc"}, 100)[0]
	if c, _ := w.Dataset().Conversation(last); !c.End.After(w.Options().Start.Add(day)) {
		t.Errorf("conversation %s ended first among the last at %v", last, c.End)
	}
}

func TestDetailsJobLife(t *testing.T) {
	w := newWorld(t)
	a := w.post(detailsJobs, object{"interval": firstDay})
	job := detailsJobs + "/" + a.text("jobId")
	state := func(status int, want string) {
		t.Helper()
		a := w.get(job)
		w.want(a, status)
		if got := a.text("state"); got != want {
			t.Errorf("state %s, want %s", got, want)
		}
	}
	state(202, "QUEUED")
	w.wantCode(w.get(job+"/results"), 404, "not.found")
	w.clock.advance(w.Options().AnalyticsDelay / 2)
	state(200, "PENDING")
	w.clock.advance(w.Options().AnalyticsDelay / 2)
	state(200, "FULFILLED")
	w.want(w.get(job+"/results"), 200)
	w.clock.advance(w.Options().Limits.AnalyticsTTL)
	w.token = w.login(w.Options().Clients[0])
	state(200, "EXPIRED")
	w.wantCode(w.get(job+"/results"), 404, "not.found")

	gone := detailsJobs + "/" + w.post(detailsJobs, object{"interval": firstDay}).text("jobId")
	w.want(w.remove(gone), 204)
	if got := w.get(gone).text("state"); got != "CANCELLED" {
		t.Errorf("a deleted job is %s", got)
	}
	w.wantCode(w.get(detailsJobs+"/nothing"), 404, "not.found")
	w.wantCode(w.remove(detailsJobs+"/nothing"), 404, "not.found")
}

func TestDetailsJobResultsAreASnapshot(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.Edges.Open = 1; o.AnalyticsDelay = 0 })
	open := w.pick(func(c simulator.Conversation) bool { return c.End.IsZero() })
	job := detailsJobs + "/" + w.post(detailsJobs, object{"interval": firstDay}).text("jobId")
	if err := w.EndConversation(open.ID, open.Start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, c := range w.get(job + "/results").list("conversations") {
		c := c.(map[string]any)
		if c["conversationId"] == open.ID && c["conversationEnd"] != nil {
			t.Error("an end that came after the job shows in its results")
		}
	}
}

func TestDetailsJobRefusals(t *testing.T) {
	w := newWorld(t)
	for name, tc := range map[string]struct {
		query object
		code  string
	}{
		"no interval":       {object{}, "invalid.date"},
		"not an interval":   {object{"interval": "yesterday"}, "invalid.date"},
		"backwards":         {object{"interval": "2023-10-02T00:00:00Z/2023-10-01T00:00:00Z"}, "constraint.validation"},
		"too long":          {object{"interval": "2023-10-01T00:00:00Z/2023-12-01T00:00:00Z"}, "constraint.validation"},
		"unknown order":     {object{"interval": firstDay, "order": "up"}, "invalid.query.param.value"},
		"unknown order by":  {object{"interval": firstDay, "orderBy": "mood"}, "invalid.query.param.value"},
		"filter type":       {object{"interval": firstDay, "segmentFilters": []object{{"type": "xor"}}}, "invalid.query.param.value"},
		"unknown dimension": {object{"interval": firstDay, "segmentFilters": []object{filter("and", object{"dimension": "mood"})}}, "invalid.property"},
		"metric":            {object{"interval": firstDay, "segmentFilters": []object{filter("and", object{"type": "metric"})}}, "invalid.property"},
		"unknown operator":  {object{"interval": firstDay, "segmentFilters": []object{filter("and", object{"dimension": "ani", "operator": "like"})}}, "invalid.query.param.value"},
	} {
		t.Run(name, func(*testing.T) { w.wantCode(w.post(detailsJobs, tc.query), 400, tc.code) })
	}
	job := detailsJobs + "/" + w.post(detailsJobs, object{"interval": firstDay}).text("jobId")
	w.clock.advance(time.Minute)
	for _, query := range []string{"pageSize=0", "pageSize=x", "cursor=made-up"} {
		w.wantCode(w.get(job+"/results?"+query), 400, "invalid.query.param.value")
	}
}

func filter(kind string, predicates ...object) object {
	return object{"type": kind, "predicates": predicates}
}

func TestFilters(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.Edges.Open = 2 })
	some := w.Dataset().Conversations[3:6]
	known := w.Facts(w.pick(func(c simulator.Conversation) bool { return c.Medium == simulator.Call && !c.End.IsZero() }).ID)
	byID := []object{}
	for _, c := range some {
		byID = append(byID, object{"type": "dimension", "dimension": "conversationId", "value": c.ID})
	}
	is := func(dimension, value string) object { return object{"dimension": dimension, "value": value} }
	ofMedium := func(m simulator.Medium) func(simulator.Conversation) bool {
		return func(c simulator.Conversation) bool { return c.Medium == m }
	}
	for name, tc := range map[string]struct {
		query object
		fits  func(simulator.Conversation) bool
	}{
		"ids": {object{"conversationFilters": []object{filter("or", byID...)}},
			func(c simulator.Conversation) bool {
				return slices.ContainsFunc(some, func(s simulator.Conversation) bool { return s.ID == c.ID })
			}},
		"contradiction": {object{"conversationFilters": []object{filter("and", byID...)}},
			func(simulator.Conversation) bool { return false }},
		"voice": {object{"segmentFilters": []object{filter("and", is("mediaType", "voice"))}}, ofMedium(simulator.Call)},
		"chat":  {object{"segmentFilters": []object{filter("and", is("mediaType", "chat"))}}, ofMedium(simulator.Chat)},
		"recorded": {object{"segmentFilters": []object{filter("and", is("recording", "true"))}},
			func(c simulator.Conversation) bool { return c.Medium == simulator.Call && len(c.Recordings) > 0 }},
		"finished": {object{"conversationFilters": []object{filter("and", object{"dimension": "conversationEnd", "operator": "exists"})}},
			func(c simulator.Conversation) bool { return !c.End.IsZero() }},
		"open": {object{"conversationFilters": []object{filter("and", object{"dimension": "conversationEnd", "operator": "notExists"})}},
			func(c simulator.Conversation) bool { return c.End.IsZero() }},
		"queue": {object{"segmentFilters": []object{filter("or", is("queueId", known.Queues[0]))}},
			func(c simulator.Conversation) bool {
				return slices.Contains(w.Facts(c.ID).Queues, known.Queues[0])
			}},
		"agent": {object{"segmentFilters": []object{filter("or", is("userId", known.Users[0]))}},
			func(c simulator.Conversation) bool { return slices.Contains(w.Facts(c.ID).Users, known.Users[0]) }},
		"division": {object{"conversationFilters": []object{filter("or", is("divisionId", known.Divisions[0]))}},
			func(c simulator.Conversation) bool {
				return slices.Contains(w.Facts(c.ID).Divisions, known.Divisions[0])
			}},
		"caller": {object{"segmentFilters": []object{filter("or", is("ani", known.ANIs[0]))}},
			func(c simulator.Conversation) bool { return slices.Contains(w.Facts(c.ID).ANIs, known.ANIs[0]) }},
		"called": {object{"segmentFilters": []object{filter("or", is("dnis", known.DNISs[0]))}},
			func(c simulator.Conversation) bool { return slices.Contains(w.Facts(c.ID).DNISs, known.DNISs[0]) }},
		"outbound": {object{"conversationFilters": []object{filter("or", is("originatingDirection", "outbound"))}},
			func(c simulator.Conversation) bool { return w.Facts(c.ID).Direction == "outbound" }},
		"queue or unfinished": {object{"segmentFilters": []object{{"type": "or", "clauses": []object{
			filter("or", is("queueId", known.Queues[0])), filter("and", object{"dimension": "segmentEnd", "operator": "notExists"})}}}},
			func(c simulator.Conversation) bool {
				return c.End.IsZero() || slices.Contains(w.Facts(c.ID).Queues, known.Queues[0])
			}},
		"clauses": {object{"segmentFilters": []object{{"type": "or", "clauses": []object{
			filter("and", is("mediaType", "email"), is("purpose", "agent")), filter("and", is("mediaType", "message"))}}}},
			func(c simulator.Conversation) bool {
				return c.Medium == simulator.Email || c.Medium == simulator.Message
			}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.query["interval"] = firstDay
			var want []string
			for _, c := range w.Dataset().Conversations {
				if tc.fits(c) {
					want = append(want, c.ID)
				}
			}
			if got := w.survey(tc.query, 100); !slices.Equal(got, want) {
				t.Errorf("found %d conversations, want %d", len(got), len(want))
			}
			if all := len(w.Dataset().Conversations); name != "contradiction" && name != "called" && (len(want) == 0 || len(want) == all) {
				t.Errorf("%d of %d conversations tell nothing", len(want), all)
			}
		})
	}
}

func TestAnalyticsLagsBehindTheClock(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.SettleLag = 2 * time.Hour })
	w.clock.advance(w.Options().Start.Add(14 * time.Hour).Sub(monday))
	w.token = w.login(w.Options().Clients[0])
	settled := w.Options().Start.Add(12 * time.Hour)
	if got := w.get(detailsJobs + "/availability").text("dataAvailabilityDate"); got != "2023-10-01T12:00:00.000Z" {
		t.Errorf("data are available up to %s", got)
	}
	job := detailsJobs + "/" + w.post(detailsJobs, object{"interval": firstDay}).text("jobId")
	w.clock.advance(w.Options().AnalyticsDelay)
	results := w.get(job + "/results")
	found := 0
	for _, v := range results.list("conversations") {
		id := v.(map[string]any)["conversationId"].(string)
		c, _ := w.Dataset().Conversation(id)
		if c.Start.After(settled) {
			t.Errorf("conversation %s that starts at %v is known at %v", id, c.Start, settled)
		}
		if known := v.(map[string]any)["conversationEnd"] != nil; known != !c.End.After(settled) {
			t.Errorf("end %v known: %v", c.End, known)
		}
		found++
	}
	want := 0
	for _, c := range w.Dataset().Conversations {
		want += map[bool]int{true: 1}[!c.Start.After(settled)]
	}
	if found != want || results.text("dataAvailabilityDate") != "2023-10-01T12:00:00.000Z" {
		t.Errorf("%d conversations as of %s, want %d", found, results.text("dataAvailabilityDate"), want)
	}
}

func TestDetailsQuery(t *testing.T) {
	w := newWorld(t)
	const path = "/api/v2/analytics/conversations/details/query"
	start := w.Options().Start
	want := idsOfAll(w.Dataset().Started(start, start.Add(day)))
	var got []string
	for page := 1; ; page++ {
		// An hour matches the whole day that it lies in.
		a := w.post(path, object{"interval": "2023-10-01T05:00:00Z/2023-10-01T06:00:00Z",
			"paging": object{"pageSize": 25, "pageNumber": page}})
		w.want(a, 200)
		if a.number("totalHits") != len(want) {
			t.Fatalf("%d hits, want %d", a.number("totalHits"), len(want))
		}
		if len(a.list("conversations")) == 0 {
			break
		}
		got = append(got, idsOf(a)...)
	}
	if !slices.Equal(got, want) {
		t.Errorf("found %d conversations, want %d", len(got), len(want))
	}
	a := w.post(path, object{"interval": firstDay, "paging": object{"pageSize": 100, "pageNumber": 1001}})
	w.wantCode(a, 400, "bad.request")
	if a.text("message") != "Pagination may not exceed 100000 results." {
		t.Errorf("message %q", a.text("message"))
	}
	for _, paging := range []object{{"pageSize": 0, "pageNumber": 1}, {"pageSize": 101, "pageNumber": 1}, {"pageSize": 10, "pageNumber": 0}} {
		w.wantCode(w.post(path, object{"interval": firstDay, "paging": paging}), 400, "constraint.validation")
	}
	w.wantCode(w.post(path, object{"interval": "2023-10-01T00:00:00Z/2023-10-20T00:00:00Z"}), 400, "constraint.validation")
}

func TestDetailsOfSingleConversations(t *testing.T) {
	w := newWorld(t)
	all := w.Dataset().Conversations
	a := w.get(fmt.Sprintf("/api/v2/analytics/conversations/details?id=%s,%s&id=unknown", all[4].ID, all[9].ID))
	w.want(a, 200)
	if got := idsOf(a); !slices.Equal(got, []string{all[4].ID, all[9].ID}) {
		t.Errorf("found %v", got)
	}
}

// TestMoveToQueue: analytics names the new queue, and the former one no more.
func TestMoveToQueue(t *testing.T) {
	w := newWorld(t)
	c := w.pick(quiet)
	const queue = "11111111-1111-4111-8111-111111111111"
	if err := w.MoveToQueue(c.ID, queue); err != nil {
		t.Fatal(err)
	}
	if got := w.Facts(c.ID).Queues; !slices.Equal(got, []string{queue}) {
		t.Errorf("queues %v", got)
	}
	byQueue := filter("or", object{"dimension": "queueId", "value": queue})
	if got := w.survey(object{"interval": firstDay, "segmentFilters": []object{byQueue}}, 100); !slices.Equal(got, []string{c.ID}) {
		t.Errorf("found %v in the queue", got)
	}
	if w.MoveToQueue("nothing", queue) == nil {
		t.Error("a conversation that does not exist was moved")
	}
}

// TestAnalyticsNamesTheSessionsOfRecordings lets a client match the two.
func TestAnalyticsNamesTheSessionsOfRecordings(t *testing.T) {
	w := newWorld(t)
	c := w.pick(func(c simulator.Conversation) bool { return quiet(c) && len(c.Recordings) > 1 })
	a := w.get("/api/v2/analytics/conversations/details?id=" + c.ID)
	var sessions []string
	for _, p := range a.list("conversations")[0].(map[string]any)["participants"].([]any) {
		for _, s := range p.(map[string]any)["sessions"].([]any) {
			sessions = append(sessions, s.(map[string]any)["sessionId"].(string))
		}
	}
	var recordings []object
	w.get(metadataPath(c)).decode(&recordings)
	for _, r := range recordings {
		if !slices.Contains(sessions, r["sessionId"].(string)) {
			t.Errorf("session %v of recording %v is not in %v", r["sessionId"], r["id"], sessions)
		}
	}
}
