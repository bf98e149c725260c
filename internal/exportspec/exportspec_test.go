package exportspec

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

func sample() v1alpha1.RecordingExportSpec {
	start := time.Date(2023, 10, 1, 2, 0, 0, 0, time.FixedZone("", 7200))
	return v1alpha1.RecordingExportSpec{
		MediaTypes: []v1alpha1.Medium{v1alpha1.MediumScreen, v1alpha1.MediumCall},
		LegalHold:  v1alpha1.LegalHold{Scope: v1alpha1.HoldInclude},
		Window:     v1alpha1.ExportWindow{Start: metav1.NewTime(start), End: &metav1.Time{Time: start.Add(24 * time.Hour)}},
		Slicing:    v1alpha1.Slicing{Width: &metav1.Duration{Duration: 30 * time.Minute}, MaxConversations: 7},
	}
}

func TestPolicy(t *testing.T) {
	got := Policy(sample())
	start := time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)
	want := slicing.Spec{
		Start: start, End: start.Add(24 * time.Hour), Width: 30 * time.Minute, MaxConversations: 7,
		Scope: slicing.Include, Screen: true, Other: true,
	}
	if diff := cmp.Diff(want, got.Slicing); diff != "" {
		t.Errorf("slicing (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]genesys.Medium{genesys.Screen, genesys.Call}, got.Media); diff != "" {
		t.Errorf("media (-want +got):\n%s", diff)
	}
}

