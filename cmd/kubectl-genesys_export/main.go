// Command kubectl-genesys_export verifies archives and finds recordings in them. It runs
// as a plugin of kubectl or as a program of its own, and needs no cluster.
//
// Its exit codes are 0 if everything is verified, 1 if something is wrong with an archive,
// 2 if the command line is wrong, 3 if it could not read something or cat found no such file,
// and 130 if it was interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	// The certificate authorities of the web, for a machine that has none.
	_ "golang.org/x/crypto/x509roots/fallback"

	"github.com/gcexport/recording-export-operator/internal/verify"
)

// The exit codes.
const (
	exitVerified    = 0
	exitFindings    = 1
	exitUsage       = 2
	exitUnreadable  = 3
	exitInterrupted = 130
)

// version is set when the program is built.
var version string

const usage = `kubectl genesys-export verifies archives of recording exports and finds recordings in them.
It needs only the archive, no cluster.

Usage:
  kubectl genesys-export verify PATH_OR_S3_URL [--key FILE]... [--seal SHA256] [flags]
  kubectl genesys-export ls PATH_OR_S3_URL [--conversation ID] [--medium MEDIUM] [--from TIME] [--until TIME] [flags]
  kubectl genesys-export cat PATH_OR_S3_URL --recording ID [--file N] [flags] > FILE
  kubectl genesys-export help | version

"kubectl genesys-export COMMAND -h" lists all flags of a command.

PATH_OR_S3_URL is one archive or a folder of archives: a directory, or s3://bucket/prefix.
For S3, it reads AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if set, AWS_SESSION_TOKEN and AWS_REGION from the
environment; see --region, --endpoint and --path-style. It needs the permissions s3:ListBucket and s3:GetObject.
An archive can refer to recordings in another bucket: verify and cat read them in the same way; see --recordings-region and
--recordings-endpoint.

Exit codes:
  0  verified, or done
  1  verification failed; findings were printed
  2  wrong command line
  3  something could not be read, or cat found no such file
  130  interrupted
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr, newGauge(os.Stderr)})
	stop()
	os.Exit(code)
}

// streams are where the program writes.
type streams struct {
	out, err io.Writer
	gauge    *gauge
}

func run(ctx context.Context, arguments []string, to streams) int {
	if len(arguments) == 0 {
		fmt.Fprint(to.err, usage)
		return exitUsage
	}
	commands := map[string]func(context.Context, []string, streams) error{"verify": runVerify, "ls": runList, "cat": runCat}
	switch name := arguments[0]; name {
	case "help", "-h", "--help":
		fmt.Fprint(to.out, usage)
		return exitVerified
	case "version", "--version":
		fmt.Fprintln(to.out, "kubectl genesys-export "+versionText())
		return exitVerified
	default:
		command, known := commands[name]
		if !known {
			fmt.Fprintf(to.err, "Unknown command %q.\n\n%s", name, usage)
			return exitUsage
		}
		return exitCode(ctx, command(ctx, arguments[1:], to), to)
	}
}

// errFindings tells that a verification failed, and that its findings were printed.
var errFindings = errors.New("verification failed")

// usageError tells that the command line is wrong.
type usageError struct{ error }

func exitCode(ctx context.Context, err error, to streams) int {
	var wrong usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitVerified
	case ctx.Err() != nil:
		fmt.Fprintln(to.err, "Interrupted.")
		return exitInterrupted
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.As(err, &wrong):
		fmt.Fprintf(to.err, "%s (see kubectl genesys-export help)\n", verify.Printable(err.Error()))
		return exitUsage
	default:
		fmt.Fprintf(to.err, "Error: %s\n", verify.Printable(err.Error()))
		return exitUnreadable
	}
}

func versionText() string {
	if build, ok := debug.ReadBuildInfo(); ok && version == "" {
		return build.Main.Version
	}
	return version
}
