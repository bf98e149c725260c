package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// bulkJobs is where the demo of config/samples-bulkjob plays.
func bulkJobs(binaries, folder string) stage {
	return stage{
		binaries: binaries, folder: folder, simulator: "127.0.0.1:8686", bucket: "127.0.0.1:8687", export: "case-4712", conversations: 200, latency: "0.5",
		manifests: []string{
			"config/samples/namespace.yaml", "config/samples/secret.yaml", "config/samples/genesysorganization.yaml",
			"config/samples/exportdestination.yaml", "config/samples-bulkjob",
		},
	}
}

// runBulk plays the demo of an export that bulk jobs deliver, and ends with an error unless that export
// is all that it should be.
func runBulk(ctx context.Context, s stage) error {
	begun := time.Now()
	if err := s.begin(ctx); err != nil {
		return err
	}
	stopBucket, err := s.startBucket(ctx)
	if err != nil {
		return err
	}
	defer stopBucket()
	stopSimulator, err := s.startSimulator(ctx)
	if err != nil {
		return err
	}
	defer stopSimulator()
	heading("Without the operator: one bulk export job for the whole day")
	plain, err := showBulkJob(ctx, s.cloud())
	if err != nil {
		return err
	}
	heading("The same day through the operator, with recording bulk jobs: config/samples-bulkjob")
	poisoned, err := poison(ctx, s.cloud())
	if err != nil {
		return err
	}
	before, err := journal(ctx, s.cloud())
	if err != nil {
		return err
	}
	complete, err := s.runExport(ctx)
	if err != nil {
		return err
	}
	if !complete {
		return errors.New("the export has gaps")
	}
	after, err := journal(ctx, s.cloud())
	if err != nil {
		return err
	}
	heading("What became of the bulk jobs")
	jobs, err := showJobs(ctx, s.cloud(), plain.ID, poisoned)
	if err != nil {
		return err
	}
	heading("The archive is verified, with the recordings in the bucket")
	if err := s.verifyBulk(ctx); err != nil {
		return err
	}
	heading("Figures")
	if err := s.showBulkFigures(after.minus(before), jobs); err != nil {
		return err
	}
	heading(fmt.Sprintf("The demo took %v. What to do next", time.Since(begun).Round(time.Second)))
	return s.showBulkNext()
}

// poison has two conversations of the lane Standard make every bulk job fail that names them, and
// returns their ids.
func poison(ctx context.Context, c cloud) ([]string, error) {
	all, err := conversations(ctx, c)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, candidate := range all {
		if !candidate.Held && len(candidate.Recordings) > 0 && !candidate.Start.Before(day) {
			ids = append(ids, candidate.ID)
		}
	}
	if len(ids) < 3 {
		return nil, errors.New("the simulator has too few conversations")
	}
	slices.Sort(ids)
	poisoned := []string{ids[len(ids)/3], ids[2*len(ids)/3]}
	for _, id := range poisoned {
		body := fmt.Sprintf(`{"setJobTrouble": {"conversationId": %q, "trouble": "poisoned"}}`, id)
		if err := c.call(ctx, "", http.MethodPost, "/_simulator/mutations", body, nil); err != nil {
			return nil, err
		}
	}
	fmt.Printf("From now on two conversations without legal hold make every bulk job fail that names them:\n  %s\n  %s\n\n", poisoned[0], poisoned[1])
	return poisoned, nil
}

// verifyBulk verifies the archive with the plugin, which reads the bucket over HTTP, and with the
// verifier of the tests, which shares no code with it, knows what the simulator has, and reads the
// directory of the bucket.
func (s stage) verifyBulk(ctx context.Context) error {
	archive, err := s.archive()
	if err != nil {
		return err
	}
	buckets, err := s.buckets()
	if err != nil {
		return err
	}
	plugin := exec.CommandContext(ctx, s.program("kubectl-genesys_export"), append([]string{"verify", archive}, s.bucketFlags()...)...)
	plugin.Env = append(os.Environ(), bucketKeys()...)
	verifier := exec.CommandContext(ctx, "go", "run", "-trimpath", "./test/verifier", "-archive", archive, "-buckets", buckets, "-truth", string(s.cloud()))
	for _, command := range []*exec.Cmd{plugin, verifier} {
		fmt.Printf("$ %s\n", commandLine(command))
		command.Stdout, command.Stderr = os.Stdout, os.Stderr
		if err := command.Run(); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(command.Path), err)
		}
		fmt.Println()
	}
	return nil
}

// bucketFlags are the flags with which the plugin finds the bucket.
func (s stage) bucketFlags() []string {
	return []string{"--recordings-region", bucketRegion, "--recordings-endpoint", "http://" + s.bucket, "--path-style"}
}
