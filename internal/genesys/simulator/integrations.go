package simulator

import (
	"fmt"
	"slices"
)

// s3IntegrationType is the type of the integrations that bulk jobs export
// through. Unverified against a live organisation.
const s3IntegrationType = "aws-s3-recording-bulk-actions-integration"

// integration is Integration in the Platform API.
type integration struct {
	ID              string          `json:"id"`
	Name            string          `json:"name"`
	IntegrationType integrationType `json:"integrationType"`
	IntendedState   string          `json:"intendedState"`
	ReportedState   reportedState   `json:"reportedState"`
	SelfURI         string          `json:"selfUri"`
}

// integrationType is IntegrationType in the Platform API.
type integrationType struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// reportedState is IntegrationStatusInfo in the Platform API.
type reportedState struct {
	Code        string `json:"code"`
	Effective   string `json:"effective"`
	LastUpdated string `json:"lastUpdated"`
}

// newIntegrations makes the organisation's integrations: one that exports to
// S3, one that would if it worked, and two that are about something else.
func newIntegrations(o Options) []integration {
	kinds := []struct{ kind, name, state string }{
		{"purecloud-data-actions", "Data Actions", "ACTIVE"},
		{s3IntegrationType, "Recordings to S3", "ACTIVE"},
		{s3IntegrationType, "Recordings to S3 (broken)", "ERROR"},
		{"embedded-client-app", "Desktop", "INACTIVE"},
	}
	integrations := make([]integration, len(kinds))
	for i, k := range kinds {
		id := uuidOf(derive(o.Seed, forIntegration, uint64(i)))
		integrations[i] = integration{
			ID:              id,
			Name:            k.name,
			IntegrationType: integrationType{k.kind, k.kind},
			IntendedState:   "ENABLED",
			ReportedState:   reportedState{Code: k.state, Effective: k.state, LastUpdated: date(o.Start)},
			SelfURI:         "/api/v2/integrations/" + id,
		}
	}
	return integrations
}

// S3Integrations returns the ids of the integration that exports to S3 and of
// one that does not, because it is in state ERROR.
func (s *Simulator) S3Integrations() (working, broken string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.integrations[1].ID, s.integrations[2].ID
}

// OtherIntegration returns the id of an active integration that does not export recordings.
func (s *Simulator) OtherIntegration() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.integrations[0].ID
}

// SetIntegrationState changes the state that an integration reports.
func (s *Simulator) SetIntegrationState(id, state string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := slices.Clone(s.integrations) // a call may be answering the others
	for i := range changed {
		if changed[i].ID == id {
			changed[i].ReportedState.Code, changed[i].ReportedState.Effective = state, state
			s.integrations = changed
			return nil
		}
	}
	return fmt.Errorf("no integration %q", id)
}

func (s *Simulator) listIntegrations(c *call) reply {
	s.mu.Lock()
	all := s.integrations
	s.mu.Unlock()
	return list(c, all, 100)
}

// exportsTo reports whether there is an S3 integration with this id.
func (s *Simulator) exportsTo(id string) bool {
	return slices.ContainsFunc(s.integrations, func(i integration) bool {
		return i.ID == id && i.IntegrationType.ID == s3IntegrationType
	})
}

// works reports whether the integration with this id reaches its bucket.
func (s *Simulator) works(id string) bool {
	return slices.ContainsFunc(s.integrations, func(i integration) bool {
		return i.ID == id && i.ReportedState.Code == "ACTIVE"
	})
}
