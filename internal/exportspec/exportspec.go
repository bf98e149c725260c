// Package exportspec translates a RecordingExport's spec for packages that do not know
// Kubernetes: for slicing, inventories and the comparison of archives.
package exportspec

import (
	"cmp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// The defaults of the CRD, for objects that were made without an API server.
const (
	defaultWidth            = time.Hour
	defaultMaxConversations = 1000
	defaultSettleAfter      = 48 * time.Hour
	defaultOpenDeadline     = 720 * time.Hour
	defaultDeadline         = 24 * time.Hour
	defaultSurvey           = 2 * time.Hour
	defaultRetain           = 50
	defaultMinFree          = 1 << 30
)

// endless is the end of a window without an end: later than any date of Genesys Cloud.
var endless = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// IsContinuous tells whether the export's window has no end.
func IsContinuous(spec v1alpha1.RecordingExportSpec) bool { return spec.Window.End == nil }

// Slicing returns the spec for package slicing. An export that began without an end is
// sliced by days, even after it was given an end.
func Slicing(spec v1alpha1.RecordingExportSpec) slicing.Spec {
	end := endless
	if !IsContinuous(spec) {
		end = spec.Window.End.UTC()
	}
	return slicing.Spec{
		Start:            spec.Window.Start.UTC(),
		End:              end,
		Daily:            IsContinuous(spec),
		Width:            durationOr(spec.Slicing.Width, defaultWidth),
		MaxConversations: positiveOr(int(spec.Slicing.MaxConversations), defaultMaxConversations),
		Scope:            slicing.Scope(spec.LegalHold.Scope),
		Screen:           slices.Contains(spec.MediaTypes, v1alpha1.MediumScreen),
		Other:            slices.ContainsFunc(spec.MediaTypes, func(m v1alpha1.Medium) bool { return m != v1alpha1.MediumScreen }),
	}
}

// Policy returns the spec for inventories.
func Policy(spec v1alpha1.RecordingExportSpec) evidence.Policy {
	media := make([]genesys.Medium, len(spec.MediaTypes))
	for i, medium := range spec.MediaTypes {
		media[i] = genesys.Medium(medium)
	}
	return evidence.Policy{Slicing: Slicing(spec), Media: media, Restores: spec.Archived == v1alpha1.ArchivedRestore}
}

// Parallelism returns how many requests of one kind a lane may have in flight.
func Parallelism(spec v1alpha1.RecordingExportSpec, lane v1alpha1.Lane) int {
	switch lane {
	case v1alpha1.LaneLegalHold:
		return positiveOr(int(spec.Lanes.LegalHold.Parallelism), 2)
	case v1alpha1.LaneLegalHoldScreen:
		return positiveOr(int(spec.Lanes.LegalHoldScreen.Parallelism), 1)
	case v1alpha1.LaneIsolated:
		return positiveOr(int(spec.Lanes.Isolated.Parallelism), 1)
	default:
		return positiveOr(int(spec.Lanes.Standard.Parallelism), 4)
	}
}

// The weights by which lanes that wait share the budget of an OAuth client. Light
// work comes before locked media, and the survey keeps ahead of the batches.
const (
	weightStandard        = 4
	weightLegalHold       = 2
	weightLegalHoldScreen = 1
	weightSurvey          = 2
	weightSecondSource    = 1
)

// SurveyShare is the share of the budget for an export's survey.
func SurveyShare(export types.NamespacedName) genesys.Share {
	return genesys.Share{Export: export.String(), Lane: "Survey", Weight: weightSurvey}
}

// SecondSourceShare is the share of the budget for enumerating an organisation a second
// time: the smallest.
func SecondSourceShare(export types.NamespacedName) genesys.Share {
	return genesys.Share{Export: export.String(), Lane: "SecondSource", Weight: weightSecondSource}
}

// LaneShare is the share of the budget for a lane of an export.
func LaneShare(export types.NamespacedName, lane v1alpha1.Lane) genesys.Share {
	share := genesys.Share{Export: export.String(), Lane: string(lane)}
	switch lane {
	case v1alpha1.LaneLegalHold:
		share.Weight = weightLegalHold
	case v1alpha1.LaneLegalHoldScreen:
		share.Weight = weightLegalHoldScreen
	case v1alpha1.LaneIsolated:
		share.Spare = true
	default:
		share.Weight = weightStandard
	}
	return share
}

// SettleAfter returns how long after its end a part of the window is surveyed.
func SettleAfter(spec v1alpha1.RecordingExportSpec) time.Duration {
	return durationOr(spec.SettleAfter, defaultSettleAfter)
}

// OpenDeadline returns how long after its start the operator waits for a conversation to
// end.
func OpenDeadline(spec v1alpha1.RecordingExportSpec) time.Duration {
	return durationOr(spec.OpenDeadline, defaultOpenDeadline)
}

// RetryDeadline returns how long failures are retried.
func RetryDeadline(spec v1alpha1.RecordingExportSpec) time.Duration {
	return durationOr(spec.Retry.Deadline, defaultDeadline)
}

// SurveyDeadline returns how long an analytics job is polled.
func SurveyDeadline(spec v1alpha1.RecordingExportSpec) time.Duration {
	return durationOr(spec.Retry.SurveyDeadline, defaultSurvey)
}

// RetainBatches returns how many finished batches are kept.
func RetainBatches(spec v1alpha1.RecordingExportSpec) int {
	if spec.RetainBatches == nil {
		return defaultRetain
	}
	return int(*spec.RetainBatches)
}

// MinFree returns how many bytes transfers leave free at a destination: as its spec says,
// but at least the manager's minimum.
func MinFree(spec v1alpha1.ExportDestinationSpec, least int64) int64 {
	if spec.Directory == nil || spec.Directory.MinFree == nil {
		return max(defaultMinFree, least)
	}
	return max(spec.Directory.MinFree.Value(), least)
}

// ComparesRetention tells whether the account is compared with what the organisation
// retains.
func ComparesRetention(spec v1alpha1.RecordingExportSpec) bool {
	return spec.SecondSource == v1alpha1.SecondSourceRetention
}

// evidenceSpec is the part of a spec that decides which evidence is exported. It does not
// include what may change during an export, or where evidence is stored.
type evidenceSpec struct {
	MediaTypes   []v1alpha1.Medium                  `json:"mediaTypes"`
	HoldScope    v1alpha1.HoldScope                 `json:"holdScope"`
	Start        time.Time                          `json:"start"`
	End          time.Time                          `json:"end,omitzero"`
	Width        string                             `json:"width"`
	Most         int                                `json:"maxConversations"`
	SettleAfter  string                             `json:"settleAfter"`
	OpenDeadline string                             `json:"openDeadline"`
	Metadata     string                             `json:"metadata"`
	Archived     string                             `json:"archived"`
	SecondSource v1alpha1.SecondSource              `json:"secondSource"`
	Delivery     string                             `json:"delivery"`
	Attributes   map[string]v1alpha1.AttributeValue `json:"attributes,omitempty"`
	Scope        *evidence.ScopeTerms               `json:"scope,omitempty"`
	bulkDelivery
}

// bulkDelivery is where bulk jobs deliver. It is empty in every other mode, so that the spec of an
// export without bulk jobs has the digest that it had before there were any. The Secret with the
// access key is not part of it, nor is the style of URLs: neither changes which files are meant.
type bulkDelivery struct {
	IntegrationID string `json:"integrationId,omitempty"`
	Bucket        string `json:"bucket,omitempty"`
	Region        string `json:"region,omitempty"`
	Endpoint      string `json:"endpoint,omitempty"`
	Copy          bool   `json:"copy,omitempty"`
}

func newBulkDelivery(d *v1alpha1.BulkJobDelivery) bulkDelivery {
	if d == nil {
		return bulkDelivery{}
	}
	return bulkDelivery{
		IntegrationID: strings.ToLower(d.IntegrationID), Bucket: d.S3.Bucket, Region: d.S3.Region, Endpoint: d.S3.Endpoint, Copy: d.Copy,
	}
}

// EvidenceSpec returns the part of a spec that cannot change. Its JSON is the same
// whenever the spec asks for the same evidence.
func EvidenceSpec(spec v1alpha1.RecordingExportSpec) any { return newEvidenceSpec(spec) }

// EvidenceSpecWithoutEnd is EvidenceSpec before the window of the export was given an end.
func EvidenceSpecWithoutEnd(spec v1alpha1.RecordingExportSpec) any {
	t := newEvidenceSpec(spec)
	t.End = time.Time{}
	return t
}

// specFields are the fields of a spec that have another name in evidenceSpec.
var specFields = map[string]string{
	"holdScope": "legalHold.scope", "start": "window.start", "end": "window.end", "width": "slicing.width",
	"maxConversations": "slicing.maxConversations", "metadata": "metadata.detail", "delivery": "delivery.mode",
	"integrationId": "delivery.bulkJob.integrationId", "bucket": "delivery.bulkJob.s3.bucket", "region": "delivery.bulkJob.s3.region",
	"endpoint": "delivery.bulkJob.s3.endpoint", "copy": "delivery.bulkJob.copy",
}

// SpecFields returns the fields of a spec for names in the JSON of evidenceSpec.
func SpecFields(names []string) []string {
	fields := make([]string, len(names))
	for i, name := range names {
		fields[i] = cmp.Or(specFields[name], name)
	}
	return fields
}

func newEvidenceSpec(spec v1alpha1.RecordingExportSpec) evidenceSpec {
	cut := Slicing(spec)
	if IsContinuous(spec) {
		cut.End = time.Time{}
	}
	return evidenceSpec{
		MediaTypes: slices.Sorted(slices.Values(spec.MediaTypes)), HoldScope: spec.LegalHold.Scope,
		Start: cut.Start, End: cut.End, Width: cut.Width.String(), Most: cut.MaxConversations,
		SettleAfter: SettleAfter(spec).String(), OpenDeadline: OpenDeadline(spec).String(),
		Metadata: spec.Metadata.Detail, Archived: spec.Archived, SecondSource: spec.SecondSource,
		Delivery: spec.Delivery.Mode, Attributes: spec.Attributes, Scope: ScopeTerms(spec),
		bulkDelivery: newBulkDelivery(spec.Delivery.BulkJob),
	}
}

func durationOr(d *metav1.Duration, otherwise time.Duration) time.Duration {
	if d == nil {
		return otherwise
	}
	return d.Duration
}

func positiveOr(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return n
}
