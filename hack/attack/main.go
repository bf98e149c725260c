// Command attack plays every attack that docs/threat-model.md lists, by running the
// tests that the page names for it, and prints which of them were stopped. It fails
// if one was not, or if a test that is named does not exist.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"
)

// page lists the attacks, seen from the root of the module, where this is run.
const page = "docs/threat-model.md"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "attack:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to be stopped
	}
}

func run(ctx context.Context, out io.Writer) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	attacks := parse(string(text))
	if len(attacks) == 0 {
		return fmt.Errorf("%s lists no attack", page)
	}
	found, err := locate(os.DirFS("."), attacks)
	if err != nil {
		return err
	}
	results := results{}
	for _, folder := range found.folders() {
		fmt.Fprintf(os.Stderr, "Playing %d attacks of %s\n", len(found[folder]), folder)
		if err := results.play(ctx, folder, found[folder]); err != nil {
			return err
		}
	}
	return report(out, attacks, results)
}

// report prints a line for each attack, and an error if one was not stopped.
func report(out io.Writer, attacks []attack, results results) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	kinds := 0
	for _, a := range attacks {
		ran, passed := results.of(a)
		verdict := "stopped"
		if passed {
			kinds++
		} else {
			verdict = "NOT STOPPED"
		}
		fmt.Fprintf(table, "%s\t%s\t%d variants\t%s\n", a.id, a.what, ran, verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	tried, stopped := results.count(attacks)
	fmt.Fprintf(out, "\nkinds: %d tried, %d stopped\nattacks: %d tried, %d stopped\n", len(attacks), kinds, tried, stopped)
	if kinds < len(attacks) {
		return errors.New("an attack was not stopped")
	}
	return nil
}
