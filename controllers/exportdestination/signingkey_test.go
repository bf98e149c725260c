package exportdestination

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// TestAKeyThatChanges: the first key is not a change, any other is, also one that comes
// after signing was turned off, and the condition stays until that change is confirmed:
// what confirmed an earlier one is good for no other, not even for one back to the same
// key.
func TestAKeyThatChanges(t *testing.T) {
	now := clocktesting.NewFakeClock(time.Date(2023, 10, 1, 12, 0, 0, 1, time.UTC))
	d := &v1alpha1.ExportDestination{}
	d.Name, d.Namespace = "evidence", "legal"
	for i, step := range []struct {
		key, confirm string
		says         string // of the condition, empty if it is not there
	}{
		{"", "", ""},
		{"aa", "", ""},
		{"aa", "", ""},
		{"bb", "", "the signing key changed from aa to bb at 2023-10-01T12:03:00Z: "},
		{"bb", "", "the signing key changed from aa to bb at 2023-10-01T12:03:00Z: "},
		{"bb", "bb", "--overwrite recording.gcexport.dev/confirm-signing-key=bb@2023-10-01T12:03:00Z"},
		{"bb", "bb@2023-10-01T12:03:00Z", ""},
		{"bb", "", ""},
		{"", "bb@2023-10-01T12:03:00Z", "the signing key changed from bb to none"},
		{"", "none@2023-10-01T12:08:00Z", ""},
		{"bb", "bb@2023-10-01T12:03:00Z", "the signing key changed from none to bb at 2023-10-01T12:10:00Z"},
		{"aa", "bb@2023-10-01T12:10:00Z", "the signing key changed from bb to aa at 2023-10-01T12:11:00Z"},
		{"aa", "aa@2023-10-01T12:11:00Z", ""},
	} {
		d.Annotations = map[string]string{v1alpha1.AnnotationConfirmSigningKey: step.confirm}
		recordKey(d, step.key, now.Now())
		markKeyChange(d)
		condition := meta.FindStatusCondition(d.Status.Conditions, v1alpha1.ConditionSigningKeyChanged)
		if (condition != nil) != (step.says != "") || condition != nil && !strings.Contains(condition.Message, step.says) || d.Status.SigningKey != step.key {
			t.Errorf("step %d: %+v, want %q", i, condition, step.says)
		}
		now.Step(time.Minute)
	}
}

// TestChangesOfOneSecond can be told from each other.
func TestChangesOfOneSecond(t *testing.T) {
	now := time.Date(2023, 10, 1, 12, 0, 0, 1, time.UTC)
	d, seen := &v1alpha1.ExportDestination{}, map[string]bool{}
	for _, key := range []string{"aa", "bb", "aa", "bb"} {
		if recordKey(d, key, now); d.Status.SigningKeyChange != nil {
			seen[changeID(d.Status.SigningKeyChange)] = true
		}
	}
	if len(seen) != 3 {
		t.Errorf("three changes are %v", seen)
	}
}
