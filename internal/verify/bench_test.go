package verify_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

const (
	// benchFiles of benchSize bytes each: 256 MiB, as recordings of some minutes.
	benchFiles = 128
	benchSize  = 2 << 20
)

// large is an archive whose bag Standard has many files more. That files.csv does
// not list them is found fault with, and costs nothing.
func large(b *testing.B) *specimen.Archive {
	b.Helper()
	a := specimen.New(b, nil)
	source, content := rand.NewChaCha8([32]byte{}), make([]byte, benchSize)
	for n := range benchFiles {
		_, _ = source.Read(content)
		a.Write(evidence.BagFolder(specimen.Standard)+"/"+evidence.RecordingPath(specimen.ID(1), specimen.ID(11), n+10, "wav"), content)
	}
	a.Forge(specimen.Standard, 1)
	return a
}

// BenchmarkArchive reads an archive with one worker on one core, with as many as
// there are cores, and has sha256sum and openssl read the same files on one.
// x-sha256sum is how many times as fast as it we are: what is measured is work,
// not the disk, since everything is in the page cache. Some builds of sha256sum do
// without the processor's SHA instructions; openssl uses them wherever it can.
func BenchmarkArchive(b *testing.B) {
	a := large(b)
	var bytes int64
	for _, name := range a.Files(".") {
		info, err := os.Stat(a.Path(name))
		if err != nil {
			b.Fatal(err)
		}
		bytes += info.Size()
	}
	for _, cores := range []int{1, runtime.NumCPU()} {
		b.Run(fmt.Sprintf("cores=%d", cores), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
			b.SetBytes(bytes)
			var ours, coreutils, openssl time.Duration
			for b.Loop() {
				begun := time.Now()
				if _, err := verify.Archive(b.Context(), os.DirFS(a.Root), verify.Options{Workers: cores}); err != nil {
					b.Fatal(err)
				}
				ours += time.Since(begun)
				b.StopTimer()
				coreutils += others(b, a, "sha256sum")
				openssl += others(b, a, "openssl", "dgst", "-sha256")
				b.StartTimer()
			}
			b.ReportMetric(float64(bytes)*float64(b.N)/1e6/coreutils.Seconds(), "sha256sum-MB/s")
			b.ReportMetric(float64(bytes)*float64(b.N)/1e6/openssl.Seconds(), "openssl-MB/s")
			b.ReportMetric(coreutils.Seconds()/ours.Seconds(), "x-sha256sum")
			b.ReportMetric(openssl.Seconds()/ours.Seconds(), "x-openssl")
		})
	}
}

// others has a program read every file, and tells how long it takes.
func others(b *testing.B, a *specimen.Archive, program string, arguments ...string) time.Duration {
	b.Helper()
	command := exec.CommandContext(b.Context(), program, append(arguments, a.Files(".")...)...)
	command.Dir = a.Root
	begun := time.Now()
	if err := command.Run(); err != nil {
		b.Fatal(err)
	}
	return time.Since(begun)
}
