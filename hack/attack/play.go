package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"
)

// event is a line of "go test -json" (go doc test2json).
type event struct {
	Action string
	Test   string
	Output string
}

// result is how a test and all of its parts ended.
type result struct {
	passed, failed bool
	// parts are those without parts of their own, and whether each passed. One that fails
	// although its parts pass is itself among them.
	parts map[string]bool
}

// results are those of all tests that ran.
type results map[test]*result

// play runs tests of a package, with the flags of "make test", so that nothing is
// compiled twice. A test that fails is a result; one that cannot be run is an error.
func (r results) play(ctx context.Context, folder string, names []string) error {
	command := exec.CommandContext(ctx, "go", "test", "-race", "-count=1", "-json", "-timeout", "60m",
		"-run", "^("+strings.Join(names, "|")+")$", "./"+folder)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	problem := r.read(path.Base(folder), output)
	var exit *exec.ExitError
	if err := command.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return problem
}

// read takes results from the lines of a run, and shows what failed.
func (r results) read(pkg string, from io.Reader) error {
	lines := json.NewDecoder(from)
	output := map[string][]string{}
	for {
		var e event
		switch err := lines.Decode(&e); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read the results of %s: %w", pkg, err)
		case e.Action == "output":
			output[e.Test] = append(output[e.Test], e.Output)
		case e.Action == "fail":
			fmt.Fprint(os.Stderr, strings.Join(output[e.Test], ""))
			r.end(pkg, e)
		case e.Action == "pass":
			r.end(pkg, e)
		}
	}
}

// end notes how a test or a part of it ended. The parts of a part end before it.
func (r results) end(pkg string, e event) {
	if e.Test == "" {
		return
	}
	top, _, isPart := strings.Cut(e.Test, "/")
	of := r[test{pkg, top}]
	if of == nil {
		of = &result{parts: map[string]bool{}}
		r[test{pkg, top}] = of
	}
	if !isPart {
		of.passed = e.Action == "pass"
	}
	of.failed = of.failed || e.Action == "fail"
	divided, explained := false, e.Action == "pass"
	for part, passed := range of.parts {
		if strings.HasPrefix(part, e.Test+"/") {
			divided, explained = true, explained || !passed
		}
	}
	if !divided || !explained {
		of.parts[e.Test] = e.Action == "pass"
	}
}

// of tells how many variants of an attack ran, and whether each was stopped.
func (r results) of(a attack) (ran int, stopped bool) {
	stopped = true
	for _, t := range a.tests {
		of := r[t]
		if of == nil || !of.passed || of.failed {
			stopped = false
		}
		if of != nil {
			ran += len(of.parts)
		}
	}
	return ran, stopped
}

// count tells how many attacks were tried and how many of them stopped. Tests that the
// page names more than once count once.
func (r results) count(attacks []attack) (tried, stopped int) {
	counted := map[test]bool{}
	for _, a := range attacks {
		for _, t := range a.tests {
			if r[t] == nil || counted[t] {
				continue
			}
			counted[t] = true
			for _, passed := range r[t].parts {
				tried++
				if passed {
					stopped++
				}
			}
		}
	}
	return tried, stopped
}
