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
	seals, bags, digests := s.commands()
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

// commands reads the commands from the last report: those for the folder seals,
// those for the folder bags, and what prints the seals' digests.
func (s *sealed) commands() (seals, bags, digests string) {
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
	if len(blocks) != 4 || !strings.HasPrefix(blocks[3], "kubectl genesys-export verify ") {
		s.Fatalf("the commands are %q", blocks)
	}
	return blocks[0], blocks[1], blocks[2]
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
