package story

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
)

// monthly has a destination verified every 30 days.
func monthly(destination *v1alpha1.ExportDestination) *v1alpha1.ExportDestination {
	destination.Spec.VerifyEvery = &metav1.Duration{Duration: 720 * time.Hour}
	return destination
}

// looking has an operator look at destinations all the time, so that it notices
// soon when the clock is set.
func looking(o *operator.Options) { o.Intervals.Destination.Ready = 200 * time.Millisecond }

// awaitVerified waits until the condition Verified has a reason, and returns its message.
func (w *story) awaitVerified(destination *v1alpha1.ExportDestination, status metav1.ConditionStatus, reason string) string {
	w.Helper()
	var verified *metav1.Condition
	testenv.Eventually(w, "Verified has reason "+reason, func() bool {
		w.Refresh(destination)
		verified = meta.FindStatusCondition(destination.Status.Conditions, v1alpha1.ConditionVerified)
		return verified != nil && verified.Reason == reason
	})
	if err := conditions.Check(destination); err != nil || verified.Status != status {
		w.Errorf("Verified is %+v, want %s; %v", verified, status, err)
	}
	return verified.Message
}

// verifyNow asks for a verification, and waits until it has ended.
func (w *story) verifyNow(destination *v1alpha1.ExportDestination, token string) {
	w.Helper()
	w.Refresh(destination)
	patch := client.MergeFrom(destination.DeepCopy())
	metav1.SetMetaDataAnnotation(&destination.ObjectMeta, v1alpha1.AnnotationRetry, token)
	if err := w.Client.Patch(w.Context(), destination, patch); err != nil {
		w.Fatal(err)
	}
	testenv.Eventually(w, "verification "+token+" has ended", func() bool {
		w.Refresh(destination)
		return destination.Status.LastRetryRequest == token
	})
}

// aRecording is the path of a recording that is stored.
func (w *story) aRecording() string {
	w.Helper()
	found, err := filepath.Glob(filepath.Join(w.Archive(), "bags/*/data/recordings/*/*/*"))
	if err != nil || len(found) == 0 {
		w.Fatalf("no recording is stored: %v", err)
	}
	return found[0]
}

// flip changes a byte of a file. To do it twice changes nothing.
func (w *story) flip(path string) {
	w.Helper()
	content, err := os.ReadFile(path)
	if err == nil {
		content[len(content)/2] ^= 1
		if err = os.Chmod(path, 0o640); err == nil {
			err = os.WriteFile(path, content, 0o640)
		}
	}
	if err != nil {
		w.Fatal(err)
	}
}

// TestEvidenceIsVerifiedWhileItIsMade: whenever an export is looked at, in the
// middle of a bag or of a seal, nothing is wrong with what it has stored.
func TestEvidenceIsVerifiedWhileItIsMade(t *testing.T) {
	w := newStory(t, nil)
	w.Create(w.Secret(simulator.DefaultClientSecret))
	w.Create(w.Organization())
	destination := monthly(w.Destination())
	w.Create(destination)
	w.Start()
	w.awaitVerified(destination, metav1.ConditionUnknown, v1alpha1.ReasonNothingStored)
	export := w.Export(nil)
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteBatch, Delay: 300 * time.Millisecond}) // so that there is time for some
	w.Create(export)
	rounds := 0
	for ; conditions.Reason(export) != v1alpha1.ReasonComplete && rounds < 1000; rounds++ {
		w.verifyNow(destination, fmt.Sprint("round ", rounds))
		w.Refresh(export)
	}
	if rounds < 3 || destination.Status.Verification.Faults != 0 {
		t.Errorf("%d verifications, the last %+v", rounds, destination.Status.Verification)
	}
	w.verifyNow(destination, "the last")
	w.awaitVerified(destination, metav1.ConditionTrue, v1alpha1.ReasonVerified)
	if n := w.events(destination, v1alpha1.ReasonVerificationFailed, "Warning") + w.events(destination, v1alpha1.ReasonEvidenceUnreadable, "Warning"); n != 0 {
		t.Errorf("%d warnings", n)
	}
}

