package recordingexport

import (
	"context"
	"fmt"
	"sync"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
)

// enumerations prepares the enumerations that the exports of a destination share.
type enumerations struct {
	process
	archive  archiveOpener
	location archiveLocator
	cloud    cloudOpener
	turns    *enumerationTurns
}

// newEnumeration prepares the enumeration of something for an export.
func (e enumerations) newEnumeration(ctx context.Context, s *loaded, what enumerable) (enumeration, error) {
	cloud, err := e.cloud(ctx, &s.organization, exportspec.SecondSourceShare(s.name()))
	if err != nil {
		return enumeration{}, fmt.Errorf("connect to organisation %s: %w", s.organization.Name, err)
	}
	shared, err := e.archive(&s.destination, artifacts.SharedArchive)
	if err != nil {
		return enumeration{}, fmt.Errorf("open shared archive: %w", err)
	}
	return enumeration{
		enumerable: what, shared: shared, cloud: cloud, process: e.process, organization: s.record.OrganizationID,
		turn:    e.turns.turn(s.export.Namespace, e.location(&s.destination, artifacts.SharedArchive)+"/"+s.record.OrganizationID),
		request: s.lastRequest(), retryCommand: retryCommand(s.export),
	}, nil
}

// enumerationTurns are the turns to ask for a page of whatever listing, one for each organisation
// and destination of a namespace. The zero value is ready for use.
type enumerationTurns struct {
	mu          sync.Mutex
	byNamespace map[string]map[string]chan struct{}
}

// turn is the one of this name in a namespace.
func (t *enumerationTurns) turn(namespace, name string) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byNamespace == nil {
		t.byNamespace = map[string]map[string]chan struct{}{}
	}
	if t.byNamespace[namespace] == nil {
		t.byNamespace[namespace] = map[string]chan struct{}{}
	}
	if t.byNamespace[namespace][name] == nil {
		t.byNamespace[namespace][name] = make(chan struct{}, 1)
	}
	return t.byNamespace[namespace][name]
}

// forgetNamespace forgets the turns of a namespace that has no exports any more.
func (t *enumerationTurns) forgetNamespace(namespace string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byNamespace, namespace)
}
