package simulator_test

import (
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// TestPoisonedConversations: a job fails if it is about one of them, and does not say which.
func TestPoisonedConversations(t *testing.T) {
	w := newWorld(t)
	var calls []simulator.Conversation
	for _, c := range w.Dataset().Conversations {
		if quiet(c) && len(calls) < 4 {
			calls = append(calls, c)
		}
	}
	if err := w.SetJobTrouble(calls[2].ID, simulator.Poisoned); err != nil {
		t.Fatal(err)
	}
	a := w.runJob(w.exportQuery(calls...))
	if a.text("state") != "FAILED" || a.text("errorMessage") == "" || a.number("totalFailedRecordings") != 0 {
		t.Errorf("job is %s", a.body)
	}
	if failed := w.get(a.text("failedRecordings")); len(failed.list("entities")) != 0 {
		t.Errorf("failed recordings are %s", failed.body)
	}
	if got := w.get(metadataPath(calls[0]) + "/" + calls[0].Recordings[0].ID).text("exportDate"); got != "" {
		t.Errorf("export date %s", got)
	}
	for i, want := range []string{"FULFILLED", "FULFILLED", "FAILED", "FULFILLED"} {
		if a := w.runJob(w.exportQuery(calls[i])); a.text("state") != want {
			t.Errorf("job of conversation %d is %s, want %s", i, a.body, want)
		}
	}
	if err := w.SetJobTrouble(calls[2].ID, ""); err != nil {
		t.Fatal(err)
	}
	if a := w.runJob(w.exportQuery(calls[2])); a.text("state") != "FULFILLED" {
		t.Errorf("cured job is %s", a.body)
	}
	if w.SetJobTrouble("unknown", simulator.Poisoned) == nil || w.SetJobTrouble(calls[0].ID, "sick") == nil {
		t.Error("no error")
	}
}

func TestUnendingJob(t *testing.T) {
	w := newWorld(t)
	c := w.pick(quiet)
	if err := w.SetJobTrouble(c.ID, simulator.Unending); err != nil {
		t.Fatal(err)
	}
	a := w.runJob(w.exportQuery(c))
	w.clock.advance(20 * time.Hour)
	job := jobs + "/" + a.text("id")
	if a := w.wantState(job, "PROCESSING"); a.number("percentProgress") != 99 {
		t.Errorf("job is %s", a.body)
	}
	w.want(w.remove(job), 204)
	w.wantState(job, "CANCELLED")
}

// TestJobsOfOthers count against the two, are listed, and cannot be executed.
func TestJobsOfOthers(t *testing.T) {
	w := newWorld(t)
	query := w.exportQuery(w.pick(quiet))
	long, short := w.AddJobOfOthers(time.Hour), w.AddJobOfOthers(time.Minute)
	w.wantCode(w.post(jobs, query), 400, "constraint.validation")
	w.clock.advance(time.Minute)
	w.wantState(jobs+"/"+short, "FULFILLED")
	w.submitJob(query)
	w.wantState(jobs+"/"+long, "PROCESSING")
	w.want(w.put(jobs+"/"+long, object{"state": "PROCESSING"}), 403)
	if all := w.get(jobs + "?jobType=EXPORT"); len(all.list("entities")) != 3 {
		t.Errorf("all jobs are %s", all.body)
	}
	if mine := w.get(jobs + "?showOnlyMyJobs=true"); len(mine.list("entities")) != 1 {
		t.Errorf("my jobs are %s", mine.body)
	}
}

// TestAThirdJobCanBeRefusedWith429, because the status is not documented.
func TestAThirdJobCanBeRefusedWith429(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.Limits.ThirdJobStatus = 429 })
	query := w.exportQuery(w.pick(quiet))
	w.submitJob(query)
	w.submitJob(query)
	a := w.post(jobs, query)
	w.wantCode(a, 429, "too.many.requests")
	if a.header.Get("Retry-After") == "" || a.header.Get("inin-ratelimit-count") == a.header.Get("inin-ratelimit-allowed") {
		t.Errorf("headers %v", a.header)
	}
	if (simulator.Options{Limits: simulator.Limits{ThirdJobStatus: 500}}).Validate() == nil {
		t.Error("500 is a valid status")
	}
}

// TestANewJobIsListedLater than it exists.
func TestANewJobIsListedLater(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.JobListLag = time.Minute })
	job := w.submitJob(w.exportQuery(w.pick(quiet)))
	for _, want := range []int{0, 1} {
		if got := len(w.get(jobs).list("entities")); got != want {
			t.Errorf("%d jobs are listed, want %d", got, want)
		}
		w.want(w.get(job), 200)
		w.clock.advance(time.Minute)
	}
}

// TestLostSubmission: a job whose answer is lost exists.
func TestLostSubmission(t *testing.T) {
	w := newWorld(t)
	w.InjectFault(simulator.Fault{Route: simulator.RouteJobSubmit, Reset: true, Applied: true, Count: 1})
	if _, err := w.try("POST", jobs, w.exportQuery(w.pick(quiet))); err == nil {
		t.Error("an answer came")
	}
	if n := len(w.get(jobs).list("entities")); n != 1 {
		t.Errorf("%d jobs", n)
	}
}
