// Command verifier judges the archive of an export against the truth that the
// simulator knows: whether every recording is there once, byte for byte, and
// everything else is accounted for.
//
// It is the second opinion in the tests that kill the operator: it shares no
// code with it (TestTheVerifierSharesNoCode), only the format that the archive
// documents. It cannot make a mistake only because the operator makes it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// The exit statuses.
const (
	exitSound = iota
	exitViolated
	exitUsage
)

// terms say what is to be judged, and what is allowed to be amiss.
type terms struct {
	archive string
	// alone is a directory in which there is no file but those of the archive and
	// working artifacts; empty, it is not looked at.
	alone string
	// buckets is a directory in which the buckets are to which bags refer, by their names.
	buckets string
	// truth is the simulator's base URL, or a directory with dataset.json and
	// journal.json.
	truth string
	// asks is how often Genesys Cloud may have answered the same question: once,
	// and once more for each time that the process was killed.
	asks int
	// looks is how often more it may have answered for the metadata of a conversation,
	// whose recordings are waited for.
	looks int
	// orphans is how many analytics jobs may have been left to expire: those
	// whose start was answered when nobody was there any more to record it.
	orphans int
	// unavailable are the ids of recordings and conversations that must be listed
	// as unavailable although the truth has them.
	unavailable map[string]bool
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(arguments []string, stdout, stderr io.Writer) int {
	t, err := parse(arguments, stderr)
	if err != nil {
		return exitUsage
	}
	truth, err := readTruth(t.truth)
	if err != nil {
		fmt.Fprintln(stderr, "verifier:", err)
		return exitUsage
	}
	verdict := judge(t, truth)
	verdict.print(stdout)
	if len(verdict.violations) > 0 {
		return exitViolated
	}
	return exitSound
}

func parse(arguments []string, stderr io.Writer) (terms, error) {
	t := terms{unavailable: map[string]bool{}}
	f := flag.NewFlagSet("verifier", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&t.archive, "archive", "", "`directory` of one export's archive")
	f.StringVar(&t.alone, "alone", "", "`directory` that must contain no file outside the archive")
	f.StringVar(&t.buckets, "buckets", "", "`directory` in which the S3 buckets are to which bags refer")
	f.StringVar(&t.truth, "truth", "", "the simulator's base `URL`, or a directory with dataset.json and journal.json")
	f.IntVar(&t.asks, "asks", 1, "how often Genesys Cloud may have answered the same question")
	f.IntVar(&t.looks, "looks", 0, "how often more it may have answered for the metadata of a conversation")
	f.IntVar(&t.orphans, "orphans", 0, "how many analytics jobs may have been left to expire")
	f.Func("unavailable", "comma-separated `ids` that must be listed as unavailable", func(list string) error {
		for _, id := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
			t.unavailable[id] = true
		}
		return nil
	})
	if err := f.Parse(arguments); err != nil {
		return t, err
	}
	if t.archive == "" || t.truth == "" || f.NArg() > 0 {
		fmt.Fprintln(stderr, "verifier: -archive and -truth are needed, and nothing beside flags")
		return t, errors.New("wrong command line")
	}
	return t, nil
}

// verdict is what is found.
type verdict struct {
	recordings, files, gaps int
	bags, seals             int
	calls                   int
	orphans                 int
	violations              []string
	// buckets is a directory, see terms.
	buckets string
}

// fault adds a violation. Where says in which file or of what.
func (v *verdict) fault(where, format string, arguments ...any) {
	v.violations = append(v.violations, where+": "+fmt.Sprintf(format, arguments...))
}

// mostShown bounds how many violations are printed.
const mostShown = 100

func (v *verdict) print(w io.Writer) {
	if len(v.violations) == 0 {
		fmt.Fprintf(w, "complete: %d recordings, %d gaps, %d files in %d bags under %d seals, %d calls, %d orphaned jobs\n",
			v.recordings, v.gaps, v.files, v.bags, v.seals, v.calls, v.orphans)
		return
	}
	for _, violation := range v.violations[:min(len(v.violations), mostShown)] {
		fmt.Fprintln(w, violation)
	}
	fmt.Fprintf(w, "unsound: %d violations\n", len(v.violations))
}