// TestAByteThatFlips: it is found when its turn comes, named, and not forgotten by
// a restart; everything else continues. Once it is put right nothing is wrong.
func TestAByteThatFlips(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.Conversations = 30 })
	registry := prometheus.NewPedanticRegistry()
	w.Create(w.Secret(simulator.DefaultClientSecret))
	w.Create(w.Organization())
	destination, export := monthly(w.Destination()), w.Export(nil)
	w.Create(destination)
	w.Create(export)
	stop := w.Start(looking, func(o *operator.Options) { o.Metrics = registry })
	w.Await(export, v1alpha1.ReasonComplete)
	w.verifyNow(destination, "first")
	says := w.awaitVerified(destination, metav1.ConditionTrue, v1alpha1.ReasonVerified)
	if v := destination.Status.Verification; v.Exports != 1 || v.Files < 30 || v.Bytes < export.Status.Bytes || !strings.HasPrefix(says, "1 export, ") {
		t.Errorf("%+v: %s", v, says)
	}
	w.expectEvent(destination, v1alpha1.ReasonVerified, "Normal")
	w.expectMetrics(registry, destination)

	recording := w.aRecording()
	w.flip(recording)
	w.Clock.Advance(721 * time.Hour)
	says = w.awaitVerified(destination, metav1.ConditionFalse, v1alpha1.ReasonVerificationFailed)
	within, err := filepath.Rel(filepath.Dir(w.Archive()), recording)
	if err != nil || !strings.Contains(says, within+" (Altered)") || !strings.Contains(says, "kubectl genesys-export verify") {
		t.Errorf("%s\ndoes not name %s, %v", says, within, err)
	}
	if !conditions.IsReady(destination) {
		t.Error("evidence cannot be written any more")
	}
	w.expectEvent(destination, v1alpha1.ReasonVerificationFailed, "Warning")
	w.expectMetrics(registry, destination)

	stop()
	ended := destination.Status.Verification.CompletionTime
	w.Start(looking)
	w.expectUntouched(destination, ended)
	w.awaitVerified(destination, metav1.ConditionFalse, v1alpha1.ReasonVerificationFailed)

	w.flip(recording)
	w.Delete(export)
	w.verifyNow(destination, "put right")
	w.awaitVerified(destination, metav1.ConditionTrue, v1alpha1.ReasonVerified)
	if v := destination.Status.Verification; v.Exports != 1 || v.Faults != 0 || len(v.Findings) != 0 {
		t.Errorf("of a deleted export: %+v", v)
	}
	w.stopVerifying(destination)
}

// expectMetrics: a scrape says of a destination what its status says.
func (w *story) expectMetrics(registry *prometheus.Registry, destination *v1alpha1.ExportDestination) {
	w.Helper()
	v := destination.Status.Verification
	got := map[string]float64{}
	testenv.Eventually(w, "metrics tell of the verification", func() bool {
		families, err := registry.Gather()
		if err != nil {
			w.Fatal(err)
		}
		for _, family := range families {
			got[family.GetName()] = family.GetMetric()[0].GetGauge().GetValue()
		}
		return got["recording_export_destination_verified_timestamp_seconds"] == float64(v.CompletionTime.Unix())
	})
	for name, want := range map[string]float64{"faults": float64(v.Faults), "unreadable": 0, "verified_bytes": float64(v.Bytes), "verify_every_seconds": 720 * 3600} {
		if got["recording_export_destination_"+name] != want {
			w.Errorf("%s is %v, want %v", name, got["recording_export_destination_"+name], want)
		}
	}
}

// expectUntouched: an operator that has looked at a destination has not verified it.
func (w *story) expectUntouched(destination *v1alpha1.ExportDestination, ended *metav1.Time) {
	w.Helper()
	w.Refresh(destination)
	destination.Spec.LoadFiles = !destination.Spec.LoadFiles
	w.Update(destination)
	testenv.Eventually(w, "it was looked at", func() bool {
		w.Refresh(destination)
		return destination.Status.ObservedGeneration == destination.Generation
	})
	v := destination.Status.Verification
	if !v.CompletionTime.Equal(ended) || v.Progress != "" || v.NextTime == nil || v.NextTime.Sub(ended.Time) != 720*time.Hour {
		w.Errorf("%+v, want one that ended at %v", v, ended)
	}
}

