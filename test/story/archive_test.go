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

func readCSV(t testing.TB, path string) []row {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
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
func (w *story) judge(wanted []simulator.Recording) {
	w.Helper()
	bags, err := filepath.Glob(filepath.Join(w.Archive(), "bags", "*"))
	if err != nil {
		w.Fatal(err)
	}
	for _, bag := range bags {
		w.sha256sum(bag, "manifest-sha256.txt")
		w.sha256sum(bag, "tagmanifest-sha256.txt")
		if _, err := os.Stat(filepath.Join(bag, "bagit.txt")); err != nil {
			w.Error(err)
		}
	}
	for _, seal := range w.seals() {
		w.sha256sum(seal, "manifest-sha256.txt")
		w.sha256sum(seal, "bags-sha256.txt")
	}

	files := w.storedFiles()
	for _, r := range wanted {
		for i, file := range r.Files() {
			key := r.ConversationID + "/" + r.ID + "/" + []string{"01", "02", "03", "04"}[i]
			if files[key] != file.SHA256 {
				w.Errorf("%s recording %s is stored as %q, want %s", r.Medium, key, files[key], file.SHA256)
			}
			delete(files, key)
		}
	}
	for key := range files {
		w.Errorf("%s is stored and not wanted", key)
	}
}

// seals are the folders of the export's seals.
func (w *story) seals() []string {
	w.Helper()
	seals, err := filepath.Glob(filepath.Join(w.Archive(), "seals", "*"))
	if err != nil || len(seals) == 0 {
		w.Errorf("no seals: %v", err)
	}
	return seals
}

// storedFiles returns the SHA-256 of each recording's files in all bags, by
// conversation, recording and number.
func (w *story) storedFiles() map[string]string {
	w.Helper()
	paths, err := filepath.Glob(filepath.Join(w.Archive(), "bags", "*", "data", "recordings", "*", "*", "*"))
	if err != nil {
		w.Fatal(err)
	}
	files := map[string]string{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			w.Fatal(err)
		}
		parts := strings.Split(path, "/")
		number, _, _ := strings.Cut(parts[len(parts)-1], ".")
		key := strings.Join(append(parts[len(parts)-3:len(parts)-1:len(parts)-1], number), "/")
		if files[key] != "" {
			w.Errorf("%s is stored twice", key)
		}
		sum := sha256.Sum256(content)
		files[key] = hex.EncodeToString(sum[:])
	}
	return files
}

func (w *story) sha256sum(folder, manifest string) {
	w.Helper()
	check := exec.CommandContext(w.Context(), "sha256sum", "--check", "--strict", "--quiet", manifest)
	check.Dir = folder
	if output, err := check.CombinedOutput(); err != nil {
		w.Errorf("%s/%s: %v: %s", folder, manifest, err, output)
	}
}

// exportable are the recordings of conversations that started on the day.
func (w *story) exportable() []simulator.Recording {
	return w.Sim.Dataset().Started(day, day.AddDate(0, 0, 1)).Recordings()
}
