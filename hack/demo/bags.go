package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize/english"
)

// showBags lists the bags and checks the first with the tool that anybody has.
func showBags(ctx context.Context, archive string) error {
	bags, err := filepath.Glob(filepath.Join(archive, "bags", "*"))
	if err != nil || len(bags) == 0 {
		return fmt.Errorf("no bags in %s: %w", archive, err)
	}
	for i, bag := range bags {
		files, err := filepath.Glob(filepath.Join(bag, "data", "recordings", "*", "*", "*"))
		if err != nil {
			return err
		}
		// Two to a line, by lane and hour: the export's name is the same in all.
		name := strings.TrimPrefix(filepath.Base(bag), filepath.Base(archive)+"-")
		fmt.Printf("  %-34s %4d %-*s", name, len(files), [...]int{8, 0}[i%2], english.PluralWord(len(files), "file", ""))
		if i%2 == 1 {
			fmt.Println()
		}
	}
	seal := filepath.Join(archive, "seals", "1")
	for _, check := range []struct{ folder, manifest string }{
		{seal, "manifest-sha256.txt"}, {seal, "bags-sha256.txt"}, {bags[0], "tagmanifest-sha256.txt"}, {bags[0], "manifest-sha256.txt"},
	} {
		fmt.Printf("\n$ (cd %s && sha256sum -c --quiet %s)\n", check.folder, check.manifest)
		sum := exec.CommandContext(ctx, "sha256sum", "-c", "--quiet", check.manifest)
		sum.Dir, sum.Stdout, sum.Stderr = check.folder, os.Stdout, os.Stderr
		if err := sum.Run(); err != nil {
			return fmt.Errorf("%s in %s: %w", check.manifest, check.folder, err)
		}
		fmt.Println("  all files are unchanged")
	}
	return nil
}
