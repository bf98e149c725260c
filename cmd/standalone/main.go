// Command standalone is the whole product without a cluster: it starts a
// Kubernetes control plane of its own, runs the operator in it, applies
// manifests and waits until every export among them has ended.
//
// It exits with 0 if all exports are complete, with 3 if some have gaps, which
// it lists, with 1 if one is stalled, refused or out of time, and says why, and
// with 130 if it was interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	// The certificate authorities of the web, for a machine that has none.
	_ "golang.org/x/crypto/x509roots/fallback"

	"github.com/gcexport/recording-export-operator/internal/egress"
)

// The exit codes.
const (
	exitComplete    = 0
	exitFailed      = 1
	exitUsage       = 2
	exitGaps        = 3
	exitInterrupted = 130
)

// settings are the command line.
type settings struct {
	manifests   paths
	archiveRoot string
	stateDir    string
	endpoints   egress.List
	keep        bool
	// untilCaughtUp ends the program when exports without an end have caught up.
	untilCaughtUp bool
	timeout       time.Duration
}

// paths is a flag that can be given more than once.
type paths []string

func (p *paths) String() string { return strings.Join(*p, " ") }

func (p *paths) Set(path string) error {
	*p = append(*p, path)
	return nil
}

const usage = `Exports recordings from Genesys Cloud without a Kubernetes cluster.

Usage: standalone -f FILE_OR_DIR [flags]

The manifests are the ones that a cluster takes: a Secret, a GenesysOrganization,
an ExportDestination and RecordingExports, with their namespaces if need be.
Run it again with the same --state-dir and it goes on where it stopped.

Flags:
`

func main() {
	s, err := parse(os.Args[1:])
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(exitUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, s, newScreen(os.Stdout)))
}

func parse(arguments []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("standalone", flag.ContinueOnError)
	flags.Var(&s.manifests, "f", "`file` or directory of manifests to apply; can be given more than once")
	flags.StringVar(&s.archiveRoot, "archive-root", "archive", "`directory` below which the evidence lands")
	flags.StringVar(&s.stateDir, "state-dir", ".standalone", "`directory` that keeps the control plane's data")
	flags.Func(strings.TrimPrefix(egress.Flag, "--"), egress.Usage, func(text string) (err error) {
		s.endpoints, err = egress.ParseList(text)
		return err
	})
	flags.BoolVar(&s.keep, "keep", false, "stay up, and at work, when the exports have ended, and print how kubectl reaches the control plane")
	flags.BoolVar(&s.untilCaughtUp, "until-caught-up", false, "end when exports whose window has no end have caught up, instead of following on")
	flags.DurationVar(&s.timeout, "timeout", 0, "give up after this `time`, as 2h; 0 is never")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(arguments); err != nil {
		return s, err
	}
	if len(s.manifests) == 0 || flags.NArg() > 0 {
		return s, fmt.Errorf("say which manifests to apply: standalone -f FILE_OR_DIR (see standalone -h)")
	}
	return s, nil
}
