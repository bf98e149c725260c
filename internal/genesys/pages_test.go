package genesys_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

func TestEachPage(t *testing.T) {
	var skips []int
	err := genesys.EachPage("list", func(skip int) (int, error) {
		skips = append(skips, skip)
		return []int{25, 50, 0}[len(skips)-1], nil
	})
	if want := []int{0, 25, 50}; err != nil || !slices.Equal(skips, want) {
		t.Errorf("read from %v, %v; want %v", skips, err, want)
	}
	broken := errors.New("broken")
	if err := genesys.EachPage("list", func(int) (int, error) { return 25, broken }); !errors.Is(err, broken) {
		t.Errorf("a page that cannot be read: %v", err)
	}
	if err := genesys.EachPage("list", func(skip int) (int, error) { return skip + 1, nil }); genesys.KindOf(err) != genesys.KindMalformed {
		t.Errorf("a list without an end: %v", err)
	}
}
