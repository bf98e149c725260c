// Command demo shows the product: a simulated organisation, the bulk export
// that fails there, and the export that does not.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/dustin/go-humanize/english"
)

const (
	// address of the simulator, which config/samples names too.
	address = "127.0.0.1:8686"
	base    = "http://" + address
	// exitGaps is how cmd/standalone says that something could not be exported.
	exitGaps = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, "bin", "demo"); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run plays the demo with the programs in binaries, in a folder that it empties.
func run(ctx context.Context, binaries, folder string) error {
	begun := time.Now()
	if err := free(ctx); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(folder), os.MkdirAll(folder, 0o750)); err != nil {
		return err
	}
	stop, err := startSimulator(ctx, filepath.Join(binaries, "genesys-simulator"), folder)
	if err != nil {
		return err
	}
	defer stop()
	heading("Without the operator: one bulk export job for the whole day")
	if err := showBulkJob(ctx); err != nil {
		return err
	}
	heading("The same day through the operator: config/samples")
	before, err := journal(ctx)
	if err != nil {
		return err
	}
	if err := export(ctx, filepath.Join(binaries, "standalone"), folder); err != nil {
		return err
	}
	heading("sha256sum verifies every bag")
	archive, err := filepath.Abs(filepath.Join(folder, "archive", "legal", "evidence", "case-4711"))
	if err != nil {
		return err
	}
	if err := showBags(ctx, archive); err != nil {
		return err
	}
	heading("Figures")
	if err := showFigures(ctx, before); err != nil {
		return err
	}
	heading(fmt.Sprintf("The demo took %v. What to do next", time.Since(begun).Round(time.Second)))
	return showNext(binaries, archive)
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

// free makes sure that the simulator will find its address free, before anything of
// an earlier demo is removed.
func free(ctx context.Context) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("the simulator cannot listen on %s: %w; stop the program that uses this address and try again. Nothing was changed", address, err)
	}
	return listener.Close()
}

func heading(text string) { fmt.Printf("\n=== %s\n\n", text) }

// startSimulator starts a day of eu-west-1: 600 conversations, a tenth of them
// under legal hold, a third with screen recordings, 3,000 requests a minute.
func startSimulator(ctx context.Context, binary, folder string) (stop func(), err error) {
	log, err := os.Create(filepath.Join(folder, "simulator.log"))
	if err != nil {
		return nil, err
	}
	simulator := exec.CommandContext(ctx, binary, "--listen", address, "--region", "eu-west-1",
		"--conversations", "600", "--held", "0.1", "--requests-per-minute", "3000")
	simulator.Stdout, simulator.Stderr = log, log
	simulator.Cancel = func() error { return simulator.Process.Signal(syscall.SIGTERM) }
	if err := simulator.Start(); err != nil {
		return nil, fmt.Errorf("start the simulator: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(simulator.Wait(), log.Close()) }()
	stop = func() {
		_ = simulator.Process.Signal(syscall.SIGTERM)
		if err := <-ended; err != nil {
			fmt.Fprintln(os.Stderr, "demo: the simulator:", err)
		}
	}
	// Only its own word says that it is this one that listens, not another.
	for {
		select {
		case err := <-ended:
			return nil, fmt.Errorf("the simulator did not start: %w; see %s", err, log.Name())
		case <-time.After(50 * time.Millisecond):
		}
		if said, err := os.ReadFile(log.Name()); err != nil || bytes.Contains(said, []byte("look behind")) {
			return stop, err
		}
	}
}

// export runs cmd/standalone on the samples.
func export(ctx context.Context, binary, folder string) error {
	standalone := exec.CommandContext(ctx, binary, "-f", "config/samples", "--timeout", "10m",
		"--archive-root", filepath.Join(folder, "archive"), "--state-dir", filepath.Join(folder, "state"))
	standalone.Stdout, standalone.Stderr = os.Stdout, os.Stderr
	// Ctrl-C reaches it from the terminal; it stops cleanly by itself.
	standalone.Cancel = func() error { return nil }
	err := standalone.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == exitGaps {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the export: %w", err)
	}
	return nil
}

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

var client = &http.Client{Timeout: 30 * time.Second}
