package client

// The operations whose 404 may be generic, see genericAbsence.
const (
	opSurveyState = "read survey state"
	opSurveyPage  = "read survey page"
	opEndSurvey   = "end survey"
	opOrphans     = "list orphaned recordings"
	opLookUp      = "look up conversations"

	opBulkJob          = "read bulk job"
	opBulkJobs         = "list bulk jobs"
	opExecuteBulkJob   = "execute bulk job"
	opCancelBulkJob    = "cancel bulk job"
	opFailedRecordings = "list failed recordings of bulk job"
	opIntegrations     = "list integrations"
)

// absences are the codes by which Genesys Cloud says for certain that something
// does not exist, with the routes whose 404 the Platform API documents with that
// code (x-inin-error-codes in the swagger of SDK v133). docs/genesys-errors.md
// lists them for users.
var absences = map[string][]string{
	"conversation.not.found": {
		"GET /api/v2/conversations/{conversationId}/recordingmetadata",
		"GET /api/v2/conversations/{conversationId}/recordings",
	},
	"recording.recording.not.found":    {"GET /api/v2/conversations/{conversationId}/recordingmetadata/{recordingId}"},
	"recording.conversation.not.found": {"POST /api/v2/recordings/deletionprotection"},
	"recording.not.archivable":         {"PUT /api/v2/conversations/{conversationId}/recordings/{recordingId}"},
	"batch.download.job.not.found":     {"GET /api/v2/recording/batchrequests/{jobId}"},
}

// genericAbsence is the code that the Platform API documents for the 404 of every
// route: it may be about the route as well as about what was requested.
const genericAbsence = "not.found"

// genericRoutes are the routes on which even genericAbsence is final. Those of an
// analytics job document no other code for a job that is gone, and taking it for gone
// costs no more than another job. The listing of orphaned recordings names nothing that
// could be gone but the route itself, and a seal says if they were not listed. A bulk job's
// routes document no other code either; what a gone job did not export is downloaded. What
// cannot be looked up is searched by a survey.
var genericRoutes = map[string]string{
	opSurveyState: "GET /api/v2/analytics/conversations/details/jobs/{jobId}",
	opSurveyPage:  "GET /api/v2/analytics/conversations/details/jobs/{jobId}/results",
	opEndSurvey:   "DELETE /api/v2/analytics/conversations/details/jobs/{jobId}",
	opOrphans:     "GET /api/v2/orphanrecordings",
	opLookUp:      "GET /api/v2/analytics/conversations/details",

	opBulkJob:          "GET /api/v2/recording/jobs/{jobId}",
	opExecuteBulkJob:   "PUT /api/v2/recording/jobs/{jobId}",
	opCancelBulkJob:    "DELETE /api/v2/recording/jobs/{jobId}",
	opFailedRecordings: "GET /api/v2/recording/jobs/{jobId}/failedrecordings",
}

// absent reports whether a 404 with this code says that what an operation asked
// for does not exist.
func absent(op, code string) bool {
	if code == genericAbsence {
		return genericRoutes[op] != ""
	}
	return len(absences[code]) > 0
}
