package story

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// row is a line of a CSV file by the names of its columns.
type row map[string]string

func readCSV(t *testing.T, path string) []row {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for _, line := range lines[1:] {
		r := row{}
		for i, name := range lines[0] {
			r[name] = line[i]
		}
		rows = append(rows, r)
	}
	return rows
}

// judge looks at a sealed archive as a third party would, with sha256sum and
// without any of the exporter's code, and compares it with the truth: each
// recording that wanted names is there once, byte for byte, and no other is.
func (w *world) judge(wanted []simulator.Recording) {
	w.t.Helper()
	bags, err := filepath.Glob(filepath.Join(w.archive(), "bags", "*"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, bag := range bags {
		w.sha256sum(bag, "manifest-sha256.txt")
		w.sha256sum(bag, "tagmanifest-sha256.txt")
		if _, err := os.Stat(filepath.Join(bag, "bagit.txt")); err != nil {
			w.t.Error(err)
		}
	}
	seal := filepath.Join(w.archive(), "seals", "1")
	w.sha256sum(seal, "manifest-sha256.txt")
	w.sha256sum(seal, "bags-sha256.txt")

	files := w.storedFiles()
	for _, r := range wanted {
		for i, file := range r.Files() {
			key := r.ConversationID + "/" + r.ID + "/" + []string{"01", "02", "03", "04"}[i]
			if files[key] != file.SHA256 {
				w.t.Errorf("%s recording %s is stored as %q, want %s", r.Medium, key, files[key], file.SHA256)
			}
			delete(files, key)
		}
	}
	for key := range files {
		w.t.Errorf("%s is stored and not wanted", key)
	}
}

// storedFiles returns the SHA-256 of each recording's files in all bags, by
// conversation, recording and number.
func (w *world) storedFiles() map[string]string {
	w.t.Helper()
	paths, err := filepath.Glob(filepath.Join(w.archive(), "bags", "*", "data", "recordings", "*", "*", "*"))
	if err != nil {
		w.t.Fatal(err)
	}
	files := map[string]string{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			w.t.Fatal(err)
		}
		parts := strings.Split(path, "/")
		number, _, _ := strings.Cut(parts[len(parts)-1], ".")
		key := strings.Join(append(parts[len(parts)-3:len(parts)-1:len(parts)-1], number), "/")
		if files[key] != "" {
			w.t.Errorf("%s is stored twice", key)
		}
		sum := sha256.Sum256(content)
		files[key] = hex.EncodeToString(sum[:])
	}
	return files
}

func (w *world) sha256sum(folder, manifest string) {
	w.t.Helper()
	check := exec.CommandContext(w.t.Context(), "sha256sum", "--check", "--strict", "--quiet", manifest)
	check.Dir = folder
	if output, err := check.CombinedOutput(); err != nil {
		w.t.Errorf("%s/%s: %v: %s", folder, manifest, err, output)
	}
}

// exportable are the recordings of conversations that started on the day.
func (w *world) exportable() []simulator.Recording {
	return w.sim.Dataset().Started(day, day.AddDate(0, 0, 1)).Recordings()
}
