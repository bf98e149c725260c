package recordingexport

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// claimedFor is an export whose archive is in a store.
func claimedFor(export *v1alpha1.RecordingExport, store archive.Store) *claimed {
	return &claimed{clients: &clients{references: &references{subject: &subject{export: export}}, store: store}}
}

// loadedFor is an export with its plan, and without an archive.
func loadedFor(export *v1alpha1.RecordingExport, log plan.View) *loaded {
	return &loaded{claimed: claimedFor(export, nil), plan: log}
}

// unreadableSeals is an archive whose seals cannot be read.
type unreadableSeals struct{ archive.Store }

func (s unreadableSeals) FS(ctx context.Context) fs.FS {
	return openFunc(func(name string) (fs.File, error) {
		if strings.HasPrefix(name, evidence.SealFolder(1)+"/") {
			return nil, errors.New("connection reset by peer")
		}
		return s.Store.FS(ctx).Open(name)
	})
}

// TestWhileTheLastSealCannotBeRead, everything that was known of the export stays, but that
// it is Ready.
func TestWhileTheLastSealCannotBeRead(t *testing.T) {
	export := wholeExport()
	export.Spec.Window.End = nil
	h := newHarness(t, export)
	h.canSeal()
	h.now.SetTime(first.Add(3 * day))
	h.reconcileUntil("it has caught up", func() bool {
		h.now.Step(time.Second)
		return conditions.Reason(h.export()) == v1alpha1.ReasonCaughtUp
	})
	before := h.export()
	h.store = unreadableSeals{h.store}
	h.reconcileUntil("the seal cannot be read", func() bool { return strings.Contains(conditions.Message(h.export()), "connection reset") })
	after := h.export()
	if conditions.IsReady(after) || steps(before) != "TTTT" || steps(after) != "TTTT" {
		t.Errorf("ready %t, steps %s, before %s", conditions.IsReady(after), steps(after), steps(before))
	}
	if is, was := sealedCondition(after), sealedCondition(before); is == nil || was == nil || *is != *was {
		t.Errorf("the condition Sealed is %+v, was %+v", is, was)
	}
	before.Status.Conditions, after.Status.Conditions = nil, nil
	if diff := cmp.Diff(before.Status, after.Status); diff != "" {
		t.Errorf("the rest of the status (-want +got):\n%s", diff)
	}
}

func sealedCondition(export *v1alpha1.RecordingExport) *metav1.Condition {
	return meta.FindStatusCondition(export.Status.Conditions, v1alpha1.ConditionSealed)
}
