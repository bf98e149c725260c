package recordingexportbatch

import (
	"io"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/slicing"
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

// TestTheSubjectOfMessages is named for a single conversation of the lane Isolated.
func TestTheSubjectOfMessages(t *testing.T) {
	const id, second = "6a1f0c3e-0000-4000-8000-000000000001", "6a1f0c3e-0000-4000-8000-000000000002"
	tests := map[string]struct {
		lane slicing.Lane
		of   []evidence.Conversation
		want string
	}{
		"one":              {slicing.Isolated, []evidence.Conversation{{ID: id}}, "conversation " + id},
		"under legal hold": {slicing.Isolated, []evidence.Conversation{{ID: id, Held: evidence.HoldAnswer{Held: true}}}, "conversation " + id + " (under legal hold)"},
		"recordings":       {slicing.Isolated, []evidence.Conversation{{ID: id, Only: []string{second, "../no id"}}}, "conversation " + id + ", recording " + second},
		"many recordings":  {slicing.Isolated, []evidence.Conversation{{ID: id, Only: []string{id, id, id, id, id}}}, "conversation " + id + ", recording " + id + ", " + id + ", " + id + " and 2 more"},
		"several":          {slicing.Isolated, []evidence.Conversation{{ID: id}, {ID: second}}, ""},
		"another lane":     {slicing.Standard, []evidence.Conversation{{ID: id}}, ""},
		"no id of Genesys": {slicing.Isolated, []evidence.Conversation{{ID: "../no id"}}, ""},
		"no conversations": {slicing.Isolated, nil, ""},
	}
	for name, tt := range tests {
		if got := subject(artifacts.Slice{Lane: tt.lane, Conversations: tt.of}); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
