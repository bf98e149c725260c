package exportdestination

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// TestAKeyThatChanges: the first key is no change, any other is, also one that comes
// after signing had ended, and the condition stays until the new key is confirmed by
// its id.
func TestAKeyThatChanges(t *testing.T) {
	now := clocktesting.NewFakeClock(time.Date(2023, 10, 1, 12, 0, 0, 1, time.UTC))
	r := &Reconciler{Clock: now}
	d := &v1alpha1.ExportDestination{}
	d.Name, d.Namespace = "evidence", "legal"
	for i, step := range []struct {
		key, confirm string
		says         string // of the condition, empty if it is not there
	}{
		{"", "", ""},
		{"aa", "", ""},
		{"aa", "", ""},
		{"bb", "", "was aa, and is bb since 2023-10-01T12:03:00Z: "},
		{"bb", "", "was aa, and is bb since 2023-10-01T12:03:00Z: "},
		{"bb", "aa", "--overwrite recording.gcexport.dev/confirm-signing-key=bb"},
		{"bb", "bb", ""},
		{"bb", "", ""},
		{"", "bb", "was bb, and is none"},
		{"", "none", ""},
		{"cc", "none", "was none, and is cc"},
		{"aa", "cc", "was cc, and is aa"},
		{"aa", "aa", ""},
	} {
		d.Annotations = map[string]string{v1alpha1.AnnotationConfirmSigningKey: step.confirm}
		r.noteKey(d, step.key)
		markKey(d)
		condition := meta.FindStatusCondition(d.Status.Conditions, v1alpha1.ConditionSigningKeyChanged)
		if (condition != nil) != (step.says != "") || condition != nil && !strings.Contains(condition.Message, step.says) || d.Status.SigningKey != step.key {
			t.Errorf("step %d: %+v, want %q", i, condition, step.says)
		}
		now.Step(time.Minute)
	}
}
