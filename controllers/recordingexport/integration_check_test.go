package recordingexport

import (
	"context"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// integrationPages are the integrations of an organisation, one on each page.
type integrationPages []genesys.Integration

func (p integrationPages) Integrations(_ context.Context, skip int) (page genesys.IntegrationPage, _ error) {
	if skip < len(p) {
		page.Integrations = p[skip : skip+1]
	}
	if skip+1 < len(p) {
		page.Next = skip + 1
	}
	return page, nil
}

// TestTheIntegrationIsChecked: whatever is wrong with it, the message says what to do.
func TestTheIntegrationIsChecked(t *testing.T) {
	const kind = "aws-s3-recording-bulk-actions-integration"
	other := genesys.Integration{ID: id(1), Type: "purecloud-data-actions", State: genesys.IntegrationActive}
	tests := map[string]struct {
		integration genesys.Integration
		state       outcome.State
		says        string
	}{
		"active":     {genesys.Integration{ID: strings.ToUpper(id(2)), Type: kind, State: genesys.IntegrationActive}, outcome.Satisfied, ""},
		"unknown":    {genesys.Integration{ID: id(3), Type: kind, State: genesys.IntegrationActive}, outcome.Stalled, "it has none with the id " + id(2)},
		"other type": {genesys.Integration{ID: id(2), Type: other.Type, State: genesys.IntegrationActive}, outcome.Stalled, "is of another type"},
		"inactive":   {genesys.Integration{ID: id(2), Type: kind, State: genesys.IntegrationInactive}, outcome.Stalled, "activate the integration"},
		"in error":   {genesys.Integration{ID: id(2), Type: kind, State: genesys.IntegrationFailed, Detail: "access denied"}, outcome.Stalled, "access denied"},
		"activating": {genesys.Integration{ID: id(2), Type: kind, State: genesys.IntegrationActivating}, outcome.Waiting, "waiting until"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := checkIntegration(t.Context(), integrationPages{other, tt.integration}, id(2))
			if err == nil {
				if tt.state != outcome.Satisfied {
					t.Error("nothing is wrong with it")
				}
				return
			}
			if out := outcome.Of(err, 0); out.State != tt.state || out.Reason != v1alpha1.ReasonIntegrationNotReady || !strings.Contains(out.Message, tt.says) {
				t.Errorf("%v", out)
			}
		})
	}
}

// TestOnlyTheFirstSurveyWaitsForTheIntegration: an export that has a plan continues, whatever has become of
// the integration, also after a restart, which remembers nothing.
func TestOnlyTheFirstSurveyWaitsForTheIntegration(t *testing.T) {
	surveyed := surveyedDay(1, 0, plan.PurposeFirst)
	tests := map[string]struct {
		mode    string
		entries []plan.Entry
		waits   bool
	}{
		"nothing is surveyed":    {v1alpha1.DeliveryBulkJob, nil, true},
		"a day is surveyed":      {v1alpha1.DeliveryBulkJob, []plan.Entry{surveyed}, false},
		"an export of downloads": {v1alpha1.DeliveryDownload, nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			export := newExport()
			export.Spec.Delivery = v1alpha1.Delivery{Mode: tt.mode, BulkJob: &v1alpha1.BulkJobDelivery{IntegrationID: id(2)}}
			check := integrationCheck{pool: stoppedPool(t), memories: &exportMemories{}}
			out, err := check.Reconcile(t.Context(), loadedFor(export, logOf(t, window(0, 2*day), tt.entries...)))
			if err != nil || out.IsDone() == tt.waits {
				t.Errorf("%v, %v", out, err)
			}
		})
	}
}

// endlessList lists integrations without an end.
type endlessList struct{}

func (endlessList) Integrations(_ context.Context, skip int) (genesys.IntegrationPage, error) {
	return genesys.IntegrationPage{Next: skip + 1}, nil
}

// TestAListOfIntegrationsWithoutAnEnd is an error.
func TestAListOfIntegrationsWithoutAnEnd(t *testing.T) {
	if err := checkIntegration(t.Context(), endlessList{}, id(1)); genesys.KindOf(err) != genesys.KindMalformed {
		t.Error(err)
	}
}
