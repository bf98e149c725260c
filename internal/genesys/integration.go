package genesys

import "strings"

// bulkIntegrationType is the type of integrations into a bucket of the organisation, in the
// words of Genesys Cloud's SDK. It is not verified that the API uses the same words.
const bulkIntegrationType = "aws-s3-recording-bulk-actions-integration"

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

// ExportsToBucket reports whether the integration is of the type through which bulk jobs
// export. A false answer is a hint and not a proof: see bulkIntegrationType.
func (i Integration) ExportsToBucket() bool { return strings.EqualFold(i.Type, bulkIntegrationType) }

// IntegrationPage is one page of the integrations of an organisation.
type IntegrationPage struct {
	Integrations []Integration
	// Next is how many integrations to skip for the following page, 0 on the last one.
	Next int
}
