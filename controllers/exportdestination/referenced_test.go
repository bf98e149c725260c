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
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// nobodyKnows has no archive with an export that names an access key.
func nobodyKnows(context.Context, string) (openReferenced, error) { return nil, nil }

// checkReferring checks an archive that refers to files in a bucket.
func checkReferring(t *testing.T, a *specimen.Archive, open openReferenced) found {
	t.Helper()
	fsys := os.DirFS(filepath.Dir(a.Root))
	check := archiveCheck{
		fsys: fsys, namespace: "legal", run: &run{}, readers: 1, now: time.Now,
		referenced: func(_ context.Context, name string) (openReferenced, error) {
			if name != "case-1" {
				t.Errorf("files outside of %s", name)
			}
			return open, nil
		},
		seals: func(context.Context) (map[string]v1alpha1.SealStatus, error) {
			return map[string]v1alpha1.SealStatus{"case-1": {}}, nil
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

// TestWhoKnowsTheBucket: the export whose archive it is, as long as it exists.
func TestWhoKnowsTheBucket(t *testing.T) {
	export := &v1alpha1.RecordingExport{
		ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "case-1"}, Status: v1alpha1.RecordingExportStatus{Archive: "legal/evidence/case-1"},
	}
	scheme := fake.NewClientBuilder().Build().Scheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	work := verificationWork{
		objects:  fake.NewClientBuilder().WithScheme(scheme).WithObjects(export).WithStatusSubresource(export).Build(),
		location: func(*v1alpha1.ExportDestination) string { return "legal/evidence" },
		referenced: func(of *v1alpha1.RecordingExport) openReferenced {
			if of.Name != "case-1" {
				t.Errorf("the bucket of %s", of.Name)
			}
			return (&specimen.Archive{}).OpenReferenced
		},
	}
	destination := &v1alpha1.ExportDestination{ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "evidence"}}
	for name, want := range map[string]bool{"case-1": true, "case-2": false} {
		if open, err := work.openReferenced(t.Context(), destination, name); err != nil || (open != nil) != want {
			t.Errorf("%s: %t, %v", name, open != nil, err)
		}
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
