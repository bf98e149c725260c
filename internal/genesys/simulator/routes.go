package simulator

import "net/http"

// The routes, by the names that the journal and faults use: the method and the
// path as the Platform API documents it.
const (
	RouteLogin           = "POST /oauth/token"
	RouteTokenSelf       = "GET /api/v2/tokens/me"
	RouteOrganization    = "GET /api/v2/organizations/me"
	RouteUserSelf        = "GET /api/v2/users/me"
	RouteLimits          = "GET /api/v2/organizations/limits/namespaces/{namespaceName}"
	RouteDetailsQuery    = "POST /api/v2/analytics/conversations/details/query"
	RouteDetails         = "GET /api/v2/analytics/conversations/details"
	RouteDetailsSubmit   = "POST /api/v2/analytics/conversations/details/jobs"
	RouteAvailability    = "GET /api/v2/analytics/conversations/details/jobs/availability"
	RouteDetailsJob      = "GET /api/v2/analytics/conversations/details/jobs/{jobId}"
	RouteDetailsResults  = "GET /api/v2/analytics/conversations/details/jobs/{jobId}/results"
	RouteDetailsDelete   = "DELETE /api/v2/analytics/conversations/details/jobs/{jobId}"
	RouteProtectionQuery = "POST /api/v2/recordings/deletionprotection"
	RouteProtect         = "PUT /api/v2/recordings/deletionprotection"
	RouteMetadata        = "GET /api/v2/conversations/{conversationId}/recordingmetadata"
	RouteMetadataOne     = "GET /api/v2/conversations/{conversationId}/recordingmetadata/{recordingId}"
	RouteRecordings      = "GET /api/v2/conversations/{conversationId}/recordings"
	RouteRecording       = "GET /api/v2/conversations/{conversationId}/recordings/{recordingId}"
	RouteRestore         = "PUT /api/v2/conversations/{conversationId}/recordings/{recordingId}"
	RouteBatchSubmit     = "POST /api/v2/recording/batchrequests"
	RouteBatch           = "GET /api/v2/recording/batchrequests/{jobId}"
	RouteDownload        = "GET /media/{conversationId}/{recordingId}/{file}"
	RouteJobSubmit       = "POST /api/v2/recording/jobs"
	RouteJobs            = "GET /api/v2/recording/jobs"
	RouteJob             = "GET /api/v2/recording/jobs/{jobId}"
	RouteJobExecute      = "PUT /api/v2/recording/jobs/{jobId}"
	RouteJobCancel       = "DELETE /api/v2/recording/jobs/{jobId}"
	RouteFailed          = "GET /api/v2/recording/jobs/{jobId}/failedrecordings"
	RouteRetention       = "GET /api/v2/recordings/retention/query"
	RouteOrphans         = "GET /api/v2/orphanrecordings"
	RouteAuditSubmit     = "POST /api/v2/quality/conversations/audits/query"
	RouteAudit           = "GET /api/v2/quality/conversations/audits/query/{transactionId}"
	RouteAuditResults    = "GET /api/v2/quality/conversations/audits/query/{transactionId}/results"
	RouteIntegrations    = "GET /api/v2/integrations"
	// RouteUnknown stands for every other request to the API.
	RouteUnknown = "/api/v2/"
)

// route is one route: what it asks of the client, how quick it is, and what it
// answers once the client is let in.
type route struct {
	pattern string
	pace    pace
	demand  demand
	answer  func(*Simulator, *call) reply
}

