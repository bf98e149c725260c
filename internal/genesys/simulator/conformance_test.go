package simulator_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// exchange is what was answered to a request of a route.
type exchange struct {
	route  string
	status int
	body   []byte
}

// recorder keeps every answer of the API.
type recorder struct {
	mu        sync.Mutex
	exchanges []exchange
}

// tee is an http.ResponseWriter that keeps what goes through it.
type tee struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (t *tee) WriteHeader(status int) {
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

func (t *tee) Write(b []byte) (int, error) {
	t.body.Write(b)
	return t.ResponseWriter.Write(b)
}

func (rec *recorder) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		through := &tee{ResponseWriter: w}
		next.ServeHTTP(through, r)
		rec.mu.Lock()
		defer rec.mu.Unlock()
		if strings.Contains(r.Pattern, " /api/v2/") {
			rec.exchanges = append(rec.exchanges, exchange{r.Pattern, through.status, through.body.Bytes()})
		}
	})
}

func (rec *recorder) seen(route string) []int {
	var statuses []int
	for _, e := range rec.exchanges {
		if e.route == route {
			statuses = append(statuses, e.status)
		}
	}
	return statuses
}

// expected are the statuses with which each route must have answered on the
// tour. The errors that all routes share are looked for once, at tokens/me.
var expected = map[string][]int{
	simulator.RouteTokenSelf:       {200, 401, 429, 500, 503, 504},
	simulator.RouteOrganization:    {200},
	simulator.RouteUserSelf:        {400},
	simulator.RouteLimits:          {200},
	simulator.RouteDetailsQuery:    {200, 400},
	simulator.RouteDetails:         {200},
	simulator.RouteDetailsSubmit:   {202, 400, 403},
	simulator.RouteAvailability:    {200},
	simulator.RouteDetailsJob:      {200, 202, 404},
	simulator.RouteDetailsResults:  {200, 404},
	simulator.RouteDetailsDelete:   {204},
	simulator.RouteProtectionQuery: {200, 400, 404, 413, 415},
	simulator.RouteProtect:         {204, 400, 403},
	simulator.RouteMetadata:        {200, 404},
	simulator.RouteMetadataOne:     {200, 404},
	simulator.RouteRecordings:      {200, 202, 404},
	simulator.RouteRecording:       {200, 202},
	simulator.RouteRestore:         {200, 400},
	simulator.RouteBatchSubmit:     {200, 400},
	simulator.RouteBatch:           {200, 403, 404},
	simulator.RouteJobSubmit:       {202, 400},
	simulator.RouteJobs:            {200},
	simulator.RouteJob:             {200, 404},
	simulator.RouteJobExecute:      {200, 400, 403},
	simulator.RouteJobCancel:       {204},
	simulator.RouteFailed:          {200},
	simulator.RouteRetention:       {200, 400},
	simulator.RouteOrphans:         {200, 400},
	simulator.RouteAuditSubmit:     {202, 400},
	simulator.RouteAudit:           {200, 202},
	simulator.RouteAuditResults:    {200},
	simulator.RouteIntegrations:    {200},
}

// TestAnswersConformToThePlatformAPI goes through all routes and compares every
// answer with the description that Genesys Cloud publishes.
func TestAnswersConformToThePlatformAPI(t *testing.T) {
	var rec recorder
	other := simulator.Client{ID: "0b7c6a58-0000-4000-8000-000000000001", Secret: "s"}
	w := newWorldBehind(t, rec.wrap, func(o *simulator.Options) {
		o.Clients = append(o.Clients, other)
		o.RequestsPerMinute = 400
		o.Edges = simulator.Edges{Open: 1, Orphans: 30, FileStates: map[simulator.FileState]int{
			simulator.Archived: 2, simulator.Deleted: 1, simulator.Restored: 1, simulator.Uploading: 1, simulator.Errored: 2}}
	})
	stranger := w.as(other)
	w.tourOrganization()
	w.tourAnalytics()
	w.tourProtection()
	w.tourMetadata()
	w.tourMedia(stranger)
	w.tourJobs(stranger)
	w.tourHistory()
	w.tourErrors()

	var routes []string
	for route, statuses := range expected {
		routes = append(routes, route)
		for _, status := range statuses {
			if !slices.Contains(rec.seen(route), status) {
				t.Errorf("%s never answered %d", route, status)
			}
		}
	}
	api := loadPlatformAPI(t, routes)
	for _, e := range rec.exchanges {
		status := e.status
		if e.route == simulator.RouteRecording && status == 200 {
			status = 202 // the only one documented, with what is there in the end
		}
		if err := api.check(t, e.route, status, e.body); err != nil {
			t.Errorf("%s answered %d: %v\n%.2000s", e.route, e.status, err, e.body)
		}
	}
	t.Run("the comparison can fail", func(t *testing.T) {
		for body, status := range map[string]int{
			`[{"id":"r","fileState":"LOST"}]`:        200,
			`[{"id":"r","legalHold":true}]`:          200,
			`[{"id":5}]`:                             200,
			`[{"id":"r","deleteDate":"2023-10-01"}]`: 200,
			`{"id":"r"}`:                             200,
			`[]`:                                     418,
			`{"message":"m","code":"c","status":"four"}`: 404,
		} {
			if api.check(t, simulator.RouteMetadata, status, []byte(body)) == nil {
				t.Errorf("%d %s passes", status, body)
			}
		}
	})
}

func (w *world) tourOrganization() {
	for _, path := range []string{probe, "/api/v2/organizations/me", "/api/v2/users/me",
		"/api/v2/organizations/limits/namespaces/recording", "/api/v2/organizations/limits/namespaces/platform.api",
		"/api/v2/integrations", "/api/v2/integrations?pageSize=1&pageNumber=2"} {
		w.get(path)
	}
}

