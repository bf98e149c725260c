package simulator

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// heldScreenRegion is where the failure that HeldScreenTimeouts reproduces was
// seen.
const heldScreenRegion = "eu-west-1"

// Defaults returns the options of a medium-sized day in eu-west-1: 600
// conversations, a tenth of them under hold, a third with screen recordings,
// and answers a good deal quicker than Genesys Cloud's.
func Defaults() Options {
	return Options{
		Seed:           1,
		HeldShare:      0.1,
		ScreenShare:    1.0 / 3,
		Latency:        defaultLatency(),
		AnalyticsDelay: 200 * time.Millisecond,
		BatchDelay:     400 * time.Millisecond,
		JobDelay:       2 * time.Second,
		ExportDelay:    time.Second,
		TranscodeDelay: 200 * time.Millisecond,
		RestoreDelay:   time.Second,
		AuditDelay:     200 * time.Millisecond,
		SettleLag:      time.Minute,
	}.withDefaults()
}

// withDefaults fills the fields whose zero makes no sense.
func (o Options) withDefaults() Options {
	o.Region = cmp.Or(o.Region, heldScreenRegion)
	o.OrganizationID = cmp.Or(o.OrganizationID, DefaultOrganizationID)
	o.OrganizationName = cmp.Or(o.OrganizationName, DefaultOrganizationName)
	if len(o.Clients) == 0 {
		o.Clients = []Client{{ID: DefaultClientID, Secret: DefaultClientSecret, Name: "recording export"}}
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2023, time.October, 1, 0, 0, 0, 0, time.UTC)
	}
	o.Start = o.Start.UTC().Truncate(day)
	o.Days = cmp.Or(o.Days, 1)
	o.Conversations = cmp.Or(o.Conversations, 600)
	o.Media = cmp.Or(o.Media, MediaWeights{Call: 0.7, Chat: 0.1, Email: 0.1, Message: 0.1})
	o.RequestsPerMinute = cmp.Or(o.RequestsPerMinute, 300)
	o.TokenTTL = cmp.Or(o.TokenTTL, day)
	o.ResultURLTTL = cmp.Or(o.ResultURLTTL, time.Hour)
	o.Limits = o.Limits.withDefaultLimits()
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// withDefaultLimits fills the limits that are not set.
func (l Limits) withDefaultLimits() Limits {
	l.SyncInterval = cmp.Or(l.SyncInterval, 7*day)
	l.SyncPageSize = cmp.Or(l.SyncPageSize, 100)
	l.SyncResults = cmp.Or(l.SyncResults, 100_000)
	l.AsyncInterval = cmp.Or(l.AsyncInterval, 31*day)
	l.AsyncPageSize = cmp.Or(l.AsyncPageSize, 1000)
	l.RetentionPageSize = cmp.Or(l.RetentionPageSize, 500)
	l.OrphanPageSize = cmp.Or(l.OrphanPageSize, 100)
	l.AnalyticsTTL = cmp.Or(l.AnalyticsTTL, day)
	l.Protected = cmp.Or(l.Protected, 1000)
	l.ThirdJobStatus = cmp.Or(l.ThirdJobStatus, http.StatusBadRequest)
	l.Restorations = cmp.Or(l.Restorations, 100)
	return l
}

// Validate tells everything that is wrong with the options, as one error with
// a line for each; it is nil if New would take them.
func (o Options) Validate() error {
	o = o.withDefaults()
	return errors.Join(
		within("Days", float64(o.Days), 1, 3660),
		within("Conversations", float64(o.Conversations), 1, 1_000_000),
		within("HeldShare", o.HeldShare, 0, 1),
		within("ScreenShare", o.ScreenShare, 0, 1),
		within("RequestsPerMinute", float64(o.RequestsPerMinute), 1, 1_000_000),
		o.Media.checkWeights(),
		o.Edges.checkEdges(),
		o.Limits.checkLimits(),
		o.validateDurations(),
		o.validateExport(),
		validateClients(o.Clients),
	)
}

func within(name string, value, low, high float64) error {
	if value >= low && value <= high {
		return nil
	}
	return fmt.Errorf("%s is %v, must be from %v to %v", name, value, low, high)
}

func (m MediaWeights) checkWeights() error {
	if min(m.Call, m.Chat, m.Email, m.Message) < 0 {
		return errors.New("no weight of Media may be negative")
	}
	return nil
}

func (l Limits) checkLimits() error {
	if l.ThirdJobStatus != http.StatusBadRequest && l.ThirdJobStatus != http.StatusTooManyRequests {
		return fmt.Errorf("Limits.ThirdJobStatus is %d, must be 400 or 429", l.ThirdJobStatus)
	}
	return errors.Join(
		within("Limits.SyncPageSize", float64(l.SyncPageSize), 1, 1_000_000),
		within("Limits.AsyncPageSize", float64(l.AsyncPageSize), 1, 1_000_000),
		within("Limits.OrphanPageSize", float64(l.OrphanPageSize), 1, 1_000_000),
		within("Limits.RetentionPageSize", float64(l.RetentionPageSize), 1, 1_000_000),
	)
}

func (e Edges) checkEdges() error {
	errs := []error{
		within("Edges.Open", float64(e.Open), 0, 1000),
		within("Edges.Sensitive", float64(e.Sensitive), 0, 1_000_000),
		within("Edges.Orphans", float64(e.Orphans), 0, 1_000_000),
	}
	for state, count := range e.FileStates {
		if !state.special() {
			errs = append(errs, fmt.Errorf("no such state in Edges.FileStates as %q", state))
		}
		errs = append(errs, within("Edges.FileStates."+string(state), float64(count), 0, 1_000_000))
	}
	return errors.Join(errs...)
}

func (o Options) validateExport() error {
	if o.ExportDir != "" && o.ExportBucket.exists() {
		return errors.New("ExportDir and ExportBucket exclude each other")
	}
	return o.ExportBucket.validate()
}

func (o Options) validateDurations() error {
	shortest := min(o.AnalyticsDelay, o.BatchDelay, o.JobDelay, o.JobListLag, o.ExportDelay, o.TranscodeDelay,
		o.RestoreDelay, o.UploadDelay, o.AuditDelay, o.SettleLag, o.RecordingLag, o.TokenTTL, o.ResultURLTTL, o.Latency.shortest())
	if shortest < 0 {
		return fmt.Errorf("no duration may be negative, one is %v", shortest)
	}
	return nil
}

func validateClients(clients []Client) error {
	seen := map[string]bool{}
	for _, c := range clients {
		if c.ID == "" || seen[c.ID] {
			return fmt.Errorf("client ids must be there and differ: %q is missing or twice", c.ID)
		}
		seen[c.ID] = true
	}
	return nil
}

// heldScreenTimeouts reports whether the quirk is on.
func (o Options) heldScreenTimeouts() bool {
	if o.HeldScreenTimeouts == QuirkByRegion {
		return o.Region == heldScreenRegion
	}
	return o.HeldScreenTimeouts == QuirkOn
}
