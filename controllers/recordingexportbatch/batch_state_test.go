package recordingexportbatch

import (
	"io"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// TestABagThatCannotBeReadIsNotTakenForSealed: an archive that fails for a moment
// must not end a batch.
func TestABagThatCannotBeReadIsNotTakenForSealed(t *testing.T) {
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	for key, content := range map[string]string{
		evidence.BagFolder("b") + "/" + evidence.BagDeclaration:     "BagIt-Version: 1.0\n",
		evidence.BagFolder("b") + "/tagmanifest-sha256.txt":         "",
		evidence.BagFolder("b") + "/" + evidence.ConversationsTable: "not,what,it,was\n",
		evidence.BagFolder("b") + "/" + evidence.IndexTable:         "nor,this\n",
		evidence.BagFolder("b") + "/" + evidence.FilesTable:         "nor,this\n",
		artifacts.OutcomeKey("b"):                                   "{",
	} {
		err := store.Create(t.Context(), key, func(w io.Writer) error {
			_, err := io.WriteString(w, content)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if sealed, err := readSealed(t.Context(), store, "b"); err == nil || sealed != nil {
		t.Errorf("readSealed: %v, %v; want an error and nothing else", sealed, err)
	}
	if outcome, err := readOutcome(t.Context(), store, "b"); err == nil || outcome != nil {
		t.Errorf("readOutcome: %v, %v; want an error and nothing else", outcome, err)
	}
	if sealed, err := readSealed(t.Context(), store, "none"); err != nil || sealed != nil {
		t.Errorf("readSealed of what is not there: %v, %v", sealed, err)
	}
}
