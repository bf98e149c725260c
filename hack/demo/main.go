// Command demo shows the product: a simulated organisation, the bulk export
// that fails there, and the export that does not. "demo bulk" shows the same with an
// export that recording bulk jobs deliver.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch command := strings.Join(os.Args[1:], " "); command {
	case "":
		err = run(ctx, downloads("bin", "demo"))
	case "bulk":
		err = runBulk(ctx, bulkJobs("bin", "demo-bulk"))
	default:
		err = fmt.Errorf("unknown demo %q; there is one without a name, and bulk", command)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// downloads is where the demo of config/samples plays.
func downloads(binaries, folder string) stage {
	return stage{binaries: binaries, folder: folder, simulator: "127.0.0.1:8686", manifests: []string{"config/samples"}, export: "case-4711", conversations: 600, latency: "1"}
}

// run plays the demo of config/samples.
func run(ctx context.Context, s stage) error {
	begun := time.Now()
	if err := s.begin(ctx); err != nil {
		return err
	}
	stop, err := s.startSimulator(ctx)
	if err != nil {
		return err
	}
	defer stop()
	heading("Without the operator: one bulk export job for the whole day")
	if _, err := showBulkJob(ctx, s.cloud()); err != nil {
		return err
	}
	heading("The same day through the operator: config/samples")
	before, err := journal(ctx, s.cloud())
	if err != nil {
		return err
	}
	if _, err := s.runExport(ctx); err != nil {
		return err
	}
	heading("sha256sum verifies every bag")
	archive, err := s.archive()
	if err != nil {
		return err
	}
	if err := showBags(ctx, archive); err != nil {
		return err
	}
	heading("Figures")
	if err := showFigures(ctx, s.cloud(), before); err != nil {
		return err
	}
	heading(fmt.Sprintf("The demo took %v. What to do next", time.Since(begun).Round(time.Second)))
	return showNext(s.binaries, archive)
}

// begin empties the folder, once it is certain that the demo can begin.
func (s stage) begin(ctx context.Context) error {
	if err := s.checkAddresses(ctx); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(s.folder), os.MkdirAll(s.folder, 0o750))
}

// showNext says how to continue with the archive.
func showNext(binaries, archive string) error {
	plugin, err := filepath.Abs(filepath.Join(binaries, "kubectl-genesys_export"))
	if err != nil {
		return err
	}
	fmt.Printf("Read the report in a browser:\n  %s\n", filepath.Join(archive, "seals", "1", "report.html"))
	fmt.Printf("Verify everything:\n  %s verify %s\n", plugin, archive)
	fmt.Printf("List the screen recordings:\n  %s ls %s --medium Screen\n", plugin, archive)
	fmt.Printf("Check who signed it with openssl or cosign; the commands are in\n  %s\n", filepath.Join(archive, "seals", "1", "VERIFY.txt"))
	return nil
}

func heading(text string) { fmt.Printf("\n=== %s\n\n", text) }
