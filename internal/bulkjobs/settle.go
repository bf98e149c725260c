// Package bulkjobs finds out at Genesys Cloud what became of an attempt to create a recording bulk job. What the
// list of jobs proves is for package bulk to say.
package bulkjobs

import (
	"context"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Lister lists the recording bulk jobs of an organisation.
type Lister interface {
	// OwnBulkJobs reads a page of the jobs of an OAuth client.
	OwnBulkJobs(ctx context.Context, clientID string, skip int) (genesys.BulkJobPage, error)
	// BulkJobs reads a page of the organisation's jobs in a state, or in any if it is empty.
	BulkJobs(ctx context.Context, state genesys.BulkState, skip int) (genesys.BulkJobPage, error)
}

// Settling is how an attempt is settled.
type Settling struct {
	Cloud Lister
	// Known are the ids of the jobs that are known to belong to other attempts.
	Known map[string]bool
	// ListedAfter is how long after the attempt its job may still be missing in the list.
	ListedAfter time.Duration
	Now         time.Time
}

// Settle tells what became of an attempt, and the id of its job if there is one. Without a client nothing was
// requested. Its errors are those of listing.
func (s Settling) Settle(ctx context.Context, attempt artifacts.BulkAttempt) (verdict bulk.Verdict, id string, err error) {
	if attempt.ClientID == "" {
		return bulk.NotCreated, "", nil
	}
	jobs, err := s.jobsOf(ctx, attempt.ClientID)
	if err != nil {
		return bulk.Undecided, "", err
	}
	verdict, id = bulk.Find(bulk.Attempt{Query: queryOf(attempt.Query), At: attempt.At, ListedAfter: s.ListedAfter}, jobs, s.Now)
	return verdict, id, nil
}

// jobsOf lists the jobs of an OAuth client or, if that is inactive, those of the organisation.
func (s Settling) jobsOf(ctx context.Context, clientID string) ([]bulk.ListedJob, error) {
	jobs, err := s.list(func(skip int) (genesys.BulkJobPage, error) { return s.Cloud.OwnBulkJobs(ctx, clientID, skip) })
	if genesys.KindOf(err) == genesys.KindOrphaned {
		return s.list(func(skip int) (genesys.BulkJobPage, error) { return s.Cloud.BulkJobs(ctx, "", skip) })
	}
	return jobs, err
}

// list reads all pages, without the jobs that are known.
func (s Settling) list(read func(skip int) (genesys.BulkJobPage, error)) ([]bulk.ListedJob, error) {
	var jobs []bulk.ListedJob
	err := genesys.EachPage("list bulk jobs", func(skip int) (int, error) {
		page, err := read(skip)
		for _, job := range page.Jobs {
			if !s.Known[job.ID] {
				jobs = append(jobs, bulk.ListedJob{ID: job.ID, Created: job.Created, Query: queryOf(job.Query)})
			}
		}
		return page.Next, err
	})
	return jobs, err
}

// queryOf returns a query in the form of package bulk.
func queryOf(q genesys.BulkQuery) bulk.Query {
	return bulk.Query{IntegrationID: q.IntegrationID, ActionDate: q.ActionDate, From: q.From, To: q.To, Conversations: q.Conversations, Screens: q.Screens, OnlyScreens: q.OnlyScreens}
}
