// Command figures measures the size and the structure of the product's code: functions and
// files, exported names, who imports whom, and how many names share a word.
//
//	go run ./hack/figures [DIRECTORY]
//
// It reads the source in api, cmd, controllers and internal of a checkout, without tests and
// generated files, so two revisions can be compared from two worktrees. The simulator and the
// failpoint package, which help tests only, are counted, too.
package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// overloaded are words that readers found used for too many things.
var overloaded = []string{"again", "rest", "hold", "pass", "close", "open", "floor", "patience", "pool", "terms", "stored", "count", "look"}

func main() {
	directory := "."
	if len(os.Args) > 1 {
		directory = os.Args[1]
	}
	code, err := read(directory)
	if err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
	report(os.Stdout, code)
}

// report prints the figures of a tree.
func report(w io.Writer, code tree) {
	fmt.Fprintf(w, "%-34s %s\n", "lines of a function", spread(code.functions))
	fmt.Fprintf(w, "%-34s %s\n", "lines of a file", spread(code.files))
	fmt.Fprintf(w, "%-34s %d\n", "packages", len(code.imports))
	fmt.Fprintf(w, "%-34s %d\n", "exported names", code.exported)
	chain := code.longestChain()
	fmt.Fprintf(w, "%-34s %d\n    %s\n", "packages in the longest import chain", len(chain), strings.Join(chain, " > "))
	fmt.Fprintf(w, "\npackages that import api\n")
	for _, name := range code.importers("api/") {
		fmt.Fprintf(w, "    %s\n", name)
	}
	fmt.Fprintf(w, "\ndifferent names with an overloaded word\n")
	for _, word := range overloaded {
		names := code.namesWith(word)
		fmt.Fprintf(w, "    %-9s %3d  %s\n", word, len(names), strings.Join(names, " "))
	}
}

// spread describes numbers by their median, their 90th percentile and the largest.
func spread(sizes []size) string {
	if len(sizes) == 0 {
		return "none"
	}
	slices.SortFunc(sizes, func(a, b size) int { return a.lines - b.lines })
	last := sizes[len(sizes)-1]
	return fmt.Sprintf("median %d, p90 %d, longest %d (%s), %d in all",
		sizes[len(sizes)/2].lines, sizes[len(sizes)*9/10].lines, last.lines, last.name, len(sizes))
}
