// Command reach passes two points, for the test of the package.
package main

import (
	"fmt"
	"os"

	"github.com/gcexport/recording-export-operator/internal/failpoint"
)

func main() {
	for _, detail := range []string{"one", "two", "three"} {
		if err := effect(detail); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

func effect(detail string) error {
	n, err := failpoint.Get(failpoint.Call("count letters"), detail, func() (int, error) { return len(detail), nil })
	if err != nil {
		return err
	}
	return failpoint.Do(failpoint.ArchiveWrite, detail, func() error {
		_, err := fmt.Println(detail, n)
		return err
	})
}
