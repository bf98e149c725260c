package recordingexport

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// processState is what a process remembers of an export from one evaluation to the next. A
// process that has just started remembers nothing, and loses nothing by that.
type processState struct {
	mu sync.Mutex
	// uid is that of the export: another one may get its name.
	uid types.UID
	// retried is the retry request for which the pools last tried everything again.
	retried string
	// jobsEnded tells that no analytics job of the export is left at Genesys Cloud,
	// and that none was started since.
	jobsEnded bool
	// surveyDeadline is that of the spec at the last evaluation.
	surveyDeadline time.Duration
	// waiting is since when the export waits for something that may never come, zero
	// if it does not.
	waiting time.Time
}

// isNewRetry tells, once for each retry request, that the pools are to try again.
func (m *processState) isNewRetry(request string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	isNew := m.retried != request
	m.retried = request
	return isNew
}

// setJobsEnded notes whether an analytics job may be left at Genesys Cloud.
func (m *processState) setJobsEnded(ended bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.jobsEnded = ended
}

func (m *processState) haveJobsEnded() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.jobsEnded
}

func (m *processState) setSurveyDeadline(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.surveyDeadline = d
}

func (m *processState) getSurveyDeadline() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.surveyDeadline
}

// waitsSince notes that the export waits at an instant, or, if that is zero, that it does
// not. It returns since when it does.
func (m *processState) waitsSince(now time.Time) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.waiting.IsZero() || now.IsZero() {
		m.waiting = now
	}
	return m.waiting
}

// processStates are the states of all exports. The zero value is ready for use.
type processStates struct {
	mu     sync.Mutex
	byName map[types.NamespacedName]*processState
}

// stateOf returns the state of an export, not that of another export which had its name.
func (m *processStates) stateOf(export *v1alpha1.RecordingExport) *processState {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byName == nil {
		m.byName = map[types.NamespacedName]*processState{}
	}
	name := client.ObjectKeyFromObject(export)
	if known := m.byName[name]; known == nil || known.uid != export.UID {
		m.byName[name] = &processState{uid: export.UID}
	}
	return m.byName[name]
}

// forgetExport forgets an export that is gone.
func (m *processStates) forgetExport(export types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.byName, export)
}
