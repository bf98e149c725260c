package verify_test

import (
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// TestTakeOversAreChecked: whoever changes who owned an archive, and makes all digests
// fit, has to do so in export.json, in each seal's account and in its log.
func TestTakeOversAreChecked(t *testing.T) {
	t.Parallel()
	old, taken := specimen.ID(901), specimen.ID(903)
	tests := map[string]struct {
		file, from, to string
		says           string
	}{
		"not listed":             {"seals/2/account.json", `"from": "` + old, `"from": "` + taken, "take-over 1 from cluster " + taken},
		"listed by another":      {"seals/2/account.json", `"to": "` + taken, `"to": "` + specimen.ID(904), "but the previous seal has 0 and the log of this seal 1"},
		"begun by another":       {"export.json", old, specimen.ID(904), "its cluster is " + old},
		"sealed for another":     {"seals/1/account.json", `"clusterId": "` + old, `"clusterId": "` + taken, "its cluster is " + taken},
		"another former account": {"seals/1/account.json", `"sealedAt"`, `"takenOver": [{"from": "` + old + `", "to": "` + taken + `", "at": "2023-10-01T00:00:00Z"}], "sealedAt"`, "but the previous seal has 0 and the log of this seal 0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := specimen.New(t, nil)
			a.Replace(tt.file, tt.from, tt.to)
			for number := 1; number <= 2; number++ {
				a.Reseal(number)
			}
			var says []string
			for _, f := range archive(t, a, verify.Options{}).Findings {
				says = append(says, f.Says)
			}
			if !strings.Contains(strings.Join(says, "\n"), tt.says) {
				t.Errorf("findings do not say %q:\n%s", tt.says, strings.Join(says, "\n"))
			}
		})
	}
}
