package main

import (
	"net/http"
	"strings"
)

// The routes that are looked at, by the names of the journal.
const (
	jobs          = "/api/v2/analytics/conversations/details/jobs"
	startJob      = "POST " + jobs
	endJob        = "DELETE " + jobs + "/{jobId}"
	metadataRoute = "GET /api/v2/conversations/{conversationId}/recordingmetadata"
	mediaRoute    = "GET /media/{conversationId}/{recordingId}/{file}"
	requestRoute  = "POST /api/v2/recording/batchrequests"
)

// checkJournal judges what was requested of Genesys Cloud: every analytics job was
// ended, and nothing that had been answered was requested again without need.
func (c *census) checkJournal(t terms, known truth) {
	started, ended := 0, map[string]bool{}
	answered, allowed := map[string]int{}, map[string]int{}
	requested, recordings := 0, 0
	for _, e := range known.journal.Entries {
		switch {
		case e.Route == startJob && e.Status == http.StatusAccepted:
			started++
		case e.Route == endJob && e.Status == http.StatusNoContent:
			ended[e.Path] = true
		case e.Status != http.StatusOK:
		case e.Route == metadataRoute, e.Route == mediaRoute:
			answered[e.Path]++
			allowed[e.Path] = t.asks + c.visits(e.Path)
			if e.Route == metadataRoute {
				allowed[e.Path] += t.looks
			}
		case e.Route == requestRoute:
			requested += e.IDs
		}
	}
	for path, n := range answered {
		if n > allowed[path] {
			c.fault("journal", "%s was answered %d times, %d are allowed", path, n, allowed[path])
		}
	}
	for _, conversation := range known.dataset.Conversations {
		recordings += len(conversation.Recordings)
	}
	recordings += c.isolatedRecordings()
	if requested > t.asks*recordings {
		c.fault("journal", "%d recordings were requested, there are %d", requested, recordings)
	}
	c.calls = known.journal.Requests
	c.orphans = started - len(ended)
	if c.orphans > t.orphans {
		c.fault("journal", "%d analytics jobs were left to expire, %d are allowed", c.orphans, t.orphans)
	}
	for _, e := range known.journal.Entries {
		if strings.Contains(e.Path, "..") {
			c.fault("journal", "%s was asked for", e.Path)
		}
	}
}
