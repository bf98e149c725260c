package metrics

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
	"github.com/gcexport/recording-export-operator/internal/receiver"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/usage"
)

// sample is a collector with something of everything.
func sample() *Collector {
	return NewCollector(Sources{
		Budgets: func() []budget.ClientStats {
			return []budget.ClientStats{{Client: budget.Client{Endpoint: "https://api.mypurecloud.ie", OrganizationID: "o-1", ClientID: "id\xff"}, Stats: budget.Stats{
				Granted: 120, Throttled: 2, Waited: 1500 * time.Millisecond, Waiting: 7, UnderWay: 3, Allowed: 300, Remaining: 180, Stopped: true,
			}}}
		},
		Gates: func() []transfer.GateStats {
			gate := transfer.Gate{Namespace: "legal", Organization: "o-1", Lane: "LegalHoldScreen", Route: "metadata"}
			return []transfer.GateStats{{Gate: gate, Limit: 1, InFlight: 1, Waiting: 9}}
		},
		Pools: func() map[string][]transfer.TenantStats {
			return map[string][]transfer.TenantStats{"Standard": {{Tenant: "legal", Begun: 64, Waiting: 5}}}
		},
		Signatures: func() []Signatures { return []Signatures{{Namespace: "legal", Key: "platform", Count: 12}} },
		Usage:      func() []usage.Usage { return []usage.Usage{{Namespace: "legal", Bytes: 1 << 40, Most: 2 << 40}} },
		Events: func() []receiver.Count {
			return []receiver.Count{{Name: receiver.Name{Namespace: "legal", Name: "held"}, Result: "Accepted", Count: 4}, {Result: "UnknownTrigger", Count: 6}}
		},
		Organizations: func() []v1alpha1.GenesysOrganization {
			return []v1alpha1.GenesysOrganization{{
				ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "emea"},
				Status: v1alpha1.GenesysOrganizationStatus{Clients: []v1alpha1.OAuthClientStatus{
					{State: v1alpha1.ClientActive}, {State: v1alpha1.ClientInactive}, {State: v1alpha1.ClientActive},
				}},
			}}
		},
		Destinations: func() []v1alpha1.ExportDestination {
			return []v1alpha1.ExportDestination{
				destination("evidence", &v1alpha1.VerificationStatus{CompletionTime: &metav1.Time{Time: time.Unix(1700000000, 0)}, Bytes: 4096, Faults: 2, Unreadable: 3, ReferencedNotRead: 4}),
				destination("new", &v1alpha1.VerificationStatus{}),
				{ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "never"}},
			}
		},
		Exports: func() []v1alpha1.RecordingExport {
			a, b, c := export("a", "Standard", 10, 1), export("b", "Standard", 5, 0), export("c", "Standard", 0, 0)
			a.Status.Isolated = isolatedSince(2, 1700000100)
			b.Status.Isolated = isolatedSince(3, 1700000050)
			c.Spec.OrganizationRef.Name, c.Status.Lanes, c.Status.Isolated = "apac", nil, isolatedSince(0, 1700000000)
			return []v1alpha1.RecordingExport{a, b, c}
		},
	})
}

func destination(name string, verification *v1alpha1.VerificationStatus) v1alpha1.ExportDestination {
	return v1alpha1.ExportDestination{
		ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: name},
		Spec:       v1alpha1.ExportDestinationSpec{VerifyEvery: &metav1.Duration{Duration: time.Hour}},
		Status:     v1alpha1.ExportDestinationStatus{Verification: verification},
	}
}

func export(name string, lane v1alpha1.Lane, exported, unavailable int64) v1alpha1.RecordingExport {
	return v1alpha1.RecordingExport{
		ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: name},
		Spec:       v1alpha1.RecordingExportSpec{OrganizationRef: v1alpha1.LocalReference{Name: "emea"}},
		Status: v1alpha1.RecordingExportStatus{Lanes: []v1alpha1.LaneStatus{{
			Lane: lane, Gaps: unavailable, Bytes: 1000 * exported,
			Recordings: v1alpha1.RecordingCounts{Exported: exported, Unavailable: unavailable, Excluded: 2},
		}}},
	}
}

// isolatedSince is so many items, the oldest of which is isolated since a second of Unix time.
func isolatedSince(items, seconds int64) v1alpha1.IsolatedStatus {
	return v1alpha1.IsolatedStatus{Items: items, Recordings: items, OldestTime: &metav1.Time{Time: time.Unix(seconds, 0)}}
}

