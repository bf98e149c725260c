package recordingexport

import (
	"context"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// endlessList lists integrations without an end.
type endlessList struct{}

func (endlessList) Integrations(_ context.Context, skip int) (genesys.IntegrationPage, error) {
	return genesys.IntegrationPage{Next: skip + 1}, nil
}

// TestListsThatDoNotEnd are errors.
func TestListsThatDoNotEnd(t *testing.T) {
	if err := checkIntegration(t.Context(), endlessList{}, id(1)); genesys.KindOf(err) != genesys.KindMalformed {
		t.Errorf("integrations: %v", err)
	}
	_, err := listJobs(nil, func(skip int) (genesys.BulkJobPage, error) { return genesys.BulkJobPage{Next: skip + 1}, nil })
	if genesys.KindOf(err) != genesys.KindMalformed {
		t.Errorf("jobs: %v", err)
	}
}