// apiRoutes are the routes that take a token and count against the rate limit.
// The permissions are those that the Platform API documents.
func apiRoutes() []route {
	var (
		nothing   = demand{}
		details   = anyOf(permAnalytics, permAgentAnalytics)
		recording = anyOf(permRecording, permSegment)
		protect   = anyOf(permApplyProtection, permRevokeProtection)
		execute   = all(permJobEdit, permEditRetention, permEditScreen)
	)
	return []route{
		{RouteTokenSelf, paceOther, nothing, (*Simulator).tokenSelf},
		{RouteOrganization, paceOther, nothing, (*Simulator).organization},
		{RouteUserSelf, paceOther, nothing, (*Simulator).userSelf},
		{RouteLimits, paceOther, nothing, (*Simulator).limits},
		{RouteDetailsQuery, paceAnalytics, details, (*Simulator).detailsQuery},
		{RouteDetails, paceAnalytics, details, (*Simulator).details},
		{RouteDetailsSubmit, paceAnalytics, details, (*Simulator).submitDetails},
		{RouteAvailability, paceAnalytics, all(permAnalytics), (*Simulator).availability},
		{RouteDetailsJob, paceAnalytics, details, (*Simulator).detailsJob},
		{RouteDetailsResults, paceAnalytics, details, (*Simulator).detailsResults},
		{RouteDetailsDelete, paceAnalytics, details, (*Simulator).deleteDetails},
		{RouteProtectionQuery, paceProtection, nothing, (*Simulator).protectionQuery},
		{RouteProtect, paceProtection, protect, (*Simulator).protect},
		{RouteMetadata, paceMetadata, recording, (*Simulator).metadata},
		{RouteMetadataOne, paceMetadata, recording, (*Simulator).metadataOne},
		{RouteRecordings, paceMetadata, recording, (*Simulator).recordings},
		{RouteRecording, paceMetadata, recording, (*Simulator).answerRecording},
		{RouteRestore, paceMetadata, all(permRecording, permEditRetention), (*Simulator).updateRetention},
		{RouteBatchSubmit, paceBatch, recording, (*Simulator).submitBatch},
		{RouteBatch, paceBatch, nothing, (*Simulator).batchStatus},
		{RouteJobSubmit, paceOther, all(permJobAdd), (*Simulator).submitJob},
		{RouteJobs, paceOther, all(permJobView), (*Simulator).listJobs},
		{RouteJob, paceOther, all(permJobView), (*Simulator).job},
		{RouteJobExecute, paceOther, execute, (*Simulator).executeJob},
		{RouteJobCancel, paceOther, all(permJobDelete), (*Simulator).cancelJob},
		{RouteFailed, paceOther, all(permJobView), (*Simulator).failedRecordings},
		{RouteRetention, paceOther, all(permRecording), (*Simulator).retention},
		{RouteOrphans, paceOther, all(permOrphans), (*Simulator).listOrphans},
		{RouteAuditSubmit, paceOther, all(permAudit), (*Simulator).submitAudit},
		{RouteAudit, paceOther, all(permAudit), (*Simulator).audit},
		{RouteAuditResults, paceOther, all(permAudit), (*Simulator).auditResults},
		{RouteIntegrations, paceOther, all(permIntegration), (*Simulator).listIntegrations},
		{RouteUnknown, paceOther, nothing, (*Simulator).unknown},
	}
}

// routes registers everything that the simulator answers.
func (s *Simulator) routes() {
	for _, rt := range apiRoutes() {
		s.register(rt, (*Simulator).authorize)
	}
	s.register(route{pattern: RouteLogin, pace: paceLogin, answer: (*Simulator).login}, (*Simulator).anyone)
	s.register(route{pattern: RouteDownload, pace: paceMedia, answer: (*Simulator).download}, (*Simulator).anyone)
	s.adminRoutes()
}

// patterns are those of all routes that the journal and faults know.
func patterns() []string {
	names := []string{RouteLogin, RouteDownload}
	for _, rt := range apiRoutes() {
		names = append(names, rt.pattern)
	}
	return names
}

// register lets requests of a route through its gate, which may refuse them, to
// its answer.
func (s *Simulator) register(rt route, gate func(*Simulator, *call) *reply) {
	s.mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) {
		c := s.beginCall(&rt, r)
		answer := s.answer(c, gate)
		s.journal.end(c, answer)
		answer.send(w)
	})
}

// anyone refuses nobody: login and downloads carry their own proof.
func (s *Simulator) anyone(*call) *reply { return nil }

func (s *Simulator) unknown(*call) reply {
	return fail(http.StatusNotFound, "not.found", "The requested resource was not found.")
}