func TestCollect(t *testing.T) {
	const at, fresh = `{destination="evidence",namespace="legal"}`, `{destination="new",namespace="legal"}`
	const client, gate, lane = `{client_id="id?",endpoint="https://api.mypurecloud.ie",organization_id="o-1"}`,
		`{lane="LegalHoldScreen",namespace="legal",organization_id="o-1",route="metadata"}`, `{lane="Standard",namespace="legal",organization="emea"}`
	want := map[string]float64{
		"client_requests_granted_total" + client:                                                      120,
		"client_requests_throttled_total" + client:                                                    2,
		"client_wait_seconds_total" + client:                                                          1.5,
		"client_requests_waiting" + client:                                                            7,
		"client_requests_in_flight" + client:                                                          3,
		"client_requests_allowed" + client:                                                            300,
		"client_requests_remaining" + client:                                                          180,
		"client_stopped" + client:                                                                     1,
		`work_in_progress{namespace="legal",pool="Standard"}`:                                         64,
		`work_waiting{namespace="legal",pool="Standard"}`:                                             5,
		"gate_requests_limit" + gate:                                                                  1,
		"gate_requests_in_flight" + gate:                                                              1,
		"gate_requests_waiting" + gate:                                                                9,
		`organization_clients{namespace="legal",organization="emea",state="Active"}`:                  2,
		`organization_clients{namespace="legal",organization="emea",state="Inactive"}`:                1,
		`recordings{disposition="Exported",lane="Standard",namespace="legal",organization="emea"}`:    15,
		`recordings{disposition="Excluded",lane="Standard",namespace="legal",organization="emea"}`:    4,
		`recordings{disposition="Unavailable",lane="Standard",namespace="legal",organization="emea"}`: 1,
		`isolated_items{namespace="legal",organization="emea"}`:                                       5,
		`isolated_items{namespace="legal",organization="apac"}`:                                       0,
		`isolated_oldest_timestamp_seconds{namespace="legal",organization="emea"}`:                    1700000050,
		`volume_bytes{namespace="legal"}`:                                                             1 << 40,
		`volume_max_bytes{namespace="legal"}`:                                                         2 << 40,
		`events_total{namespace="legal",result="Accepted",trigger="held"}`:                            4,
		`events_total{namespace="",result="UnknownTrigger",trigger=""}`:                               6,
		`signatures_total{key="platform",namespace="legal"}`:                                          12,
		"gaps" + lane:                                 1,
		"stored_bytes" + lane:                         15000,
		"destination_verify_every_seconds" + at:       3600,
		"destination_verify_every_seconds" + fresh:    3600,
		"destination_verified_timestamp_seconds" + at: 1700000000,
		"destination_verified_bytes" + at:             4096,
		"destination_faults" + at:                     2,
		"destination_unreadable" + at:                 3,
		"destination_referenced_not_read" + at:        4,
	}
	got := map[string]float64{}
	for name, family := range gather(t) {
		for _, m := range family.GetMetric() {
			var labels []string
			for _, pair := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", pair.GetName(), pair.GetValue()))
			}
			got[strings.TrimPrefix(name, "recording_export_")+"{"+strings.Join(labels, ",")+"}"] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestNamesAndHelpAreAsPrometheusWantsThem(t *testing.T) {
	problems, err := testutil.CollectAndLint(sample())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// gather is what a scrape gets, by name.
func gather(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(sample()); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]*dto.MetricFamily{}
	for _, family := range families {
		told[family.GetName()] = family
	}
	if len(told) != len(all) {
		t.Fatalf("%d of %d metrics are told: the sample lacks some", len(told), len(all))
	}
	return told
}

// row is a row of the table in docs/metrics.md.
var row = regexp.MustCompile("(?m)^\\| `(recording_export_[a-z_]+)` \\| ([a-z]+) \\| ([a-z_ `,]*) \\| (.+) \\|$")

// TestThePageTellsWhatThereIs: no metric more, none less, each in its own words.
func TestThePageTellsWhatThereIs(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string][3]string{}
	for _, match := range row.FindAllStringSubmatch(string(page), -1) {
		labels := strings.Fields(strings.NewReplacer("`", "", ",", "").Replace(match[3]))
		slices.Sort(labels)
		documented[match[1]] = [3]string{match[2], strings.Join(labels, " "), match[4]}
	}
	collected := map[string][3]string{}
	for name, family := range gather(t) {
		var labels []string
		for _, pair := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, pair.GetName())
		}
		collected[name] = [3]string{strings.ToLower(family.GetType().String()), strings.Join(labels, " "), family.GetHelp()}
	}
	if diff := cmp.Diff(collected, documented); diff != "" {
		t.Errorf("docs/metrics.md differs, -collected +documented:\n%s", diff)
	}
}
