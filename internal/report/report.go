// Package report tells people what a seal tells programs: a page in plain words
// for a lawyer, with a picture of the window and instructions to verify.
//
// It is pure: it reads the archive through io/fs and writes to a writer. The page
// has no script and asks for nothing from elsewhere; its one style sheet is the
// only thing that its content security policy allows. All text that is not of
// the template is of type text, which only clean makes.
package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// Report is what a report is made from.
type Report struct {
	evidence.Reported
	Findings evidence.Findings
}

var (
	//go:embed report.html.tmpl
	page string
	//go:embed style.css
	style string

	pages = template.Must(template.New("report").Funcs(template.FuncMap{"n": func(n int64) amount { return amount(n) }}).Parse(page))
)

// Seal writes the report of a seal whose tables are stored below root.
func Seal(w io.Writer, root fs.FS, of evidence.Reported) error {
	findings, err := evidence.ReadFindings(root, of.Account)
	if err != nil {
		return err
	}
	return Write(w, Report{of, findings})
}

// Write writes the report as one HTML page that is well-formed XML too.
func Write(w io.Writer, r Report) error {
	var out bytes.Buffer
	if err := pages.Execute(&out, r.view()); err != nil {
		return err
	}
	_, err := w.Write(out.Bytes())
	return err
}

// styleHash is how the content security policy names the style sheet.
func styleHash() string {
	sum := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