func (w *world) tourAnalytics() {
	const query = "/api/v2/analytics/conversations/details/query"
	w.post(query, object{"interval": firstDay, "paging": object{"pageSize": 100, "pageNumber": 1}})
	w.post(query, object{"interval": firstDay, "paging": object{"pageSize": 100, "pageNumber": 9}})
	w.post(query, object{"interval": "now"})
	w.get("/api/v2/analytics/conversations/details?id=" + w.Dataset().Conversations[0].ID)
	w.get(detailsJobs + "/availability")
	job := detailsJobs + "/" + w.post(detailsJobs, object{"interval": firstDay}).text("jobId")
	w.get(job)
	w.get(job + "/results")
	w.clock.advance(w.Options().AnalyticsDelay / 2)
	w.get(job)
	w.clock.advance(w.Options().AnalyticsDelay)
	w.get(job)
	w.get(job + "/results?pageSize=20")
	w.get(job + "/results")
	w.remove(job)
	w.get(job)
	w.get(detailsJobs + "/unknown")
	w.post(detailsJobs, object{})
}

func (w *world) tourProtection() {
	w.heldAmong(idsOfAll(w.Dataset())...)
	w.post(protection, object{"conversationIds": []string{"x"}})
	w.post(protection, object{"conversationIds": []string{"00000000-0000-4000-8000-000000000000"}})
	w.put(protection, object{"conversationIds": []string{w.pick(quiet).ID}})
	w.put(protection, object{})
}

// tourMetadata reads those of every conversation, with all media and states.
func (w *world) tourMetadata() {
	for _, c := range w.Dataset().Conversations {
		w.get(metadataPath(c))
	}
	c := w.pick(heldWithScreens)
	w.get(metadataPath(c) + "/" + c.Recordings[0].ID)
	w.get(metadataPath(c) + "/unknown")
	w.get("/api/v2/conversations/unknown/recordingmetadata")
}

func (w *world) tourMedia(stranger *world) {
	c := w.pick(heldWithScreens)
	recordings := "/api/v2/conversations/" + c.ID + "/recordings"
	for range 2 {
		w.get(recordings)
		w.get(recordings + "/" + c.Recordings[0].ID)
		w.clock.advance(w.Options().TranscodeDelay)
	}
	w.get("/api/v2/conversations/unknown/recordings")
	var archived []object
	for _, r := range w.Dataset().Recordings() {
		if r.FileState == simulator.Archived {
			archived = append(archived, object{"conversationId": r.ConversationID, "recordingId": r.ID})
		}
	}
	restore := fmt.Sprintf("/api/v2/conversations/%s/recordings/%s", archived[0]["conversationId"], archived[0]["recordingId"])
	w.put(restore, object{"archiveDate": "2023-12-01T00:00:00.000Z"})
	w.put(restore, object{"archiveDate": "soon"})

	batch := batches + "/" + w.submitBatch(archived[1], object{"conversationId": c.ID})
	for range 4 {
		w.get(batch)
		w.clock.advance(w.Options().BatchDelay / 3)
	}
	stranger.get(batch)
	w.get(batches + "/unknown")
	w.post(batches, object{})
}

func (w *world) tourJobs(stranger *world) {
	job := w.submitJob(w.exportQuery())
	w.post(jobs, object{})
	for range 4 {
		w.get(job)
		w.clock.advance(w.Options().JobDelay / 3)
	}
	stranger.put(job, object{"state": "PROCESSING"})
	w.put(job, object{"state": "PROCESSING"})
	w.put(job, object{"state": "PROCESSING"})
	w.clock.advance(w.Options().JobDelay)
	w.get(job)
	w.get(job + "/failedrecordings?pageSize=2")
	w.get(job + "/failedrecordings?pageSize=2&includeTotal=false")
	w.runJob(w.exportQuery(w.pick(quiet)))
	w.clock.advance(time.Second)
	w.get(metadataPath(w.pick(quiet)))
	w.get(jobs + "?pageSize=1")
	w.get(jobs + "?pageSize=1&includeTotal=false")
	w.remove(job)
	w.get(jobs + "/unknown")
}

func (w *world) tourHistory() {
	w.get("/api/v2/recordings/retention/query?retentionThresholdDays=1&pageSize=20")
	w.get("/api/v2/recordings/retention/query")
	w.get("/api/v2/orphanrecordings?pageSize=20&pageNumber=2")
	w.get("/api/v2/orphanrecordings?pageSize=1000")
	const audits = "/api/v2/quality/conversations/audits/query"
	a := w.post(audits, object{"interval": "2023-10-01T00:00:00Z/2023-11-01T00:00:00Z",
		"filters": []object{{"property": "ServiceName", "value": "RecordingService"}}})
	query := audits + "/" + a.text("id")
	w.get(query)
	w.clock.advance(w.Options().AuditDelay)
	w.get(query)
	w.get(query + "/results?pageSize=3")
	w.post(audits, object{})
}

func (w *world) tourErrors() {
	w.post(protection, strings.Repeat(" ", 600_000))
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+protection, strings.NewReader("x"))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.token)
	r.Header.Set("Content-Type", "text/plain")
	w.must(r)
	w.download(w.url + probe)
	for _, status := range []int{400, 403, 404, 408, 429, 500, 503, 504} {
		w.InjectFault(simulator.Fault{Status: status, Count: 1})
		w.get(probe)
	}
	for _, permission := range simulator.AllPermissions() {
		if err := w.SetPermission(simulator.DefaultClientID, permission, false); err != nil {
			w.t.Fatal(err)
		}
	}
	w.post(detailsJobs, object{"interval": firstDay})
	w.put(protection, object{})
	for range 400 {
		if w.get(probe).status == 429 {
			return
		}
	}
}
