package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// exitGaps is how cmd/standalone says that something could not be exported.
const exitGaps = 3

// stage is where a demo plays.
type stage struct {
	// binaries are the programs, and folder is emptied and filled.
	binaries, folder string
	// simulator is the address of the simulated organisation, which the manifests name, too.
	simulator string
	// bucket is the address of the S3 server into which bulk jobs export; empty without one.
	bucket string
	// manifests are what standalone applies, and export is the name of the export among them.
	manifests []string
	export    string
	// conversations are on the day, and latency multiplies all delays of the simulator.
	conversations int
	latency       string
}

// cloud is the simulated organisation.
func (s stage) cloud() cloud { return cloud("http://" + s.simulator) }

// archive is the archive of the export.
func (s stage) archive() (string, error) {
	return filepath.Abs(filepath.Join(s.folder, "archive", "legal", "evidence", s.export))
}

// program is one of the programs in binaries.
func (s stage) program(name string) string { return filepath.Join(s.binaries, name) }

// checkAddresses makes sure that the servers will find their addresses free, before anything of
// an earlier demo is removed.
func (s stage) checkAddresses(ctx context.Context) error {
	for _, address := range []string{s.simulator, s.bucket} {
		if address == "" {
			continue
		}
		var config net.ListenConfig
		listener, err := config.Listen(ctx, "tcp", address)
		if err != nil {
			return fmt.Errorf("cannot listen on %s: %w; stop the program that uses this address and try again. Nothing was changed", address, err)
		}
		if err := listener.Close(); err != nil {
			return err
		}
	}
	return nil
}

// startSimulator starts a day of eu-west-1: a tenth of the conversations are under legal hold,
// a third have screen recordings, and 3,000 requests a minute are allowed.
func (s stage) startSimulator(ctx context.Context) (stop func(), err error) {
	arguments := []string{
		"--listen", s.simulator, "--region", "eu-west-1", "--conversations", strconv.Itoa(s.conversations), "--held", "0.1",
		"--requests-per-minute", "3000", "--latency", s.latency,
	}
	if s.bucket != "" {
		arguments = append(arguments, "--export-endpoint", "http://"+s.bucket, "--export-bucket", bucketName, "--export-region", bucketRegion)
	}
	command := exec.CommandContext(ctx, s.program("genesys-simulator"), arguments...)
	command.Env = append(os.Environ(), bucketKeys()...)
	// Only its own word says that it is this one that listens, not another.
	return startServer(command, filepath.Join(s.folder, "simulator.log"), saying("look behind"))
}

// runExport runs cmd/standalone on the manifests, and reports whether everything was exported.
func (s stage) runExport(ctx context.Context) (complete bool, err error) {
	arguments := []string{"--timeout", "10m", "--archive-root", filepath.Join(s.folder, "archive"), "--state-dir", filepath.Join(s.folder, "state")}
	for _, path := range s.manifests {
		arguments = append(arguments, "-f", path)
	}
	standalone := exec.CommandContext(ctx, s.program("standalone"), arguments...)
	standalone.Stdout, standalone.Stderr = os.Stdout, os.Stderr
	// Ctrl-C reaches it from the terminal; it stops cleanly by itself.
	standalone.Cancel = func() error { return nil }
	err = standalone.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == exitGaps:
		return false, nil
	case err != nil:
		return false, fmt.Errorf("the export: %w", err)
	default:
		return true, nil
	}
}
