// Package metrics shows the state of the operator to Prometheus. It counts nothing itself:
// a scrape takes snapshots of what other packages count.
package metrics

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
	"github.com/gcexport/recording-export-operator/internal/receiver"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/usage"
)

// Sources return the snapshots.
type Sources struct {
	// Budgets are those of all OAuth clients.
	Budgets func() []budget.ClientStats
	// Gates are all gates that are kept.
	Gates func() []transfer.GateStats
	// Pools are how much work of each namespace each pool has, by the pool's name.
	Pools func() map[string][]transfer.TenantStats
	// Signatures are the uses of signing keys.
	Signatures func() []Signatures
	// Usage is how much each namespace with a bound uses of the shared archive volume.
	Usage func() []usage.Usage
	// Events are how many requests with events had which result.
	Events func() []receiver.Count
	// Organizations, Destinations and Exports are all objects, none before the cache is filled.
	Organizations func() []v1alpha1.GenesysOrganization
	Destinations  func() []v1alpha1.ExportDestination
	Exports       func() []v1alpha1.RecordingExport
}

// Signatures counts the uses of signing keys in a namespace.
type Signatures struct {
	Namespace string
	// Key is whose key signed: platform or secret.
	Key   string
	Count int64
}

// Collector collects the metrics of an operator.
type Collector struct{ sources Sources }

// NewCollector makes a collector.
func NewCollector(sources Sources) *Collector { return &Collector{sources} }

// metric describes one metric.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func gauge(name, help string, labels []string) metric {
	return metric{prometheus.NewDesc("recording_export_"+name, help, labels, nil), prometheus.GaugeValue}
}

func counter(name, help string, labels []string) metric {
	return metric{prometheus.NewDesc("recording_export_"+name, help, labels, nil), prometheus.CounterValue}
}

// send sends a value. Labels may come from outside, for example a client's id from a Secret:
// Prometheus accepts only UTF-8.
func (m metric) send(to chan<- prometheus.Metric, value float64, labels ...string) {
	for i, label := range labels {
		labels[i] = strings.ToValidUTF8(label, "?")
	}
	to <- prometheus.MustNewConstMetric(m.desc, m.kind, value, labels...)
}

// The labels: of an OAuth client (its id is public), of a gate (the organisation
// by its id at Genesys Cloud), of a GenesysOrganization, of what its exports did in
// a lane and together, and of an ExportDestination. No label names a single export: there may be any number of them.
var (
	ofClient       = []string{"endpoint", "organization_id", "client_id"}
	ofGate         = []string{"namespace", "organization_id", "lane", "route"}
	ofPool         = []string{"pool", "namespace"}
	ofOrganization = []string{"namespace", "organization", "state"}
	ofRecordings   = []string{"namespace", "organization", "lane", "disposition"}
	ofLane         = []string{"namespace", "organization", "lane"}
	ofExports      = []string{"namespace", "organization"}
	ofDestination  = []string{"namespace", "destination"}
	ofKey          = []string{"namespace", "key"}
	ofNamespace    = []string{"namespace"}
	ofEvents       = []string{"namespace", "trigger", "result"}
)

