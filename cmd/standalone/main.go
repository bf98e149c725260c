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

// settings are the values of the flags.
type settings struct {
	manifests   paths
	archiveRoot string
	stateDir    string
	endpoints   egress.List
	keep        bool
	// untilCaughtUp ends the program when exports without window.end have caught up.
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

The manifests are the same as for a cluster: a Secret, a GenesysOrganization, an
ExportDestination and RecordingExports, and each Namespace that they name.
To resume where it left off, run it again with the same --state-dir.

Exit codes:
  0    everything was exported
  1    something needs your action; the output says what
  2    wrong command line
  3    exported with gaps; the output lists them
  130  interrupted

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
	flags.StringVar(&s.archiveRoot, "archive-root", "archive", "`directory` for the archives")
	flags.StringVar(&s.stateDir, "state-dir", ".standalone", "`directory` for the control plane's data")
	flags.Func(strings.TrimPrefix(egress.Flag, "--"), egress.Usage, func(text string) (err error) {
		s.endpoints, err = egress.ParseList(text)
		return err
	})
	flags.BoolVar(&s.keep, "keep", false, "keep running after the exports have ended, and print how to reach the control plane with kubectl")
	flags.BoolVar(&s.untilCaughtUp, "until-caught-up", false, "exit when exports without window.end have caught up, instead of following new days")
	flags.DurationVar(&s.timeout, "timeout", 0, "stop after this `time`, for example 2h; 0 means never")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(arguments); err != nil {
		return s, err
	}
	if len(s.manifests) == 0 || flags.NArg() > 0 {
		return s, fmt.Errorf("no manifests given: use -f FILE_OR_DIR (see standalone -h)")
	}
	return s, nil
}
