package recordingexport

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// TestClientsThatCannotBeOpened: the error says which. The status names the archive even if there
// is no login yet.
func TestClientsThatCannotBeOpened(t *testing.T) {
	errBroken := errors.New("it is broken")
	for name, tt := range map[string]struct {
		archive, cloud error
		says, named    string
	}{
		"none":         {nil, nil, "", "legal/evidence/case-1"},
		"archive":      {errBroken, nil, "open archive: ", ""},
		"organisation": {nil, errBroken, "connect to organisation emea: ", "legal/evidence/case-1"},
	} {
		t.Run(name, func(t *testing.T) {
			opener := clientOpener{
				archive:  func(*v1alpha1.ExportDestination, string) (archive.Store, error) { return nil, tt.archive },
				location: func(d *v1alpha1.ExportDestination, export string) string { return d.Status.Location + "/" + export },
				cloud: func(context.Context, *v1alpha1.GenesysOrganization, genesys.Share) (Cloud, error) {
					return nil, tt.cloud
				},
			}
			s := &references{subject: &subject{export: wholeExport()}}
			s.organization.Name, s.destination.Status.Location = "emea", "legal/evidence"
			opened, out, err := opener.openClients(t.Context(), s)
			if got := s.export.Status.Archive; got != tt.named {
				t.Errorf("the status names %q, want %q", got, tt.named)
			}
			if tt.says == "" {
				if err != nil || opened == nil || !out.IsDone() {
					t.Errorf("%v, %v", out, err)
				}
				return
			}
			if opened != nil || !errors.Is(err, errBroken) || !strings.HasPrefix(err.Error(), tt.says) {
				t.Errorf("%v, want %s", err, tt.says)
			}
		})
	}
}
