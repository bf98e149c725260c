package genesys

import "strings"

// bulkIntegrationType is in the type of each integration into a bucket of the organisation. The whole
// type is aws-s3-recording-bulk-actions-integration, in the words of Genesys Cloud's SDK. It is not
// verified that the API uses the same words.
const bulkIntegrationType = "s3"

// IntegrationState is the state that an integration reports.
type IntegrationState string

// The states of an integration (IntegrationStatusInfo in the Platform API).
const (
	IntegrationActive       IntegrationState = "ACTIVE"
	IntegrationActivating   IntegrationState = "ACTIVATING"
	IntegrationInactive     IntegrationState = "INACTIVE"
	IntegrationDeactivating IntegrationState = "DEACTIVATING"
	IntegrationFailed       IntegrationState = "ERROR"
)

// Integration is an integration of an organisation (Integration in the Platform API).
type Integration struct {
	// ID is as received.
	ID   string
	Name string
	// Type is Genesys Cloud's word for what the integration is.
	Type string
	// Intended is the state that an administrator has chosen, such as ENABLED.
	Intended string
	// State is empty if it was not said.
	State IntegrationState
	// Detail is Genesys Cloud's free text about the state.
	Detail string
}

// ExportsToBucket reports whether the integration may be of the type through which bulk jobs
// export. If it is of another type after all, Genesys Cloud refuses the job.
func (i Integration) ExportsToBucket() bool {
	return strings.Contains(strings.ToLower(i.Type), bulkIntegrationType)
}

// IntegrationPage is one page of the integrations of an organisation.
type IntegrationPage struct {
	Integrations []Integration
	// Next is how many integrations to skip for the following page, 0 on the last one.
	Next int
}
