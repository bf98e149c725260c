package exportdestination

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// nobodyKnows is for exports of which none names an access key.
func nobodyKnows(*v1alpha1.RecordingExport) openReferenced { return nil }

// checkReferring checks an archive that refers to files in a bucket.
func checkReferring(t *testing.T, a *specimen.Archive, open openReferenced) found {
	t.Helper()
	fsys := os.DirFS(filepath.Dir(a.Root))
	check := archiveCheck{
		fsys: fsys, namespace: "legal", run: &run{}, readers: 1, now: time.Now,
		referenced: func(of *v1alpha1.RecordingExport) openReferenced {
			if of.Name != "case-1" {
				t.Errorf("files outside of %s", of.Name)
			}
			return open
		},
		exports: func(context.Context) (map[string]*v1alpha1.RecordingExport, error) {
			return exportsNaming(map[string]v1alpha1.SealStatus{"case-1": {}, "case-2": {}}), nil
		},
	}
	got, err := check.verifyOnce(t.Context(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestReferencedFilesAreVerified with the access key of the export; without one they are counted, and
// nothing is wrong.
func TestReferencedFilesAreVerified(t *testing.T) {
	a := specimen.NewReferring(t, nil)
	faults := func(of found) (n int) {
		for _, f := range of.findings {
			if f.Path != "seals" && strings.HasPrefix(f.Path, "bags/") {
				n++
			}
		}
		return n
	}
	read, unread := checkReferring(t, a, a.OpenReferenced), checkReferring(t, a, nil)
	if faults(read) != 0 || read.unchecked != 0 || faults(unread) != 0 || unread.unchecked != 6 || read.files != unread.files+6 {
		t.Errorf("read: %+v, not read: %+v", read, unread)
	}
	matches, err := filepath.Glob(filepath.Join(a.Buckets, specimen.Bucket, "*", "*", "*", "*", "*", "*", "*.wav"))
	if err != nil || len(matches) != 6 {
		t.Fatal(matches, err)
	}
	if err := os.WriteFile(matches[0], []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	changed := checkReferring(t, a, a.OpenReferenced)
	if !slices.ContainsFunc(changed.findings, func(f verify.Finding) bool { return f.Kind == verify.Altered }) {
		t.Errorf("%+v", changed.findings)
	}
}

// TestWhoKnowsTheBucket: the export whose archive it is, as long as it exists. One list of the exports
// tells that and the seals, for each time that an archive is verified.
func TestWhoKnowsTheBucket(t *testing.T) {
	a := specimen.NewReferring(t, nil)
	export := &v1alpha1.RecordingExport{
		ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "renamed"}, Status: v1alpha1.RecordingExportStatus{Archive: "legal/evidence/case-1"},
	}
	scheme := fake.NewClientBuilder().Build().Scheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	for name, exists := range map[string]bool{"it exists": true, "it was deleted": false} {
		t.Run(name, func(t *testing.T) {
			objects := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(export)
			if exists {
				objects.WithObjects(export)
			}
			lists := 0
			work := verificationWork{
				objects: interceptor.NewClient(objects.Build(), interceptor.Funcs{
					List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, options ...client.ListOption) error {
						lists++
						return c.List(ctx, list, options...)
					},
				}),
				location: func(*v1alpha1.ExportDestination) string { return "legal/evidence" },
				referenced: func(of *v1alpha1.RecordingExport) openReferenced {
					if of.Name != export.Name {
						t.Errorf("the bucket of %s", of.Name)
					}
					return a.OpenReferenced
				},
				clock: clock.RealClock{},
			}
			destination := &v1alpha1.ExportDestination{ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "evidence"}}
			got, err := work.newCheck(os.DirFS(filepath.Dir(a.Root)), destination, &run{}, transfer.Try{}).verifyOnce(t.Context(), "case-1")
			if err != nil || (got.unchecked == 0) != exists || lists != 1 {
				t.Errorf("%d files were not read, %v; the exports were listed %d times", got.unchecked, err, lists)
			}
		})
	}
}

// TestTheConditionSaysWhatWasNotRead, how many files, and what to do. The destination is not reported as
// verified without more.
func TestTheConditionSaysWhatWasNotRead(t *testing.T) {
	destination := &v1alpha1.ExportDestination{Spec: v1alpha1.ExportDestinationSpec{Directory: &v1alpha1.DirectoryDestination{}}}
	destination.Status.Location = "legal/evidence"
	destination.Status.Verification = &v1alpha1.VerificationStatus{}
	applyConclusion(&destination.Status, conclusion{ended: time.Now(), result: result{exports: 1, files: 9, unchecked: 6}})
	markVerified(destination, time.Now().Add(time.Hour), outcome.Done())
	condition := destination.Status.Conditions[0]
	if condition.Reason != v1alpha1.ReasonReferencedNotRead || condition.Status != metav1.ConditionTrue || destination.Status.Verification.ReferencedNotRead != 6 {
		t.Errorf("%+v", condition)
	}
	for _, want := range []string{"referenced recordings were not read: 6 files", "kubectl genesys-export verify --running ARCHIVE_ROOT/legal/evidence"} {
		if !strings.Contains(condition.Message, want) {
			t.Errorf("%q does not say %q", condition.Message, want)
		}
	}
}
