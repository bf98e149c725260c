package bulkjobs_test

import (
	"context"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/bulkjobs"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

const (
	jobID  = "b0000000-0000-4000-8000-000000000001"
	client = "c0000000-0000-4000-8000-000000000001"
)

var at = time.Date(2023, 10, 1, 12, 0, 0, 0, time.UTC)

// query is that of the attempt.
var query = genesys.BulkQuery{
	IntegrationID: "d0000000-0000-4000-8000-000000000001", ActionDate: at, From: at.Add(-time.Hour), To: at,
	Conversations: []string{"e0000000-0000-4000-8000-000000000001"}, Screens: true, OnlyScreens: true,
}

// cloud is a Genesys Cloud with bulk jobs, one on each page.
type cloud struct {
	jobs []genesys.BulkJob
	// inactive tells that the OAuth client cannot be used any more.
	inactive bool
	// endless tells that a list never ends.
	endless bool
}

func (c cloud) OwnBulkJobs(ctx context.Context, _ string, skip int) (genesys.BulkJobPage, error) {
	if c.inactive {
		return genesys.BulkJobPage{}, &genesys.Error{Op: "list bulk jobs", Kind: genesys.KindOrphaned}
	}
	return c.BulkJobs(ctx, "", skip)
}

func (c cloud) BulkJobs(_ context.Context, _ genesys.BulkState, skip int) (page genesys.BulkJobPage, _ error) {
	if skip < len(c.jobs) {
		page.Jobs = c.jobs[skip : skip+1]
	}
	if c.endless || skip+1 < len(c.jobs) {
		page.Next = skip + 1
	}
	return page, nil
}

func TestSettle(t *testing.T) {
	other := query
	other.ActionDate = at.Add(time.Millisecond)
	own := genesys.BulkJob{ID: jobID, Created: at, Query: query}
	earlier := genesys.BulkJob{ID: "b0000000-0000-4000-8000-000000000002", Created: at.Add(-time.Hour), Query: other}
	attempt := artifacts.BulkAttempt{Stamp: artifacts.Stamp{At: at}, ClientID: client, Query: query}
	tests := map[string]struct {
		cloud   cloud
		attempt artifacts.BulkAttempt
		known   map[string]bool
		after   time.Duration
		want    bulk.Verdict
		id      string
		kind    genesys.Kind
	}{
		"the job is on the last page":        {cloud: cloud{jobs: []genesys.BulkJob{earlier, own}}, attempt: attempt, want: bulk.Created, id: jobID},
		"the client is inactive":             {cloud: cloud{jobs: []genesys.BulkJob{own}, inactive: true}, attempt: attempt, want: bulk.Created, id: jobID},
		"the job is that of another attempt": {cloud: cloud{jobs: []genesys.BulkJob{own}}, attempt: attempt, known: map[string]bool{jobID: true}, after: time.Hour, want: bulk.NotCreated},
		"there is none yet":                  {attempt: attempt, want: bulk.Undecided},
		"there is none":                      {attempt: attempt, after: time.Hour, want: bulk.NotCreated},
		"nothing was requested":              {cloud: cloud{jobs: []genesys.BulkJob{own}}, attempt: artifacts.BulkAttempt{Stamp: attempt.Stamp, Query: query}, want: bulk.NotCreated},
		"the list does not end":              {cloud: cloud{endless: true}, attempt: attempt, after: time.Hour, want: bulk.Undecided, kind: genesys.KindMalformed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			settling := bulkjobs.Settling{Cloud: tt.cloud, Known: tt.known, ListedAfter: bulk.ListedAfter, Now: at.Add(tt.after)}
			got, id, err := settling.Settle(t.Context(), tt.attempt)
			if got != tt.want || id != tt.id || genesys.KindOf(err) != tt.kind {
				t.Errorf("%v, %q, %v; want %v, %q, %q", got, id, err, tt.want, tt.id, tt.kind)
			}
		})
	}
}