func TestWhatIsNotSetHasADefault(t *testing.T) {
	var spec v1alpha1.RecordingExportSpec
	got := []any{
		Slicing(spec).Width, Slicing(spec).MaxConversations, SettleAfter(spec), OpenDeadline(spec), RetryDeadline(spec), RetainBatches(spec),
		Parallelism(spec, v1alpha1.LaneStandard), Parallelism(spec, v1alpha1.LaneLegalHold), Parallelism(spec, v1alpha1.LaneLegalHoldScreen),
	}
	want := []any{time.Hour, 1000, 48 * time.Hour, 720 * time.Hour, 24 * time.Hour, 50, 4, 2, 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	spec.SettleAfter, spec.RetainBatches = &metav1.Duration{}, ptr.To[int32](0)
	if SettleAfter(spec) != 0 || RetainBatches(spec) != 0 {
		t.Error("zero is taken for not set")
	}
}

// TestTermsAreThoseThatCannotChange: what may change leaves them as they are,
// another order of media types and another zone do too, anything else does not.
func TestTermsAreThoseThatCannotChange(t *testing.T) {
	digest := func(change func(*v1alpha1.RecordingExportSpec)) string {
		spec := sample()
		change(&spec)
		text, err := json.Marshal(EvidenceSpec(spec))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	want := digest(func(*v1alpha1.RecordingExportSpec) {})
	same := map[string]func(*v1alpha1.RecordingExportSpec){
		"suspend": func(s *v1alpha1.RecordingExportSpec) { s.Suspend = true },
		"lanes":   func(s *v1alpha1.RecordingExportSpec) { s.Lanes.Standard.Parallelism = 9 },
		"retry":   func(s *v1alpha1.RecordingExportSpec) { s.Retry.Deadline = &metav1.Duration{Duration: 1} },
		"retain":  func(s *v1alpha1.RecordingExportSpec) { s.RetainBatches = ptr.To[int32](1) },
		"media order": func(s *v1alpha1.RecordingExportSpec) {
			s.MediaTypes[0], s.MediaTypes[1] = s.MediaTypes[1], s.MediaTypes[0]
		},
		"zone": func(s *v1alpha1.RecordingExportSpec) { s.Window.Start = metav1.NewTime(s.Window.Start.UTC()) },
	}
	for name, change := range same {
		if got := digest(change); got != want {
			t.Errorf("%s changes the terms: %s", name, got)
		}
	}
	other := map[string]func(*v1alpha1.RecordingExportSpec){
		"media":     func(s *v1alpha1.RecordingExportSpec) { s.MediaTypes = s.MediaTypes[:1] },
		"scope":     func(s *v1alpha1.RecordingExportSpec) { s.LegalHold.Scope = v1alpha1.HoldOnly },
		"window":    func(s *v1alpha1.RecordingExportSpec) { s.Window.End = &metav1.Time{Time: s.Window.End.Add(1)} },
		"width":     func(s *v1alpha1.RecordingExportSpec) { s.Slicing.Width.Duration++ },
		"bulk jobs": func(s *v1alpha1.RecordingExportSpec) { s.Delivery = bulkSample() },
		"attributes": func(s *v1alpha1.RecordingExportSpec) {
			s.Attributes = map[string]v1alpha1.AttributeValue{"caseId": "1"}
		},
	}
	for name, change := range other {
		if digest(change) == want {
			t.Errorf("%s does not change the terms", name)
		}
	}
}

// bulkSample is a delivery by bulk jobs in which everything is set.
func bulkSample() v1alpha1.Delivery {
	return v1alpha1.Delivery{Mode: v1alpha1.DeliveryBulkJob, BulkJob: &v1alpha1.BulkJobDelivery{
		IntegrationID: "5d1c9a0e-3b7f-4c57-8d0e-0c1b2a394857", Copy: true,
		S3: v1alpha1.BulkJobBucket{Bucket: "recordings", Region: "eu-central-1", Endpoint: "https://s3", PathStyle: true, SecretRef: v1alpha1.LocalReference{Name: "s3"}},
	}}
}

// TestBulkDeliveryIsPartOfTheTerms: an archive whose recordings came through another integration, or
// are in another bucket, is another archive. With which access key the bucket is read does not matter.
func TestBulkDeliveryIsPartOfTheTerms(t *testing.T) {
	terms := func(change func(*v1alpha1.BulkJobDelivery)) string {
		spec := sample()
		spec.Delivery = bulkSample()
		change(spec.Delivery.BulkJob)
		text, err := json.Marshal(EvidenceSpec(spec))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	want := terms(func(*v1alpha1.BulkJobDelivery) {})
	for name, change := range map[string]func(*v1alpha1.BulkJobDelivery){
		"integrationId": func(d *v1alpha1.BulkJobDelivery) { d.IntegrationID = "6" + d.IntegrationID[1:] },
		"bucket":        func(d *v1alpha1.BulkJobDelivery) { d.S3.Bucket += "-2" },
		"region":        func(d *v1alpha1.BulkJobDelivery) { d.S3.Region = "eu-west-1" },
		"endpoint":      func(d *v1alpha1.BulkJobDelivery) { d.S3.Endpoint = "" },
		"copy":          func(d *v1alpha1.BulkJobDelivery) { d.Copy = false },
	} {
		if terms(change) == want {
			t.Errorf("%s does not change the terms", name)
		}
	}
	for name, change := range map[string]func(*v1alpha1.BulkJobDelivery){
		"secretRef":      func(d *v1alpha1.BulkJobDelivery) { d.S3.SecretRef.Name = "another" },
		"pathStyle":      func(d *v1alpha1.BulkJobDelivery) { d.S3.PathStyle = false },
		"case of the id": func(d *v1alpha1.BulkJobDelivery) { d.IntegrationID = strings.ToUpper(d.IntegrationID) },
	} {
		if got := terms(change); got != want {
			t.Errorf("%s changes the terms: %s", name, got)
		}
	}
}

// TestMinFree: the manager's minimum counts where a destination allows less.
func TestMinFree(t *testing.T) {
	small, large := resource.MustParse("1Mi"), resource.MustParse("10Gi")
	for _, tt := range []struct {
		spec  *v1alpha1.DirectoryDestination
		least int64
		want  int64
	}{
		{nil, 0, 1 << 30},
		{&v1alpha1.DirectoryDestination{}, 2 << 30, 2 << 30},
		{&v1alpha1.DirectoryDestination{MinFree: &small}, 0, 1 << 20},
		{&v1alpha1.DirectoryDestination{MinFree: &small}, 256 << 20, 256 << 20},
		{&v1alpha1.DirectoryDestination{MinFree: &large}, 256 << 20, 10 << 30},
	} {
		if got := MinFree(v1alpha1.ExportDestinationSpec{Directory: tt.spec}, tt.least); got != tt.want {
			t.Errorf("%v, at least %d: %d, want %d", tt.spec, tt.least, got, tt.want)
		}
	}
}

// TestShares: lanes weigh what the design says, and exports are told apart by
// their namespace too.
func TestShares(t *testing.T) {
	export := types.NamespacedName{Namespace: "legal", Name: "case-1"}
	want := []genesys.Share{
		{Export: "legal/case-1", Lane: "Standard", Weight: 4},
		{Export: "legal/case-1", Lane: "LegalHold", Weight: 2},
		{Export: "legal/case-1", Lane: "LegalHoldScreen", Weight: 1},
		{Export: "legal/case-1", Lane: "Survey", Weight: 2},
	}
	got := []genesys.Share{
		LaneShare(export, v1alpha1.LaneStandard), LaneShare(export, v1alpha1.LaneLegalHold),
		LaneShare(export, v1alpha1.LaneLegalHoldScreen), SurveyShare(export),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestFieldsOfTerms: every term is named after a field of the spec.
func TestFieldsOfTerms(t *testing.T) {
	spec := v1alpha1.RecordingExportSpec{
		Window: v1alpha1.ExportWindow{End: &metav1.Time{Time: time.Unix(1, 0)}}, Attributes: map[string]v1alpha1.AttributeValue{"a": "b"},
		Delivery: bulkSample(),
	}
	body, err := json.Marshal(EvidenceSpec(spec))
	if err != nil {
		t.Fatal(err)
	}
	var terms map[string]any
	if err := json.Unmarshal(body, &terms); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"archived", "attributes", "delivery.bulkJob.copy", "delivery.bulkJob.integrationId", "delivery.bulkJob.s3.bucket",
		"delivery.bulkJob.s3.endpoint", "delivery.bulkJob.s3.region", "delivery.mode", "legalHold.scope", "mediaTypes", "metadata.detail", "openDeadline", "secondSource",
		"settleAfter", "slicing.maxConversations", "slicing.width", "window.end", "window.start",
	}
	got := SpecFields(slices.Collect(maps.Keys(terms)))
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
