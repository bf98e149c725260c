package recordingexport

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// TestAnExportMadeAgain under the same name inherits neither a wait nor a retry.
func TestAnExportMadeAgain(t *testing.T) {
	var all exportMemories
	export := func(uid types.UID) *v1alpha1.RecordingExport {
		e := newExport()
		e.UID = uid
		return e
	}
	since := all.memoryOf(export("1")).noteWait(time.Unix(1, 0))
	all.memoryOf(export("1")).takeRetry("now")
	if again := all.memoryOf(export("1")).noteWait(time.Unix(2, 0)); !again.Equal(since) || all.memoryOf(export("1")).takeRetry("now") {
		t.Errorf("the same export waits since %v, want %v, or is retried twice", again, since)
	}
	if again := all.memoryOf(export("2")).noteWait(time.Unix(3, 0)); again.Equal(since) || !all.memoryOf(export("2")).takeRetry("now") {
		t.Errorf("another export waits since %v, or is not retried", again)
	}
}
