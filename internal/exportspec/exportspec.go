// Package exportspec reads a RecordingExport's spec for those who do not know
// Kubernetes: as slices are cut, inventories taken and archives told apart.
package exportspec

import (
	"cmp"
	"slices"
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
	defaultWidth        = time.Hour
	defaultMost         = 1000
	defaultSettleAfter  = 48 * time.Hour
	defaultOpenDeadline = 720 * time.Hour
	defaultDeadline     = 24 * time.Hour
	defaultSurvey       = 2 * time.Hour
	defaultRetain       = 50
	defaultMinFree      = 1 << 30
)

// endless is the end of a window that has none: further than any date of Genesys Cloud.
var endless = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Follows tells whether the export's window has no end.
func Follows(spec v1alpha1.RecordingExportSpec) bool { return spec.Window.End == nil }

// Slicing returns what slicing must know. An export that began without an end is
// to be cut by days, also once it has one.
func Slicing(spec v1alpha1.RecordingExportSpec) slicing.Spec {
	end := endless
	if !Follows(spec) {
		end = spec.Window.End.UTC()
	}
	return slicing.Spec{
		Start:            spec.Window.Start.UTC(),
		End:              end,
		Daily:            Follows(spec),
		Width:            or(spec.Slicing.Width, defaultWidth),
		MaxConversations: positive(int(spec.Slicing.MaxConversations), defaultMost),
		Scope:            slicing.Scope(spec.LegalHold.Scope),
		Screen:           slices.Contains(spec.MediaTypes, v1alpha1.MediumScreen),
		Other:            slices.ContainsFunc(spec.MediaTypes, func(m v1alpha1.Medium) bool { return m != v1alpha1.MediumScreen }),
	}
}

// Policy returns what an inventory must know.
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
		return positive(int(spec.Lanes.LegalHold.Parallelism), 2)
	case v1alpha1.LaneLegalHoldScreen:
		return positive(int(spec.Lanes.LegalHoldScreen.Parallelism), 1)
	case v1alpha1.LaneIsolated:
		return positive(int(spec.Lanes.Isolated.Parallelism), 1)
	default:
		return positive(int(spec.Lanes.Standard.Parallelism), 4)
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

// SurveyShare says for whom the requests of an export's survey are made.
func SurveyShare(export types.NamespacedName) genesys.Share {
	return genesys.Share{Export: export.String(), Lane: "Survey", Weight: weightSurvey}
}

// SecondSourceShare says for whom an organisation is enumerated a second time: it
// gives way to everything else.
func SecondSourceShare(export types.NamespacedName) genesys.Share {
	return genesys.Share{Export: export.String(), Lane: "SecondSource", Weight: weightSecondSource}
}

// LaneShare says for whom the requests of an export's lane are made.
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

// SettleAfter returns how long a part of the window is left alone after its end.
func SettleAfter(spec v1alpha1.RecordingExportSpec) time.Duration {
	return or(spec.SettleAfter, defaultSettleAfter)
}

// OpenDeadline returns how long after its start an unfinished conversation is waited for.
func OpenDeadline(spec v1alpha1.RecordingExportSpec) time.Duration {
	return or(spec.OpenDeadline, defaultOpenDeadline)
}

// RetryDeadline returns how long something that fails is retried.
func RetryDeadline(spec v1alpha1.RecordingExportSpec) time.Duration {
	return or(spec.Retry.Deadline, defaultDeadline)
}

// SurveyDeadline returns how long an analytics job is polled.
func SurveyDeadline(spec v1alpha1.RecordingExportSpec) time.Duration {
	return or(spec.Retry.SurveyDeadline, defaultSurvey)
}

// RetainBatches returns how many finished batches are kept.
func RetainBatches(spec v1alpha1.RecordingExportSpec) int {
	if spec.RetainBatches == nil {
		return defaultRetain
	}
	return int(*spec.RetainBatches)
}

// MinFree returns how many bytes transfers leave free at a destination: what its
// spec says, and no less than floor, which is the manager's.
func MinFree(spec v1alpha1.ExportDestinationSpec, floor int64) int64 {
	if spec.Directory == nil || spec.Directory.MinFree == nil {
		return max(defaultMinFree, floor)
	}
	return max(spec.Directory.MinFree.Value(), floor)
}

// ComparesRetention tells whether the account is compared with what the
// organisation retains.
func ComparesRetention(spec v1alpha1.RecordingExportSpec) bool {
	return spec.SecondSource == v1alpha1.SecondSourceRetention
}

// terms are the part of a spec that decides what evidence comes of it. What may
// change in an export's life is not among them, nor is where it is stored.
type terms struct {
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
}

// Terms returns the part of a spec that cannot change, in a form whose JSON is
// the same whenever the spec asks for the same.
func Terms(spec v1alpha1.RecordingExportSpec) any { return termsOf(spec) }

// EndlessTerms returns the same of the export before its window had an end.
func EndlessTerms(spec v1alpha1.RecordingExportSpec) any {
	t := termsOf(spec)
	t.End = time.Time{}
	return t
}

// fields are the fields of a spec whose terms have another name.
var fields = map[string]string{
	"holdScope": "legalHold.scope", "start": "window.start", "end": "window.end", "width": "slicing.width",
	"maxConversations": "slicing.maxConversations", "metadata": "metadata.detail", "delivery": "delivery.mode",
}

// Fields names the fields of a spec that terms, by their names in JSON, come from.
func Fields(terms []string) []string {
	names := make([]string, len(terms))
	for i, term := range terms {
		names[i] = cmp.Or(fields[term], term)
	}
	return names
}

func termsOf(spec v1alpha1.RecordingExportSpec) terms {
	cut := Slicing(spec)
	if Follows(spec) {
		cut.End = time.Time{}
	}
	return terms{
		MediaTypes: slices.Sorted(slices.Values(spec.MediaTypes)), HoldScope: spec.LegalHold.Scope,
		Start: cut.Start, End: cut.End, Width: cut.Width.String(), Most: cut.MaxConversations,
		SettleAfter: SettleAfter(spec).String(), OpenDeadline: OpenDeadline(spec).String(),
		Metadata: spec.Metadata.Detail, Archived: spec.Archived, SecondSource: spec.SecondSource,
		Delivery: spec.Delivery.Mode, Attributes: spec.Attributes,
	}
}

func or(d *metav1.Duration, otherwise time.Duration) time.Duration {
	if d == nil {
		return otherwise
	}
	return d.Duration
}

func positive(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return n
}
