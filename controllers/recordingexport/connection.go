package recordingexport

import (
	"context"
	"fmt"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// clients is an export with its archive and with what asks Genesys Cloud.
type clients struct {
	*references
	store archive.Store
	cloud Cloud
}

type (
	// archiveOpener opens the archive of an export.
	archiveOpener func(destination *v1alpha1.ExportDestination, export string) (archive.Store, error)
	// archiveLocator says where an export's archive is, relative to the archive root.
	archiveLocator func(destination *v1alpha1.ExportDestination, export string) string
	// cloudOpener returns a client for an organisation that uses a share of its request budget.
	cloudOpener func(context.Context, *v1alpha1.GenesysOrganization, genesys.Share) (Cloud, error)
)

// clientOpener opens the archive of an export and the client for its organisation.
type clientOpener struct {
	archive  archiveOpener
	location archiveLocator
	cloud    cloudOpener
}

// openClients opens the archive, and gets what asks Genesys Cloud. It logs in nowhere: that
// is done in the background, and until then the error says what is waited for.
func (o *clientOpener) openClients(ctx context.Context, s *references) (*clients, outcome.Outcome, error) {
	store, err := o.archive(&s.destination, s.export.Name)
	if err != nil {
		return nil, outcome.Outcome{}, fmt.Errorf("open archive: %w", err)
	}
	s.export.Status.Archive = o.location(&s.destination, s.export.Name)
	cloud, err := o.cloud(ctx, &s.organization, exportspec.SurveyShare(s.name()))
	if err != nil {
		return nil, outcome.Outcome{}, fmt.Errorf("connect to organisation %s: %w", s.organization.Name, err)
	}
	return &clients{references: s, store: store, cloud: cloud}, outcome.Done(), nil
}
