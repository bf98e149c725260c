package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"
)

// screen shows everything: a table that it redraws on a terminal, lines in a file or pipe.
type screen struct {
	out      io.Writer
	terminal bool
	width    func() int
	// drawn is how many lines of the table are on the terminal.
	drawn int
	// said is the last line of each export if the output is not a terminal.
	said map[string]string
}

func newScreen(file *os.File) *screen {
	descriptor := int(file.Fd())
	return &screen{
		out: file, terminal: term.IsTerminal(descriptor), said: map[string]string{},
		width: func() int {
			width, _, err := term.GetSize(descriptor)
			if err != nil || width < 20 {
				return 80
			}
			return width
		},
	}
}

// note writes a line, above the table if there is one.
func (s *screen) note(format string, arguments ...any) {
	s.erase()
	fmt.Fprintf(s.out, format+"\n", arguments...)
}

// fail writes an error and returns the exit code for it.
func (s *screen) fail(err error) int {
	s.note("Error: %v", err)
	return exitFailed
}

// show shows the progress of the exports.
func (s *screen) show(views []snapshot) {
	if s.terminal {
		s.redraw(table(views))
		return
	}
	for _, v := range views {
		if line := summaryLine(v); s.said[v.name.String()] != line {
			s.said[v.name.String()] = line
			fmt.Fprintf(s.out, "%s %s\n", time.Now().Format(time.TimeOnly), line)
		}
	}
}

// finish leaves the table where it is.
func (s *screen) finish() { s.drawn = 0 }

// erase removes the table, if there is one.
func (s *screen) erase() {
	if s.drawn > 0 {
		fmt.Fprintf(s.out, "\x1b[%dA\x1b[J", s.drawn)
		s.drawn = 0
	}
}

// redraw replaces the last table, in one write so that it does not flicker. It cuts lines to
// the width of the terminal, because a wrapped line takes more than one row of the screen.
func (s *screen) redraw(text string) {
	var frame bytes.Buffer
	if s.drawn > 0 {
		fmt.Fprintf(&frame, "\x1b[%dA\x1b[J", s.drawn)
	}
	s.drawn = 0
	for line := range strings.Lines(text) {
		runes := []rune(strings.TrimRight(line, "\n"))
		if width := s.width() - 1; len(runes) > width {
			runes = runes[:width]
		}
		frame.WriteString(string(runes) + "\n")
		s.drawn++
	}
	_, _ = s.out.Write(frame.Bytes())
}

// columns aligns rows of cells.
func columns(rows [][]string) string {
	var out bytes.Buffer
	writer := tabwriter.NewWriter(&out, 0, 0, 3, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(writer, strings.Join(row, "\t"))
	}
	_ = writer.Flush()
	return out.String()
}
