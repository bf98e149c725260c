package story

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// TestTheReportOfAnExport: the seal of an export holds a report that tells, in its
// manifest, of the same numbers as the export's status.
func TestTheReportOfAnExport(t *testing.T) {
	w := newStory(t, nil)
	w.Furnish()
	w.Start()
	export := w.Export(func(spec *v1alpha1.RecordingExportSpec) {
		spec.MediaTypes = []v1alpha1.Medium{v1alpha1.MediumCall, v1alpha1.MediumScreen}
		spec.Attributes = map[string]v1alpha1.AttributeValue{"note": `<img src=x onerror="alert(1)">`}
	})
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)

	folder := w.Archive() + "/seals/1/"
	page, err := os.ReadFile(folder + "report.html")
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := os.ReadFile(folder + "manifest-sha256.txt")
	if err != nil || !strings.Contains(string(manifest), "  report.html\n") {
		t.Errorf("the manifest does not list the report, %v:\n%s", err, manifest)
	}
	var exported int64
	for _, lane := range export.Status.Lanes {
		exported += lane.Recordings.Exported
	}
	for _, want := range []string{
		"Everything that was asked for, and that Genesys Cloud listed, is in the archive.",
		fmt.Sprintf(`<td class="n" id="recordings-exported"><data value="%d">`, exported),
		fmt.Sprintf(`<span id="bytes"><data value="%d">`, export.Status.Bytes),
		`<dd>voice calls, screen recordings</dd>`, "Recordings of this kind were not asked for.",
		"&lt;img src=x onerror=&#34;alert(1)&#34;&gt;",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the report does not say %s", want)
		}
	}
	if strings.Contains(string(page), "<img") {
		t.Error("the report has an image")
	}
}
