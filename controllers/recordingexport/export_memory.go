package recordingexport

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// memory is what this process remembers about exports.
type memory struct {
	client   client.Client
	plans    *planLogs
	memories *exportMemories
	turns    *enumerationTurns
}

// forget forgets an export that is gone, and with the last export of a namespace the turns there.
func (m *memory) forget(ctx context.Context, export types.NamespacedName) {
	m.plans.drop(export)
	m.memories.forgetExport(export)
	var exports v1alpha1.RecordingExportList
	if err := m.client.List(ctx, &exports, client.InNamespace(export.Namespace), client.Limit(1)); err == nil && len(exports.Items) == 0 {
		m.turns.forgetNamespace(export.Namespace)
	}
}

// exportMemory is what a process remembers of an export from one evaluation to the next. A
// process that has just started remembers nothing, and loses nothing by that.
type exportMemory struct {
	mu sync.Mutex
	// uid is that of the export: another one may get its name.
	uid types.UID
	// retried is the retry request for which the pools last tried everything again.
	retried string
	// jobsEnded tells that no analytics job of the export is left at Genesys Cloud,
	// and that none was started since.
	jobsEnded bool
	// integrationReady tells that Genesys Cloud can export through the export's integration, and that
	// the manager can read its bucket.
	integrationReady bool
	// surveyDeadline is that of the spec at the last evaluation.
	surveyDeadline time.Duration
	// waiting is since when the export waits for something that may never come, zero
	// if it does not.
	waiting time.Time
}

// takeRetry reports, once for each retry request, that the pools are to try again.
func (m *exportMemory) takeRetry(request string) (isNew bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	isNew = m.retried != request
	m.retried = request
	return isNew
}

// setJobsEnded notes whether an analytics job may be left at Genesys Cloud.
func (m *exportMemory) setJobsEnded(ended bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.jobsEnded = ended
}

func (m *exportMemory) haveJobsEnded() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.jobsEnded
}

func (m *exportMemory) setIntegrationReady() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.integrationReady = true
}

func (m *exportMemory) isIntegrationReady() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.integrationReady
}

func (m *exportMemory) setSurveyDeadline(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.surveyDeadline = d
}

func (m *exportMemory) getSurveyDeadline() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.surveyDeadline
}

// noteWait notes that the export waits at an instant, or, if that is zero, that it does
// not. It returns since when it waits.
func (m *exportMemory) noteWait(now time.Time) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.waiting.IsZero() || now.IsZero() {
		m.waiting = now
	}
	return m.waiting
}

// exportMemories are what a process remembers of all exports. The zero value is ready for use.
type exportMemories struct {
	mu     sync.Mutex
	byName map[types.NamespacedName]*exportMemory
}

// memoryOf returns what is remembered of an export, not that of another export which had its name.
func (m *exportMemories) memoryOf(export *v1alpha1.RecordingExport) *exportMemory {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byName == nil {
		m.byName = map[types.NamespacedName]*exportMemory{}
	}
	name := client.ObjectKeyFromObject(export)
	if known := m.byName[name]; known == nil || known.uid != export.UID {
		m.byName[name] = &exportMemory{uid: export.UID}
	}
	return m.byName[name]
}

// forgetExport forgets an export that is gone.
func (m *exportMemories) forgetExport(export types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.byName, export)
}
