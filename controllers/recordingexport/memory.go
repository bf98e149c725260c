package recordingexport

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// memory is what this process remembers about exports.
type memory struct {
	client client.Client
	plans  *planLogs
	states *processStates
	turns  *enumerationTurns
}

// forget forgets an export that is gone, and with the last export of a namespace the turns there.
func (m *memory) forget(ctx context.Context, export types.NamespacedName) {
	m.plans.drop(export)
	m.states.forgetExport(export)
	var exports v1alpha1.RecordingExportList
	if err := m.client.List(ctx, &exports, client.InNamespace(export.Namespace), client.Limit(1)); err == nil && len(exports.Items) == 0 {
		m.turns.forgetNamespace(export.Namespace)
	}
}