var (
	granted        = counter("client_requests_granted_total", "Requests to Genesys Cloud that the budget of an OAuth client has permitted.", ofClient)
	throttled      = counter("client_requests_throttled_total", "Requests that Genesys Cloud refused with 429 because the OAuth client had sent too many. They do not count as failures.", ofClient)
	waited         = counter("client_wait_seconds_total", "Seconds that requests have waited for the budget of an OAuth client, without requests that are still waiting.", ofClient)
	waiting        = gauge("client_requests_waiting", "Requests that are waiting for the budget of an OAuth client.", ofClient)
	clientInFlight = gauge("client_requests_in_flight", "Requests that are in flight to Genesys Cloud.", ofClient)
	allowed        = gauge("client_requests_allowed", "Maximum requests per 60 seconds: spec.requestsPerMinute, or fewer if Genesys Cloud allows fewer.", ofClient)
	remaining      = gauge("client_requests_remaining", "Requests that Genesys Cloud still accepts in the current 60 seconds.", ofClient)
	stopped        = gauge("client_stopped", "1 while the OAuth client makes no requests because Genesys Cloud told it to wait, else 0.", ofClient)

	gateLimit    = gauge("gate_requests_limit", "Maximum requests of a lane and kind in flight: the lane's parallelism, or fewer while Genesys Cloud cannot handle that many.", ofGate)
	gateInFlight = gauge("gate_requests_in_flight", "Requests of a lane and kind that are in flight or are waiting for the budget.", ofGate)
	gateWaiting  = gauge("gate_requests_waiting", "Requests of a lane and kind that are waiting for other requests to end.", ofGate)

	workBegun   = gauge("work_in_progress", "Tasks of a namespace that a pool is running, including tasks that are waiting for a budget or an answer. Absent if there are none.", ofPool)
	workWaiting = gauge("work_waiting", "Tasks of a namespace that are waiting for a free place in a pool. Absent if there are none.", ofPool)

	clients    = gauge("organization_clients", "OAuth clients of a GenesysOrganization by state: Active if the operator makes requests with them, else Inactive.", ofOrganization)
	recordings = gauge("recordings", "Recordings in the finished batches of an organisation's exports, by disposition.", ofRecordings)
	gaps       = gauge("gaps", "Gaps in the finished batches of an organisation's exports: recordings and conversations that could not be exported.", ofLane)
	stored     = gauge("stored_bytes", "Bytes of recordings in the finished batches of an organisation's exports.", ofLane)

	isolated       = gauge("isolated_items", "Conversations and recordings of an organisation's exports that keep failing and that the operator retries separately.", ofExports)
	isolatedOldest = gauge("isolated_oldest_timestamp_seconds", "Time at which the oldest of an organisation's isolated items was isolated. Absent if no item is isolated.", ofExports)

	signatures = counter("signatures_total", "Signatures of bags and seals, by key: the platform's key (platform) or a key in a Secret of the namespace (secret).", ofKey)

	volumeBytes = gauge("volume_bytes", "Approximate bytes that a namespace uses on the shared archive volume: the last measurement and everything written since. Absent without --max-bytes-per-namespace.", ofNamespace)
	volumeMax   = gauge("volume_max_bytes", "Maximum bytes that a namespace may use on the shared archive volume (--max-bytes-per-namespace).", ofNamespace)

	events = counter("events_total", "Requests to the receiver of events, by trigger and result: Accepted, Duplicate, Ignored, or why they were refused. Both names are empty for requests that name no existing trigger.", ofEvents)

	verifyEvery   = gauge("destination_verify_every_seconds", "Seconds between two full verifications of an ExportDestination: spec.verifyEvery.", ofDestination)
	verifiedAt    = gauge("destination_verified_timestamp_seconds", "Time at which the last verification of an ExportDestination ended, whatever its result.", ofDestination)
	verifiedBytes = gauge("destination_verified_bytes", "Bytes that the last verification of an ExportDestination read.", ofDestination)
	faults        = gauge("destination_faults", "Faults known at an ExportDestination as of its last verification.", ofDestination)
	unreadable    = gauge("destination_unreadable", "Files and folders of an ExportDestination that the last verification could not read.", ofDestination)
	notRead       = gauge("destination_referenced_not_read", "Recordings' files in buckets outside an ExportDestination that the last verification did not read, because their exports do not exist any more.", ofDestination)
)

