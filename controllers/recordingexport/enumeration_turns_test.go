package recordingexport

import "testing"

// TestTurnsGoWithTheLastExport of their namespace: before, one that is waited for must stay.
func TestTurnsGoWithTheLastExport(t *testing.T) {
	export := wholeExport()
	export.Name = "case-2"
	h := newHarness(t, export)
	turn := h.memory.turns.turn("legal", "a")
	if h.memory.turns.turn("legal", "a") != turn || h.memory.turns.turn("legal", "b") == turn || h.memory.turns.turn("sales", "a") == turn {
		t.Error("the turns are not one for each name in a namespace")
	}
	h.reconcile() // case-1 is gone, case-2 is not
	if len(h.memory.turns.byNamespace["legal"]) != 2 {
		t.Errorf("%d turns are remembered, want 2", len(h.memory.turns.byNamespace["legal"]))
	}
	if err := h.api.Delete(t.Context(), export); err != nil {
		t.Fatal(err)
	}
	h.reconcile()
	if len(h.memory.turns.byNamespace) != 1 {
		t.Errorf("%d namespaces are remembered, want that of sales", len(h.memory.turns.byNamespace))
	}
}
