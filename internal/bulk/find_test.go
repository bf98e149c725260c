package bulk

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func ourQuery() Query {
	return Query{
		IntegrationID: "1a000000-0000-4000-8000-00000000000a", ActionDate: noon.Add(123 * time.Millisecond), From: noon.AddDate(0, -1, 0), To: noon,
		Screens: true, Conversations: []string{"a", "b", "c"},
	}
}

// listed is a job of the attempt, with something changed.
func listed(id string, change func(*ListedJob)) ListedJob {
	job := ListedJob{ID: id, Created: noon.Add(time.Second), Query: ourQuery()}
	change(&job)
	return job
}

func TestFind(t *testing.T) {
	same := func(*ListedJob) {}
	later := func(j *ListedJob) { j.Query.ActionDate = j.Query.ActionDate.Add(time.Millisecond) }
	earlyOther := func(j *ListedJob) { later(j); j.Created = noon.Add(-time.Hour) }
	tests := map[string]struct {
		jobs  []ListedJob
		after time.Duration
		want  Verdict
		id    string
	}{
		"no job yet":          {nil, time.Minute, Undecided, ""},
		"no job":              {nil, ListedAfter, NotCreated, ""},
		"ours":                {[]ListedJob{listed("1", same)}, time.Second, Created, "1"},
		"ours, after an hour": {[]ListedJob{listed("1", same)}, time.Hour, Created, "1"},
		"ours among others": {[]ListedJob{listed("0", earlyOther), listed("1", same), listed("2", later)},
			time.Hour, Created, "1"},
		"two of ours": {[]ListedJob{listed("1", same), listed("2", same)}, time.Hour, Undecided, ""},
		"in another order and spelling": {[]ListedJob{listed("1", func(j *ListedJob) {
			j.Query.Conversations = []string{"C", "B", "A", "a"}
			j.Query.IntegrationID = strings.ToUpper(j.Query.IntegrationID)
			j.Query.ActionDate = j.Query.ActionDate.Add(time.Microsecond).In(time.FixedZone("x", 3600))
		})}, 0, Created, "1"},
		"created before the attempt by their clock": {[]ListedJob{listed("1", func(j *ListedJob) { j.Created = noon.Add(-time.Minute) })}, 0, Created, "1"},
		"another action date":                       {[]ListedJob{listed("1", later)}, time.Hour, Undecided, ""},
		"another action date, long before":          {[]ListedJob{listed("1", earlyOther)}, time.Hour, NotCreated, ""},
		"a job without a query":                     {[]ListedJob{listed("1", func(j *ListedJob) { j.Query = Query{Screens: true} })}, time.Hour, Undecided, ""},
		"a job without a query or a date":           {[]ListedJob{{ID: "1"}}, time.Hour, NotCreated, ""}, // it leaves screens out
		"the conversations are not repeated": {[]ListedJob{listed("1", func(j *ListedJob) { j.Query.Conversations = nil })},
			time.Hour, Undecided, ""},
		"other conversations": {[]ListedJob{listed("1", func(j *ListedJob) { j.Query.Conversations = []string{"a", "b"} })},
			time.Hour, NotCreated, ""},
		"another integration": {[]ListedJob{listed("1", func(j *ListedJob) { j.Query.IntegrationID = "x"; j.Query.Conversations = nil })},
			time.Hour, NotCreated, ""},
		"another interval": {[]ListedJob{listed("1", func(j *ListedJob) { j.Query.From = noon.Add(-time.Hour); j.Query.Conversations = nil })},
			time.Hour, NotCreated, ""},
		"without screens": {[]ListedJob{listed("1", func(j *ListedJob) { j.Query.Screens = false })}, time.Hour, NotCreated, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				verdict, id := Find(Attempt{ourQuery(), noon, ListedAfter}, tt.jobs, noon.Add(tt.after))
				if verdict != tt.want || id != tt.id {
					t.Errorf("%v %q, want %v %q", verdict, id, tt.want, tt.id)
				}
				slices.Reverse(tt.jobs)
			}
		})
	}
}

// TestFindNeverTakesAnothersJob: a job is ours only if its query is, and an attempt is never
// taken for one without effect while its job is listed.
func TestFindNeverTakesAnothersJob(t *testing.T) {
	drawQuery := rapid.Custom(func(t *rapid.T) Query {
		q := ourQuery()
		q.ActionDate = q.ActionDate.Add(time.Duration(rapid.IntRange(0, 1).Draw(t, "action date")) * time.Millisecond)
		q.Screens = rapid.Bool().Draw(t, "screens")
		q.Conversations = rapid.SliceOf(rapid.SampledFrom([]string{"a", "b", "c", "A"})).Draw(t, "conversations")
		return q
	})
	rapid.Check(t, func(t *rapid.T) {
		attempt := Attempt{drawQuery.Draw(t, "ours"), noon, ListedAfter}
		jobs := make([]ListedJob, rapid.IntRange(0, 5).Draw(t, "jobs"))
		ours := map[string]bool{}
		for i := range jobs {
			jobs[i] = ListedJob{string(rune('0' + i)), noon.Add(time.Duration(rapid.IntRange(-60, 60).Draw(t, "created")) * time.Minute), drawQuery.Draw(t, "query")}
			if jobs[i].Query.same(attempt.Query) {
				ours[jobs[i].ID] = true
			}
		}
		verdict, id := Find(attempt, jobs, noon.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "after"))*time.Minute))
		if (verdict == Created) != (len(ours) == 1) || (verdict == Created) != ours[id] || verdict == NotCreated && len(ours) > 0 {
			t.Errorf("%v %q, ours are %v", verdict, id, ours)
		}
	})
}
