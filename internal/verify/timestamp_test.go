package verify_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

const authority = `[tsa]
default_tsa = one
[one]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
`

// authorityOf makes a time-stamp authority, and returns what stamps a file.
func authorityOf(t *testing.T) func(file string) []byte {
	t.Helper()
	folder := t.TempDir()
	openssl := func(arguments ...string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), "openssl", arguments...)
		command.Dir = folder
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("openssl %s: %v: %s", strings.Join(arguments, " "), err, output)
		}
	}
	for name, content := range map[string]string{"tsa.cnf": authority, "serial": "01\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tsa.key", "-out", "tsa.pem",
		"-subj", "/CN=authority", "-addext", "extendedKeyUsage=critical,timeStamping")
	return func(file string) []byte {
		t.Helper()
		openssl("ts", "-query", "-data", file, "-sha256", "-cert", "-out", "query")
		openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply")
		reply, err := os.ReadFile(filepath.Join(folder, "reply"))
		if err != nil {
			t.Fatal(err)
		}
		return reply
	}
}

func TestATimestampIsOfTheManifest(t *testing.T) {
	t.Parallel()
	stamp := authorityOf(t)
	tests := map[string]struct {
		content func(a *specimen.Archive) []byte
		kind    verify.Kind
	}{
		"of the manifest":       {func(a *specimen.Archive) []byte { return stamp(a.Path("seals/2/manifest-sha256.txt")) }, ""},
		"of another manifest":   {func(a *specimen.Archive) []byte { return stamp(a.Path("seals/1/manifest-sha256.txt")) }, verify.Signature},
		"that is none":          {func(*specimen.Archive) []byte { return []byte("yesterday") }, verify.Malformed},
		"with something behind": {func(a *specimen.Archive) []byte { return append(stamp(a.Path("seals/2/manifest-sha256.txt")), 0) }, verify.Malformed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := specimen.New(t, specimen.NewSigner(t))
			a.Replace("seals/2/account.json", "\n  \"texts\":", "\n  \"timestamped\": true,\n  \"texts\":")
			a.Retell(2)
			a.Reseal(2)
			a.Write("seals/2/manifest-sha256.txt.tsr", tt.content(a))
			r := archive(t, a, verify.Options{})
			switch {
			case tt.kind == "" && len(r.Findings) > 0:
				t.Errorf("findings %v", r.Findings)
			case tt.kind != "" && (len(r.Findings) != 1 || r.Findings[0].Kind != tt.kind):
				t.Errorf("findings %v, want one of kind %s", r.Findings, tt.kind)
			}
		})
	}
}
