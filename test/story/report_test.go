package story

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// TestTheReportOfAnExport: the seal of an export contains a report that tells, in its
// manifest, of the same numbers as the export's status.
func TestTheReportOfAnExport(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	w.Start()
	export := w.Export(func(spec *v1alpha1.RecordingExportSpec) {
		spec.MediaTypes = []v1alpha1.Medium{v1alpha1.MediumCall, v1alpha1.MediumScreen}
		spec.Attributes = map[string]v1alpha1.AttributeValue{"note": `<img src=x onerror="alert(1)">`}
	})
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)

	seal := w.seals()[0]
	page, err := os.ReadFile(filepath.Join(seal, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	var exported int64
	for _, lane := range export.Status.Lanes {
		exported += lane.Recordings.Exported
	}
	w.expectReport(seal,
		"Everything that was requested and that Genesys Cloud listed is in the archive.",
		fmt.Sprintf(`<td class="n" id="recordings-exported"><data value="%d">`, exported),
		fmt.Sprintf(`<span id="bytes"><data value="%d">`, export.Status.Bytes),
		`<dd>voice calls, screen recordings</dd>`, "The request does not include recordings of this kind.",
		"&lt;img src=x onerror=&#34;alert(1)&#34;&gt;", "This seal is not signed",
	)
	if strings.Contains(string(page), "<img") {
		t.Error("the report has an image")
	}
}

// expectReport looks for texts in the report of a seal, which its manifest lists.
func (w *story) expectReport(seal string, texts ...string) {
	w.Helper()
	page, err := os.ReadFile(filepath.Join(seal, "report.html"))
	if err != nil {
		w.Fatal(err)
	}
	manifest, err := os.ReadFile(filepath.Join(seal, "manifest-sha256.txt"))
	if want := fmt.Sprintf("%x  report.html\n", sha256.Sum256(page)); err != nil || !strings.Contains(string(manifest), want) {
		w.Errorf("the manifest of %s does not list %s, %v:\n%s", seal, want, err, manifest)
	}
	for _, text := range texts {
		if !strings.Contains(string(page), text) {
			w.Errorf("the report of %s does not say %q", seal, text)
		}
	}
}
