package evidence

import (
	"bytes"
	"embed"
	"encoding/json"
	"text/template"
)

//go:embed texts
var textFiles embed.FS

// TextsVersion is the version of the words of certification.txt and report.html, which
// follow from the account: whoever has the same version can make them again and compare
// them. It is raised with every change of these words (the golden files in
// internal/report/testdata/texts show one). The figures that verify compares in any version
// stay where they are: those with an id in the report, and the lines "Conversations:" and
// "Recordings:" of the certification.
const TextsVersion = 2

// texts are for people: how to verify, and what to certify.
var texts = template.Must(template.New("").Funcs(template.FuncMap{"stamp": stamp}).ParseFS(textFiles, "texts/*.txt"))

// verification is what a text says of signatures.
type verification struct {
	Key, Predicate string
	Timestamp      bool
	// Referenced tells that files are outside the archive.
	Referenced bool
	// NoBags tells that the seal contains no bags, so that its list of bags is empty.
	NoBags bool
}

// fillText fills in one of the texts.
func fillText(name string, values any) ([]byte, error) {
	var b bytes.Buffer
	err := texts.ExecuteTemplate(&b, name, values)
	return b.Bytes(), err
}

// verification is what there is to be verified of what is signed.
func (p signingState) verification(predicate string) verification {
	if p.signer == nil {
		return verification{}
	}
	return verification{Key: p.signer.ID(), Predicate: predicate, Timestamp: p.signer.Authority != nil}
}

// Certification drafts what a person may certify of an account: certification.txt of
// its seal. It follows from the account alone.
func Certification(account Account) ([]byte, error) {
	var terms struct {
		Attributes map[string]string `json:"attributes"`
	}
	if err := json.Unmarshal(account.Export.Spec, &terms); err != nil {
		return nil, err
	}
	scope, err := ReadScope(account.Export.Spec)
	if err != nil {
		return nil, err
	}
	limits := ""
	if scope != nil {
		limits = Printable(scope.Limits(), attributeLimit)
	}
	attributes := map[string]string{}
	for name, value := range terms.Attributes {
		attributes[Printable(name, attributeLimit)] = Printable(value, attributeLimit)
	}
	return fillText("certification.txt", struct {
		Account    Account
		Totals     Counts
		Terms      string
		Limits     string
		Attributes map[string]string
	}{account, account.Totals(), string(account.Export.Spec), limits, attributes})
}

// attributeLimit is how much of an attribute is shown, in runes: no less than a
// spec may contain.
const attributeLimit = 1024
