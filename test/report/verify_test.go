package report

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// TestWhatTheReportSaysToVerify: the commands of the report, as they stand there,
// find nothing in a sound archive, and each change.
func TestWhatTheReportSaysToVerify(t *testing.T) {
	s := troubled(t)
	commands := s.commands()
	if len(commands) != 6 {
		t.Fatalf("the commands are %q", commands)
	}
	seals, bags, digests := commands[0], commands[1], commands[4]
	if says := s.shell("seals", seals) + s.shell("bags", bags); says != "" {
		t.Errorf("of a sound archive the commands say %s", says)
	}
	if says := s.shell("seals", digests); !strings.Contains(says, s.digest+"  2/manifest-sha256.txt") {
		t.Errorf("%s says %s", digests, says)
	}
	recording, err := filepath.Glob(s.root + "/bags/*/data/recordings/*/*/*")
	if err != nil || len(recording) == 0 {
		t.Fatal(err, recording)
	}
	for path, found := range map[string]struct{ in, command, says string }{
		s.root + "/seals/1/report.html":                {"seals", seals, "NOT AS SEALED: 1/"},
		s.root + "/seals/2/account.json":               {"seals", seals, "NOT AS SEALED: 2/"},
		recording[0]:                                   {"bags", bags, "NOT AS SEALED: case-4711-"},
		filepath.Join(s.root, "bags", s.tagManifest()): {"seals", seals, "NOT AS SEALED: 2/"},
	} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s.overwrite(path, append([]byte("#"), content...))
		if says := s.shell(found.in, found.command); !strings.Contains(says, found.says) {
			t.Errorf("after a change of %s the commands say %q", path, says)
		}
		s.overwrite(path, content)
	}
}

// tagManifest is one of a bag of the second seal.
func (s *sealed) tagManifest() string {
	s.Helper()
	paths, err := filepath.Glob(s.root + "/bags/*-d1/tagmanifest-sha256.txt")
	if err != nil || len(paths) != 1 {
		s.Fatal(err, paths)
	}
	return filepath.Join(filepath.Base(filepath.Dir(paths[0])), "tagmanifest-sha256.txt")
}

func (s *sealed) overwrite(path string, content []byte) {
	s.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		s.Fatal(err)
	}
}

// commands reads the commands from the last report. The last one is of our own program.
func (s *sealed) commands() []string {
	s.Helper()
	file, err := os.Open(filepath.Join(s.root, evidence.SealFolder(s.account.Number), "report.html"))
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	page, err := html.Parse(file)
	if err != nil {
		s.Fatal(err)
	}
	var blocks []string
	for node := range page.Descendants() {
		if node.Data == "pre" && node.Parent.Data == "li" {
			blocks = append(blocks, node.FirstChild.FirstChild.Data)
		}
	}
	if len(blocks) < 4 || !strings.HasPrefix(blocks[len(blocks)-1], "kubectl genesys-export verify ") {
		s.Fatalf("the commands are %q", blocks)
	}
	return blocks
}

// TestWhatTheReportSaysOfSignatures: its commands verify the signature, name the key
// and verify the time; and none of it if the manifest is another.
func TestWhatTheReportSaysOfSignatures(t *testing.T) {
	s := troubled(t)
	signature, stamp := s.commands()[2], s.commands()[3]
	authority, err := os.ReadFile(s.tsa.CA)
	if err != nil {
		t.Fatal(err)
	}
	s.overwrite(s.root+"/seals/2/tsa.pem", authority)
	if says := s.shell("seals/2", signature); !strings.HasPrefix(says, "Verified OK\n") || !strings.Contains(says, s.account.SigningKey+"  -\n") {
		t.Errorf("of a sound seal the commands say %s", says)
	}
	if says := s.shell("seals/2", stamp); !strings.Contains(says, "Verification: OK\n") || !strings.Contains(says, "Time stamp: ") {
		t.Errorf("of a sound time stamp the commands say %s", says)
	}
	s.overwrite(s.root+"/seals/2/manifest-sha256.txt", []byte("other\n"))
	for _, command := range []string{signature, stamp} {
		verify, _, _ := strings.Cut(command, "\n")
		if says := s.shell("seals/2", verify+" || echo NOT VERIFIED"); !strings.Contains(says, "NOT VERIFIED\n") {
			t.Errorf("of another manifest %s says %s", verify, says)
		}
	}
}

// TestWhatTheReportOfAnUnsignedSealSays: no command is about signatures.
func TestWhatTheReportOfAnUnsignedSealSays(t *testing.T) {
	if commands := complete(t).commands(); len(commands) != 4 || strings.Contains(strings.Join(commands, "\n"), "openssl") {
		t.Errorf("the commands are %q", commands)
	}
}

// shell runs commands in a folder of the archive.
func (s *sealed) shell(folder, commands string) string {
	s.Helper()
	shell := exec.CommandContext(s.Context(), "sh", "-c", commands)
	shell.Dir = filepath.Join(s.root, folder)
	says, err := shell.CombinedOutput()
	if err != nil {
		s.Fatalf("%s: %v: %s", commands, err, says)
	}
	return string(says)
}
