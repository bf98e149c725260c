package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/internal/words"
)

const (
	// redrawEvery is the time between two redraws.
	redrawEvery = 200 * time.Millisecond
	// barWidth is the width of the bar in characters.
	barWidth = 30
)

// gauge shows the progress of a verification on a terminal. It writes nothing to a file or pipe.
type gauge struct {
	file     *os.File
	terminal bool
}

func newGauge(file *os.File) *gauge {
	return &gauge{file, term.IsTerminal(int(file.Fd()))}
}

// follow shows a meter until stop is called.
func (g *gauge) follow(archive string, meter *verify.Meter) (stop func()) {
	if g == nil || !g.terminal {
		return func() {}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	begun := time.Now()
	go func() {
		defer close(ended)
		tick := time.NewTicker(redrawEvery)
		defer tick.Stop()
		for {
			select {
			case <-end:
				fmt.Fprint(g.file, "\r\x1b[K")
				return
			case <-tick.C:
				fmt.Fprint(g.file, "\r\x1b[K"+g.fit(progress(archive, meter, time.Since(begun))))
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

// fit cuts a line to the width of the terminal, because a wrapped line cannot be redrawn.
func (g *gauge) fit(line string) string {
	width, _, err := term.GetSize(int(g.file.Fd()))
	if err != nil || width < 20 {
		width = 80
	}
	return line[:min(len(line), width-1)]
}

// progress returns one line with a bar, the bytes read and expected, and the speed.
func progress(archive string, meter *verify.Meter, since time.Duration) string {
	read, expected := meter.Bytes.Load(), meter.Expected.Load()
	if expected == 0 {
		return fmt.Sprintf("%s: %s, %s", archive, words.Count(meter.Files.Load(), "file"), words.Bytes(read))
	}
	done := min(float64(read)/float64(expected), 1)
	full := int(done * barWidth)
	rate := int64(float64(read) / max(since.Seconds(), 0.001))
	return fmt.Sprintf("[%s%s] %3.0f%% %s of %s, %s, %s/s %s", strings.Repeat("=", full), strings.Repeat(" ", barWidth-full),
		done*100, words.Bytes(read), words.Bytes(max(read, expected)), words.Count(meter.Files.Load(), "file"), words.Bytes(rate), archive)
}
