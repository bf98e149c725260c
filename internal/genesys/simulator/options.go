package simulator

import "time"

// The OAuth client that exists unless Options.Clients names others.
const (
	DefaultClientID     = "4f1c7a52-7d0e-4b67-9b0e-2c5d1f0a8e31"
	DefaultClientSecret = "simulator-secret"
)

// The organisation that exists unless Options names another.
const (
	DefaultOrganizationID   = "c0ffee00-5eed-4abc-8def-0123456789ab"
	DefaultOrganizationName = "Simulated Organization"
)

// Options describe an organisation at Genesys Cloud and how its API behaves.
//
// Take [Defaults] and change what matters. In a literal, a field whose zero
// would make no sense takes its default (each says so); all others mean their
// zero: no holds, no latency, no delay.
type Options struct {
	// Seed chooses the data set. Any value is good.
	Seed uint64
	// Region is the AWS region that the organisation pretends to be in; it only
	// decides what QuirkByRegion means. Zero: eu-west-1.
	Region string
	// OrganizationID and OrganizationName are what organizations/me answers.
	// Zero: DefaultOrganizationID and DefaultOrganizationName.
	OrganizationID   string
	OrganizationName string
	// Clients are the OAuth clients that may log in. Zero: DefaultClientID with
	// DefaultClientSecret and every permission.
	Clients []Client

	// Start is the first midnight (UTC) of the data; a later time of day is cut
	// off. Zero: 2023-10-01.
	Start time.Time
	// Days is the number of days with data. Zero: 1. At most 3660.
	Days int
	// Conversations start on each day. Zero: 600. At most 1,000,000. From 50 on,
	// each day contains the edge cases that an export must survive.
	Conversations int
	// HeldShare of the conversations, 0 to 1, is under deletion protection,
	// Genesys Cloud's legal hold.
	HeldShare float64
	// ScreenShare of the conversations, 0 to 1, has screen recordings: of those
	// under hold, and of the others.
	ScreenShare float64
	// Media weighs the media of conversations. Zero: mostly calls.
	Media MediaWeights
	// Edges adds what a healthy organisation has few of. Zero: nothing.
	Edges Edges

	// RequestsPerMinute is the rate limit, at least 1. Zero: 300, Genesys Cloud's
	// own for a client-credentials token.
	RequestsPerMinute int
	// RateScope says whose requests count together. Zero: each token's.
	RateScope RateScope
	// TokenTTL is how long a login lasts. Zero: 24 h, Genesys Cloud's default.
	TokenTTL time.Duration
	// ResultURLTTL is how long the address of a recording's media can be used.
	// Zero: 60 min, Genesys Cloud's default; there it can be as short as 2 min.
	ResultURLTTL time.Duration
	// Limits bound queries. Zero fields take their defaults.
	Limits Limits

	// Latency is how long answers take.
	Latency Latency
	// AnalyticsDelay is how long an analytics job runs before it is FULFILLED.
	AnalyticsDelay time.Duration
	// BatchDelay is how long a batch request takes to give its last result.
	BatchDelay time.Duration
	// JobDelay is how long each half of a bulk job takes: from its creation to
	// READY, and from its execution to FULFILLED.
	JobDelay time.Duration
	// JobListLag is how long a new bulk job is missing in the list of jobs.
	JobListLag time.Duration
	// ExportDelay is how long a recording takes to reach S3 once its export date
	// has come.
	ExportDelay time.Duration
	// TranscodeDelay is how long conversations/{id}/recordings answers 202.
	TranscodeDelay time.Duration
	// RestoreDelay is how long a recording takes to return from the archive.
	RestoreDelay time.Duration
	// UploadDelay is how long after the simulator's start the files of recordings
	// arrive that Edges.FileStates puts into UPLOADING. Zero: never.
	UploadDelay time.Duration
	// AuditDelay is how long an audit query runs.
	AuditDelay time.Duration
	// SettleLag is how far analytics lags behind the clock: conversations that
	// started, and ends that happened, later than that are not known to it.
	SettleLag time.Duration
	// RecordingLag is how long after its conversation's end a recording is listed
	// at all. Genesys Cloud may take up to 48 h.
	RecordingLag time.Duration

	// HeldScreenTimeouts reproduces a known failure: metadata of screen
	// recordings under hold times out when asked for too many at once, and bulk
	// jobs that mix them with others fail. Zero: on in eu-west-1.
	HeldScreenTimeouts Quirk
	// OnlyScreenJobs tells whether a bulk job may give a date to screen recordings alone. QuirkOff
	// refuses it with 501, as an organisation without the feature does. Zero: it may.
	OnlyScreenJobs Quirk
	// ExportDir is where bulk jobs export to, a directory in the place of the S3
	// bucket, laid out like it. Zero: recordings are marked as exported, no file
	// is written.
	ExportDir string
	// ExportBucket is the S3 bucket that bulk jobs export to, instead of ExportDir. Objects
	// that are due are written when a request comes, which waits for them, or by Tick.
	ExportBucket Bucket
	// Now is the clock. Zero: time.Now. Latency is always real time (or, in a
	// testing/synctest bubble, the bubble's).
	Now func() time.Time
}

