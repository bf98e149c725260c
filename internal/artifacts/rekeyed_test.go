package artifacts_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
)

// TestKeysThatWereLostBefore: a note reports them only if it leads to the key that is lost
// now, and is of the form that it has to have.
func TestKeysThatWereLostBefore(t *testing.T) {
	id := func(digit string) string { return strings.Repeat(digit, 16) }
	tests := []struct {
		name string
		note artifacts.Rekeyed
		want []string
	}{
		{"it leads to another key", artifacts.Rekeyed{From: id("a"), To: id("c")}, nil},
		{"the key before", artifacts.Rekeyed{From: id("a"), To: id("b")}, []string{id("a")}},
		{"two keys before", artifacts.Rekeyed{From: id("a"), To: id("b"), Before: []string{id("0")}}, []string{id("0"), id("a")}},
		{"a process that did not finish", artifacts.Rekeyed{From: id("b"), To: id("c"), Before: []string{id("a")}}, []string{id("a")}},
		{"something else than ids", artifacts.Rekeyed{From: id("a"), To: id("b"), Before: []string{"x\n"}}, nil},
		{"too many", artifacts.Rekeyed{From: id("a"), To: id("b"), Before: slices.Repeat([]string{id("0")}, 99)}, append(slices.Repeat([]string{id("0")}, 15), id("a"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.note.Until(id("b")); !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
	if says := (artifacts.Rekeyed{From: "b", To: "c", Before: []string{"0", "a"}}).Event().Details["before"]; says != "0 a" {
		t.Error(says)
	}
}
