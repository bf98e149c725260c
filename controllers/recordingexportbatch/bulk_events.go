package recordingexportbatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// bulkCustody is what a custody log tells of bulk jobs.
type bulkCustody struct {
	*bulkRecord
	executions []artifacts.BulkExecution
	refused    []artifacts.BulkRefused
	// relisted has the metadata of the conversations that were listed again.
	relisted map[string]artifacts.Metadata
}

// readBulkCustody reads what was recorded about the bulk jobs of a batch.
func readBulkCustody(ctx context.Context, store archive.Store, batch string) (c bulkCustody, err error) {
	if c.bulkRecord, err = readBulkRecord(ctx, store, batch); err != nil {
		return c, err
	}
	if c.executions, err = artifacts.All[artifacts.BulkExecution](ctx, store, artifacts.BulkExecutionFolder(batch)); err != nil {
		return c, err
	}
	c.refused, err = artifacts.All[artifacts.BulkRefused](ctx, store, artifacts.BulkRefusedFolder(batch))
	return c, err
}

// eventList collects events about what was recorded.
type eventList []evidence.Event

// add adds an event, without the details that are empty.
func (l *eventList) add(at artifacts.Stamp, kind string, details map[string]string) {
	maps.DeleteFunc(details, func(_, value string) bool { return value == "" })
	*l = append(*l, evidence.Event{Time: at.At, Type: kind, Actor: at.By, Details: details})
}

// events returns the events of all jobs. Each job requests recordings as batch requests do. Without a
// job there is nothing to report.
func (c bulkCustody) events() []evidence.Event {
	if c.bulkRecord == nil {
		return nil
	}
	var events eventList
	for _, job := range c.all() {
		job.addEvents(&events)
	}
	for _, e := range c.executions {
		if job := c.job(e.Part, e.Number); job != nil && job.created != nil {
			events.add(e.Stamp, "BulkJobExecutionRequested", map[string]string{
				"request": job.id(), "conversations": strconv.Itoa(e.Conversations), "recordings": strconv.Itoa(e.Recordings),
				"skipped": strconv.Itoa(e.Skipped), "listed": strconv.Itoa(e.Listed), "available": strconv.Itoa(e.Available),
			})
		}
	}
	for _, r := range c.refused {
		events.add(r.Stamp, "BulkObjectRefused", map[string]string{
			"conversation": r.ConversationID, "recording": r.RecordingID, "location": r.Location, "etag": r.ETag,
			"bytes": strconv.FormatInt(r.Size, 10), "detail": r.Detail,
		})
	}
	for _, id := range slices.Sorted(maps.Keys(c.relisted)) {
		m := c.relisted[id]
		events.add(m.Stamp, "ConversationListedAgain", map[string]string{
			"conversation": id, "recordings": strconv.Itoa(len(m.Recordings)), "correlationId": m.CorrelationID,
		})
	}
	return events
}

// addEvents adds the events of one attempt to have a job.
func (j *bulkJob) addEvents(events *eventList) {
	switch {
	case j.created != nil:
		j.addCreation(events)
		if j.end != nil {
			j.addEnd(events)
		}
	case j.end != nil:
		events.add(j.end.Stamp, "BulkJobNotCreated", map[string]string{
			"bulkJobPart": j.Part, "client": j.ClientID, "query": queryDigest(j.Query), "outcome": string(j.end.Why), "detail": j.end.Detail,
		})
	}
}

// addCreation adds the event of a job that was created.
func (j *bulkJob) addCreation(events *eventList) {
	found := ""
	if j.created.Found {
		found = "true"
	}
	events.add(j.Stamp, "RecordingsRequested", map[string]string{
		"request": j.id(), "recordings": strconv.Itoa(j.Recordings), "try": strconv.Itoa(j.Number + 1), "bulkJobPart": j.Part,
		"client": j.created.Job.ClientID, "integration": j.Query.IntegrationID, "conversations": strconv.Itoa(len(j.Query.Conversations)),
		"query": queryDigest(j.Query), "found": found,
	})
}

// addEnd adds the event of a job of which nothing more is expected.
func (j *bulkJob) addEnd(events *eventList) {
	totals := j.end.Totals
	events.add(j.end.Stamp, "BulkJobEnded", map[string]string{
		"request": j.id(), "outcome": string(j.end.Why), "state": string(j.end.State), "detail": j.end.Detail,
		"conversations": strconv.Itoa(totals.Conversations), "recordings": strconv.Itoa(totals.Recordings), "skipped": strconv.Itoa(totals.Skipped),
		"failed": strconv.Itoa(totals.Failed), "processed": strconv.Itoa(totals.Processed),
	})
}

// queryDigest returns the SHA-256 of a query, in the form in which it is recorded.
func queryDigest(query genesys.BulkQuery) string {
	text, err := json.Marshal(query)
	if err != nil {
		return ""
	}
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:])
}
