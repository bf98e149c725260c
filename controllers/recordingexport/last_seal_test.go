package recordingexport

import (
	"io"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// TestASealThatCannotBeReadIsNotTakenForSealed: an archive that fails for a
// moment must not end an export.
func TestASealThatCannotBeReadIsNotTakenForSealed(t *testing.T) {
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	sealing := plan.Entry{Sealing: &plan.Sealing{Number: 1, Until: first.Add(day)}}
	s := &loaded{claimed: claimedFor(newExport(), store), plan: logOf(t, window(0, day), sealing)}
	if err := s.readSeal(t.Context()); err != nil || s.sealed != nil {
		t.Errorf("readSeal of what is not there: %v, %v", s.sealed, err)
	}
	for name, content := range map[string]string{"manifest-sha256.txt": "", evidence.AccountFile: "{"} {
		err := store.Create(t.Context(), evidence.SealFolder(1)+"/"+name, func(w io.Writer) error {
			_, err := io.WriteString(w, content)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.readSeal(t.Context()); err == nil || s.sealed != nil {
		t.Errorf("readSeal: %v, %v; want an error and nothing else", s.sealed, err)
	}
}
