package evidence

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestMismatch(t *testing.T) {
	spec := map[string]any{"attributes": map[string]string{"case": "1"}, "settleAfter": "48h0m0s", "media": []string{"Call"}}
	record := func(namespace, name, cluster, organization string, spec any) ExportRecord {
		r, err := NewExportRecord(namespace, name, cluster, organization, spec, day)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	mine := record("legal", "case-1", "here", "org", spec)
	indented := mine
	indented.Spec, _ = json.MarshalIndent(spec, "", "  ")
	unreadable := record("legal", "case-1", "here", "org", "a text")
	tests := map[string]struct {
		stored             ExportRecord
		mismatch, identity string
	}{
		"the same":             {mine, "", ""},
		"the same, indented":   {indented, "", ""},
		"another namespace":    {record("other", "case-1", "here", "org", spec), "its namespace is other, this export's is legal", "its namespace is other, this export's is legal"},
		"another name":         {record("legal", "case-2", "here", "org", spec), "its name is case-2, this export's is case-1", "its name is case-2, this export's is case-1"},
		"another organisation": {record("legal", "case-1", "here", "other", spec), "its organisation is other, this export's is org", "its organisation is other, this export's is org"},
		"another cluster":      {record("legal", "case-1", "there", "org", spec), "its cluster is there, this export's is here", ""},
		"another term":         {record("legal", "case-1", "here", "org", map[string]any{"attributes": map[string]string{"case": "2"}, "settleAfter": "48h0m0s", "media": []string{"Call"}}), "its spec differs in: attributes", ""},
		"terms more and less":  {record("legal", "case-1", "here", "org", map[string]any{"settleAfter": "1h0m0s", "media": []string{"Call"}, "archived": "List"}), "its spec differs in: archived, attributes, settleAfter", ""},
		"terms of no form":     {unreadable, "its spec (by digest) is " + unreadable.SpecDigest + ", this export's is " + mine.SpecDigest, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := mine.Mismatch(tt.stored); got != tt.mismatch {
				t.Errorf("Mismatch: %q, want %q", got, tt.mismatch)
			}
			if got := mine.IdentityMismatch(tt.stored); got != tt.identity {
				t.Errorf("IdentityMismatch: %q, want %q", got, tt.identity)
			}
		})
	}
}

// FuzzDifferences: whatever is stored as a spec, the terms that differ are the same
// from both sides, and a spec never differs from itself.
func FuzzDifferences(f *testing.F) {
	f.Add([]byte(`{"a": 1, "b": [2]}`), []byte(`{"a":1}`))
	f.Add([]byte(`{`), []byte(`null`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		one, other := ExportRecord{Spec: a}, ExportRecord{Spec: b}
		if there, back := one.Differences(other), other.Differences(one); !slices.Equal(there, back) {
			t.Errorf("%v differ, and back %v", there, back)
		}
		if differences := one.Differences(one); len(differences) > 0 {
			t.Errorf("it differs from itself in %v", differences)
		}
	})
}
