//go:build cosign

package evidence

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cosign returns the command of a VERIFY.txt that runs cosign.
func cosign(t *testing.T, text string) string {
	t.Helper()
	content, err := os.ReadFile(text)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if command, ok := strings.CutPrefix(strings.TrimSpace(line), "cosign "); ok {
			return "cosign " + command
		}
	}
	t.Fatalf("%s does not run cosign", text)
	return ""
}

// TestCosign: cosign accepts what is signed, offline, and nothing else.
func TestCosign(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1") // offline, also where there is a network
	root := t.TempDir()
	folder := filepath.Join(root, "bags", "c")
	bag := sampleBag(t, folder)
	bag.Signing = (&memory{t: t}).signing()
	if _, err := bag.Seal(t.Context(), os.DirFS(folder), creator(folder)); err != nil {
		t.Fatal(err)
	}
	seal := sampleSeal(t, root)
	seal.Signing = (&memory{t: t}).signing()
	if _, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root)); err != nil {
		t.Fatal(err)
	}
	command := cosign(t, filepath.Join(folder, custody, instructions))
	for _, subject := range []string{payloadManifest, bagInfo, bagLog} {
		about, _ := strings.CutSuffix(command, payloadManifest)
		if err := run(t, folder, about+subject); err != nil {
			t.Error(err)
		}
	}
	other, _ := strings.CutSuffix(command, payloadManifest)
	if run(t, folder, other+IndexTable) == nil {
		t.Error("cosign takes a file that the statement does not speak of")
	}
	sealed := filepath.Join(root, "seals", "1")
	command = cosign(t, filepath.Join(sealed, instructions))
	if err := run(t, sealed, command); err != nil {
		t.Error(err)
	}
	if err := run(t, sealed, strings.Replace(command, "--key signer.pub", "--key "+filepath.Join(folder, custody, signerKey), 1)); err == nil {
		t.Error("cosign takes another key")
	}
	overwrite(t, filepath.Join(sealed, payloadManifest), "other\n")
	if run(t, sealed, command) == nil {
		t.Error("cosign takes another manifest")
	}
}
