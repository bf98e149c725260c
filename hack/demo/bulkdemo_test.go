package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/controlplane"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// TestBulkDemo plays the demo of bulk jobs with fewer conversations and without delays. The demo itself
// checks that everything is exported, why jobs failed, and that the archive is sound.
func TestBulkDemo(t *testing.T) {
	t.Setenv(controlplane.AssetsVariable, testenv.Assets(t))
	t.Chdir("../..")
	folder := t.TempDir()
	s := bulkJobs(buildPrograms(t), filepath.Join(folder, "demo-bulk"))
	s.conversations, s.latency = 60, "0"
	moved := strings.NewReplacer(s.simulator, freeAddress(t), s.bucket, freeAddress(t))
	s.simulator, s.bucket = moved.Replace(s.simulator), moved.Replace(s.bucket)
	for i, path := range s.manifests {
		s.manifests[i] = copyManifests(t, path, filepath.Join(folder, "manifests", filepath.Base(path)), moved)
	}
	if err := runBulk(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

// buildPrograms builds what the demo runs.
func buildPrograms(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	arguments := []string{"build", "-o", folder}
	if race {
		arguments = append(arguments, "-race")
	}
	build := exec.CommandContext(t.Context(), "go", append(arguments, "./cmd/standalone", "./cmd/genesys-simulator", "./cmd/kubectl-genesys_export")...)
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return folder
}

// freeAddress returns an address at which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// copyManifests copies a file or the files of a directory with other addresses.
func copyManifests(t *testing.T, from, to string, moved *strings.Replacer) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(from, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		copyManifests(t, file, filepath.Join(to, filepath.Base(file)), moved)
	}
	if len(files) > 0 {
		return to
	}
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, []byte(moved.Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}