// MediaWeights weigh the media of conversations against each other: 7, 1, 1, 1
// and 0.7, 0.1, 0.1, 0.1 mean the same. None is negative. Screens come on top,
// by Options.ScreenShare.
type MediaWeights struct {
	Call, Chat, Email, Message float64
}

// Edges counts what a data set contains besides exportable recordings of finished
// conversations. All of it belongs to the first day.
type Edges struct {
	// Open is the number of conversations that stay open until EndConversation ends
	// them. Their recordings show only then.
	Open int
	// FileStates is the number of recordings in each state but AVAILABLE, by
	// Genesys Cloud's own names: ARCHIVED, DELETED, RESTORED, RESTORING,
	// UPLOADING, ERROR.
	FileStates map[FileState]int
	// Sensitive is the number of recordings with PCI or PII data, which batch
	// requests and bulk jobs leave out for clients without the permission
	// recording:recording:viewSensitiveData.
	Sensitive int
	// Orphans is the number of recordings that belong to no conversation.
	Orphans int
	// HostileIDs adds a conversation and a recording whose ids are not UUIDs but
	// try to climb out of a directory.
	HostileIDs bool
}

// RateScope says whose requests count together against RequestsPerMinute.
type RateScope int

// Genesys Cloud's users report both.
const (
	// PerToken gives each login a budget of its own.
	PerToken RateScope = iota
	// PerClient gives all logins of an OAuth client one budget.
	PerClient
)

// Quirk reports whether a misbehaviour of Genesys Cloud is reproduced.
type Quirk int

// A quirk is on or off, or on where it was seen.
const (
	QuirkByRegion Quirk = iota
	QuirkOn
	QuirkOff
)

// Limits bound queries. Genesys Cloud documents few of them; the others are
// unverified and therefore options.
type Limits struct {
	// SyncInterval is the longest interval of a details query. Default: 7 days.
	SyncInterval time.Duration
	// SyncPageSize is the largest page of a details query. Default: 100.
	SyncPageSize int
	// SyncResults is how far a details query can be paged. Default: 100,000.
	SyncResults int
	// AsyncInterval is the longest interval of a details job. Default: 31 days.
	AsyncInterval time.Duration
	// AsyncPageSize is the largest page of a details job's results; more is cut
	// to it. Default: 1,000.
	AsyncPageSize int
	// RefuseLargePages has a larger page of a details job's results refused with 400
	// instead.
	RefuseLargePages bool
	// OrphanPageSize is the largest page of orphaned recordings. Default: 100.
	OrphanPageSize int
	// RetentionPageSize is the largest page of the retention query, which refuses
	// more. Default: 500, Genesys Cloud's own.
	RetentionPageSize int
	// AnalyticsTTL is how long the results of a details job are kept. Default: 24 h.
	AnalyticsTTL time.Duration
	// Protected is how many conversations can be under hold before another cannot
	// be. Default: 1,000.
	Protected int
	// ThirdJobStatus is the status with which a third bulk job is refused: 400 or 429. Default:
	// 400. Genesys Cloud does not document it.
	ThirdJobStatus int
	// Restorations is how many recordings the organisation may have restored from
	// the archive. Default: 100.
	Restorations int
}