var all = []metric{
	granted, throttled, waited, waiting, clientInFlight, allowed, remaining, stopped,
	gateLimit, gateInFlight, gateWaiting, workBegun, workWaiting, clients, recordings, gaps, stored, isolated, isolatedOldest,
	signatures, volumeBytes, volumeMax, events, verifyEvery, verifiedAt, verifiedBytes, faults, unreadable, notRead,
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(to chan<- *prometheus.Desc) {
	for _, m := range all {
		to <- m.desc
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	for _, b := range c.sources.Budgets() {
		collectBudget(to, b)
	}
	for _, g := range c.sources.Gates() {
		gateLimit.send(to, float64(g.Limit), g.Namespace, g.Organization, g.Lane, g.Route)
		gateInFlight.send(to, float64(g.InFlight), g.Namespace, g.Organization, g.Lane, g.Route)
		gateWaiting.send(to, float64(g.Waiting), g.Namespace, g.Organization, g.Lane, g.Route)
	}
	for pool, tenants := range c.sources.Pools() {
		for _, of := range tenants {
			workBegun.send(to, float64(of.Begun), pool, of.Tenant)
			workWaiting.send(to, float64(of.Waiting), pool, of.Tenant)
		}
	}
	for _, s := range c.sources.Signatures() {
		signatures.send(to, float64(s.Count), s.Namespace, s.Key)
	}
	for _, u := range c.sources.Usage() {
		volumeBytes.send(to, float64(u.Bytes), u.Namespace)
		volumeMax.send(to, float64(u.Most), u.Namespace)
	}
	for _, e := range c.sources.Events() {
		events.send(to, float64(e.Count), e.Namespace, e.Name.Name, e.Result)
	}
	organizations := c.sources.Organizations()
	for i := range organizations {
		collectClients(to, &organizations[i])
	}
	exports := c.sources.Exports()
	collectLanes(to, exports)
	collectIsolated(to, exports)
	destinations := c.sources.Destinations()
	for i := range destinations {
		collectVerification(to, &destinations[i])
	}
}

func collectBudget(to chan<- prometheus.Metric, b budget.ClientStats) {
	labels := []string{b.Endpoint, b.OrganizationID, b.ClientID}
	granted.send(to, float64(b.Granted), labels...)
	throttled.send(to, float64(b.Throttled), labels...)
	waited.send(to, b.Waited.Seconds(), labels...)
	waiting.send(to, float64(b.Waiting), labels...)
	clientInFlight.send(to, float64(b.UnderWay), labels...)
	allowed.send(to, float64(b.Allowed), labels...)
	remaining.send(to, float64(b.Remaining), labels...)
	is := 0.0
	if b.Stopped {
		is = 1
	}
	stopped.send(to, is, labels...)
}

func collectClients(to chan<- prometheus.Metric, organization *v1alpha1.GenesysOrganization) {
	count := map[v1alpha1.OAuthClientState]int{}
	for _, client := range organization.Status.Clients {
		count[client.State]++
	}
	for _, state := range []v1alpha1.OAuthClientState{v1alpha1.ClientActive, v1alpha1.ClientInactive} {
		clients.send(to, float64(count[state]), organization.Namespace, organization.Name, string(state))
	}
}

// lane is a lane of an organisation's exports, or all lanes if it has no name.
type lane struct{ namespace, organization, name string }

// collectLanes adds up the counts in the exports' statuses.
func collectLanes(to chan<- prometheus.Metric, exports []v1alpha1.RecordingExport) {
	sums := map[lane]*v1alpha1.LaneStatus{}
	for i := range exports {
		export := &exports[i]
		for _, counted := range export.Status.Lanes {
			at := lane{export.Namespace, export.Spec.OrganizationRef.Name, string(counted.Lane)}
			sum := sums[at]
			if sum == nil {
				sum = &v1alpha1.LaneStatus{}
				sums[at] = sum
			}
			sum.Gaps += counted.Gaps
			sum.Bytes += counted.Bytes
			sum.Recordings.Exported += counted.Recordings.Exported
			sum.Recordings.Excluded += counted.Recordings.Excluded
			sum.Recordings.Unavailable += counted.Recordings.Unavailable
		}
	}
	for at, sum := range sums {
		labels := []string{at.namespace, at.organization, at.name}
		gaps.send(to, float64(sum.Gaps), labels...)
		stored.send(to, float64(sum.Bytes), labels...)
		for disposition, n := range map[string]int64{
			"Exported": sum.Recordings.Exported, "Excluded": sum.Recordings.Excluded, "Unavailable": sum.Recordings.Unavailable,
		} {
			recordings.send(to, float64(n), at.namespace, at.organization, at.name, disposition)
		}
	}
}

// collectIsolated adds up the isolated items of an organisation's exports. It leaves out the
// time of the oldest if there is none: 0 would look like an item of 1970.
func collectIsolated(to chan<- prometheus.Metric, exports []v1alpha1.RecordingExport) {
	sums := map[lane]*v1alpha1.IsolatedStatus{}
	for i := range exports {
		at, counted := lane{namespace: exports[i].Namespace, organization: exports[i].Spec.OrganizationRef.Name}, exports[i].Status.Isolated
		sum := sums[at]
		if sum == nil {
			sum = &v1alpha1.IsolatedStatus{}
			sums[at] = sum
		}
		sum.Items += counted.Items
		if oldest := counted.OldestTime; counted.Items > 0 && oldest != nil && (sum.OldestTime == nil || oldest.Before(sum.OldestTime)) {
			sum.OldestTime = oldest
		}
	}
	for at, sum := range sums {
		isolated.send(to, float64(sum.Items), at.namespace, at.organization)
		if sum.OldestTime != nil {
			isolatedOldest.send(to, float64(sum.OldestTime.Unix()), at.namespace, at.organization)
		}
	}
}

// collectVerification collects the verification of a destination, with the time of the last
// one if there was one.
func collectVerification(to chan<- prometheus.Metric, destination *v1alpha1.ExportDestination) {
	every, last := destination.Spec.VerifyEvery, destination.Status.Verification
	if every == nil {
		return
	}
	labels := []string{destination.Namespace, destination.Name}
	verifyEvery.send(to, every.Seconds(), labels...)
	if last == nil || last.CompletionTime == nil {
		return
	}
	verifiedAt.send(to, float64(last.CompletionTime.Unix()), labels...)
	verifiedBytes.send(to, float64(last.Bytes), labels...)
	faults.send(to, float64(last.Faults), labels...)
	unreadable.send(to, float64(last.Unreadable), labels...)
	notRead.send(to, float64(last.ReferencedNotRead), labels...)
}
