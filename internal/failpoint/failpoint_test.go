package failpoint_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/failpoint"
)

// all is what the program prints if nothing stops it.
const all = "one 3\ntwo 3\nthree 5\n"

// program builds the program that passes points.
func program(t *testing.T, flags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "reach")
	arguments := append(append([]string{"build", "-o", path}, flags...), "./testdata/reach")
	if output, err := exec.CommandContext(t.Context(), "go", arguments...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return path
}

// run runs the program with failpoints and returns what it printed.
func run(t *testing.T, path string, environment ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), path)
	command.Env = append(os.Environ(), environment...)
	output, err := command.Output()
	return string(output), err
}

// TestOrdinaryProgramsHoldNone: without the tag there is nothing of the package
// in a program, neither code nor text, and its environment changes nothing.
func TestOrdinaryProgramsHoldNone(t *testing.T) {
	t.Parallel()
	if failpoint.Enabled {
		t.Error("the tests themselves have failpoints")
	}
	path := program(t)
	if output, err := run(t, path, "REX_FAILPOINT=archive/write/before=kill"); err != nil || output != all {
		t.Errorf("%v: %q", err, output)
	}
	traces := []string{"REX_FAILPOINT", "archive/write", "failpoint.(*registry)", "failpoint.Do", "failpoint.Get"}
	if found := within(t, path, traces); len(found) > 0 {
		t.Errorf("an ordinary program holds %q", found)
	}
	if found := within(t, program(t, "-tags=failpoints"), traces); len(found) != len(traces) {
		t.Errorf("of %q a program with failpoints contains only %q: the test shows nothing", traces, found)
	}
}

// within returns those of the traces that are among a program's text or symbols.
func within(t *testing.T, path string, traces []string) (found []string) {
	t.Helper()
	symbols, err := exec.CommandContext(t.Context(), "go", "tool", "nm", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, trace := range traces {
		// Names of functions stay in the tables of what was inlined where, so of
		// those only symbols count.
		in := text
		if strings.HasPrefix(trace, "failpoint.") {
			in = symbols
		}
		if bytes.Contains(in, []byte(trace)) {
			found = append(found, trace)
		}
	}
	return found
}

func TestActions(t *testing.T) {
	t.Parallel()
	path := program(t, "-tags=failpoints")
	tests := []struct {
		name, set, want string
		killed, fails   bool
	}{
		{name: "nothing", want: all},
		{name: "kill before", set: "archive/write/before=kill", killed: true},
		{name: "kill after", set: "archive/write/after=kill", want: "one 3\n", killed: true},
		{name: "kill at the third pass", set: "archive/write/before:3=kill", want: "one 3\ntwo 3\n", killed: true},
		{name: "kill at a detail", set: "archive/write/before@two=kill", want: "one 3\n", killed: true},
		{name: "kill at a pass that does not come", set: "archive/write/before@two:2=kill", want: all},
		{name: "kill at a call", set: "genesys/count-letters/before:2=kill", want: "one 3\n", killed: true},
		{name: "error", set: "archive/write/before=error", want: "failpoint archive/write/before\n", fails: true},
		{name: "error after", set: "archive/write/after=error", want: "one 3\nfailpoint archive/write/after\n", fails: true},
		{name: "two traps", set: "archive/write/before:4=kill,archive/write/after:2=error", want: "one 3\ntwo 3\nfailpoint archive/write/after\n", fails: true},
		{name: "no action", set: "archive/write/before", fails: true},
		{name: "no such action", set: "archive/write/before=explode", fails: true},
		{name: "no number", set: "archive/write/before:x=kill", fails: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			output, err := run(t, path, "REX_FAILPOINT="+tt.set)
			if output != tt.want {
				t.Errorf("printed %q, want %q", output, tt.want)
			}
			if killed(err) != tt.killed || (err != nil) != (tt.killed || tt.fails) {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

// killed reports whether a program ended by SIGKILL.
func killed(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

func TestLog(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	if _, err := run(t, program(t, "-tags=failpoints"), "REX_FAILPOINT_LOG="+log); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, detail := range []string{"one", "two", "three"} {
		for _, place := range []string{"genesys/count-letters/before", "genesys/count-letters/after", "archive/write/before", "archive/write/after"} {
			want = append(want, place+" "+detail)
		}
	}
	if got := strings.Split(strings.TrimSpace(string(content)), "\n"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestPauseAndStop: the program continues where it was once it is let.
func TestPauseAndStop(t *testing.T) {
	t.Parallel()
	path := program(t, "-tags=failpoints")
	resume := map[string]func(mark string, process *os.Process) error{
		"pause": func(mark string, _ *os.Process) error { return os.Remove(mark) },
		"stop":  func(_ string, process *os.Process) error { return process.Signal(syscall.SIGCONT) },
	}
	for action, resume := range resume {
		t.Run(action, func(t *testing.T) {
			mark := filepath.Join(t.TempDir(), "mark")
			command := exec.CommandContext(t.Context(), path)
			command.Env = append(os.Environ(), "REX_FAILPOINT=archive/write/before:2="+action, "REX_FAILPOINT_MARK="+mark)
			var output bytes.Buffer
			command.Stdout = &output
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			for {
				if _, err := os.Stat(mark); err == nil {
					break
				}
				<-time.After(time.Millisecond)
			}
			<-time.After(100 * time.Millisecond)
			if err := command.Process.Signal(syscall.Signal(0)); err != nil {
				t.Fatalf("the program has not waited: %v", err)
			}
			if err := resume(mark, command.Process); err != nil {
				t.Fatal(err)
			}
			if err := command.Wait(); err != nil || output.String() != all {
				t.Errorf("%v: %q", err, &output)
			}
		})
	}
}

func TestPointsAreDifferent(t *testing.T) {
	points := failpoint.Points(slices.Concat(failpoint.Directory, failpoint.Bucket))
	slices.Sort(points)
	if distinct := slices.Compact(slices.Clone(points)); len(distinct) != len(points) || len(points) < 20 {
		t.Errorf("%d points, %d different ones", len(points), len(distinct))
	}
}
