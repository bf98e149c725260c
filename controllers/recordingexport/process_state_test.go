package recordingexport

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// TestAnExportMadeAgain under the same name inherits neither a wait nor a retry.
func TestAnExportMadeAgain(t *testing.T) {
	var all processStates
	export := func(uid types.UID) *v1alpha1.RecordingExport {
		e := newExport()
		e.UID = uid
		return e
	}
	since := all.stateOf(export("1")).waitsSince(time.Unix(1, 0))
	all.stateOf(export("1")).isNewRetry("now")
	if again := all.stateOf(export("1")).waitsSince(time.Unix(2, 0)); !again.Equal(since) || all.stateOf(export("1")).isNewRetry("now") {
		t.Errorf("the same export waits since %v, want %v, or is retried twice", again, since)
	}
	if again := all.stateOf(export("2")).waitsSince(time.Unix(3, 0)); again.Equal(since) || !all.stateOf(export("2")).isNewRetry("now") {
		t.Errorf("another export waits since %v, or is not retried", again)
	}
}