// stopVerifying: a destination that is not verified says nothing of it.
func (w *story) stopVerifying(destination *v1alpha1.ExportDestination) {
	w.Helper()
	destination.Spec.VerifyEvery = nil
	w.Update(destination)
	testenv.Eventually(w, "nothing is said of verifications", func() bool {
		w.Refresh(destination)
		return destination.Status.Verification == nil && meta.FindStatusCondition(destination.Status.Conditions, v1alpha1.ConditionVerified) == nil
	})
}

// TestAnArchiveThatIsTakenAway: nothing in the place where it was shows that, but
// its export does.
func TestAnArchiveThatIsTakenAway(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.Conversations = 30 })
	w.Create(w.Secret(simulator.DefaultClientSecret))
	w.Create(w.Organization())
	destination, export := monthly(w.Destination()), w.Export(nil)
	w.Create(destination)
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	if err := os.Rename(w.Archive(), filepath.Join(w.Root, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	w.verifyNow(destination, "it is gone")
	if says := w.awaitVerified(destination, metav1.ConditionFalse, v1alpha1.ReasonVerificationFailed); !strings.Contains(says, "first: case-1 (Missing)") {
		t.Error(says)
	}
	if err := os.Mkdir(w.Archive(), 0o750); err != nil {
		t.Fatal(err)
	}
	w.verifyNow(destination, "nothing is left but the folder")
	if says := w.awaitVerified(destination, metav1.ConditionFalse, v1alpha1.ReasonVerificationFailed); !strings.Contains(says, "first: case-1 (Missing)") {
		t.Error(says)
	}
	if err := errors.Join(os.Remove(w.Archive()), os.Rename(filepath.Join(w.Root, "elsewhere"), w.Archive())); err != nil {
		t.Fatal(err)
	}
	w.verifyNow(destination, "it is back")
	w.awaitVerified(destination, metav1.ConditionTrue, v1alpha1.ReasonVerified)
}

// TestEvidenceInS3IsVerified: as in a directory; and a bucket that is away is
// waited for, which is not a fault of the evidence.
func TestEvidenceInS3IsVerified(t *testing.T) {
	w := newS3Story(t)
	w.Create(w.accessKey(s3server.SecretAccessKey))
	destination, export := monthly(w.bucket(nil)), w.Export(nil)
	w.Create(destination)
	w.Create(export)
	w.start()
	w.Await(export, v1alpha1.ReasonComplete)
	w.verifyNow(destination, "first")
	w.awaitVerified(destination, metav1.ConditionTrue, v1alpha1.ReasonVerified)

	key := w.s3.Keys("evidence", "legal/cases/case-1/seals/1/conversations.csv")[0]
	sound := w.replace(key, []byte("conversation_id\n"))
	w.verifyNow(destination, "replaced")
	says := w.awaitVerified(destination, metav1.ConditionFalse, v1alpha1.ReasonVerificationFailed)
	if !strings.Contains(says, "case-1/seals/1/conversations.csv (Altered)") || !strings.Contains(says, "verify --running s3://evidence/legal/cases ") {
		t.Error(says)
	}
	w.replace(key, sound)
	w.verifyNow(destination, "put right")
	w.awaitVerified(destination, metav1.ConditionTrue, v1alpha1.ReasonVerified)

	w.s3.Kill()
	w.Refresh(destination)
	metav1.SetMetaDataAnnotation(&destination.ObjectMeta, v1alpha1.AnnotationRetry, "away")
	w.Update(destination)
	w.awaitVerified(destination, metav1.ConditionUnknown, v1alpha1.ReasonDestinationUnavailable)
	w.s3.Run()
	w.verifyNow(destination, "back")
	w.awaitVerified(destination, metav1.ConditionTrue, v1alpha1.ReasonVerified)
	w.nothingLeaked()
}

// replace puts another object, a new version, under a key, and returns what was there.
func (w *s3Story) replace(key string, content []byte) []byte {
	w.Helper()
	was, err := w.s3.Client().GetObject(w.Context(), &s3.GetObjectInput{Bucket: aws.String("evidence"), Key: &key})
	if err != nil {
		w.Fatal(err)
	}
	var old bytes.Buffer
	_, err = old.ReadFrom(was.Body)
	if err == nil {
		_, err = w.s3.Client().PutObject(w.Context(), &s3.PutObjectInput{Bucket: aws.String("evidence"), Key: &key, Body: bytes.NewReader(content)})
	}
	if err != nil {
		w.Fatal(err)
	}
	return old.Bytes()
}
