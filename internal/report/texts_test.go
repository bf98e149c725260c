package report_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

var update = flag.Bool("update", false, "write the golden files of the present version of the texts")

// TestWordsOfThisVersion: the texts about an account are, byte for byte, those of the
// golden files of their version. A verification compares texts of the same version only, so
// other words need another number.
func TestWordsOfThisVersion(t *testing.T) {
	t.Parallel()
	checkWords(t, specimen.New(t, nil), "")
	checkWords(t, specimen.NewReferring(t, nil), "referring-")
}

func checkWords(t *testing.T, a *specimen.Archive, prefix string) {
	t.Helper()
	for number := 1; number <= 2; number++ {
		for _, name := range []string{"certification.txt", "report.html"} {
			got := a.Read(evidence.SealFolder(number) + "/" + name)
			golden := filepath.Join("testdata", "texts", fmt.Sprintf("v%d", evidence.TextsVersion), fmt.Sprintf("%s%d-%s", prefix, number, name))
			if *update {
				if err := os.MkdirAll(filepath.Dir(golden), 0o750); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s of seal %d is not %s (%v): if its words changed, raise evidence.TextsVersion and run this test with -update", name, number, golden, err)
			}
		}
	}
}
