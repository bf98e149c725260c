package verify_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// TestEarlierTextsVerify: a seal that an earlier version of the exporter made, in its own
// words, has no findings. The golden files of internal/report have the words of each version.
func TestEarlierTextsVerify(t *testing.T) {
	t.Parallel()
	for version := 1; version < evidence.TextsVersion; version++ {
		a := specimen.New(t, nil)
		account := "seals/2/account.json"
		a.Replace(account, fmt.Sprintf(`"texts": %d`, evidence.TextsVersion), fmt.Sprintf(`"texts": %d`, version))
		for _, name := range []string{"certification.txt", "report.html"} {
			golden, err := os.ReadFile(fmt.Sprintf("../report/testdata/texts/v%d/2-%s", version, name))
			if err != nil {
				t.Fatal(err)
			}
			a.Write("seals/2/"+name, golden)
		}
		a.Reseal(2)
		verdict := archive(t, a, verify.Options{Version: "v1.0.0"})
		var says []string
		for _, f := range verdict.Findings {
			says = append(says, f.String())
		}
		if len(says) > 0 || verdict.OtherTexts != 1 {
			t.Errorf("version %d: %d seals have other words, findings:\n%s", version, verdict.OtherTexts, strings.Join(says, "\n"))
		}
	}
}
