package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
)

// jobFigures counts the bulk jobs of an export.
type jobFigures struct{ created, failed int }

// showJobs prints what became of the bulk jobs but the plain one. It returns an error if one failed
// because of screen recordings under legal hold, or if others were halved down to than the poisoned
// conversations.
func showJobs(ctx context.Context, c cloud, plain string, poisoned []string) (jobFigures, error) {
	jobs, err := listJobs(ctx, c)
	if err != nil {
		return jobFigures{}, err
	}
	figures, single := jobFigures{}, 0
	for _, job := range jobs {
		if job.ID == plain {
			continue
		}
		figures.created++
		if job.State != "FAILED" {
			continue
		}
		figures.failed++
		if strings.Contains(job.ErrorMessage, "legal hold") {
			return figures, fmt.Errorf("bulk job %s failed: %s", job.ID, job.ErrorMessage)
		}
		if job.TotalConversations == 1 {
			single++
			if !slices.ContainsFunc(poisoned, func(id string) bool { return strings.Contains(string(job.Query), id) }) {
				return figures, fmt.Errorf("bulk job %s failed, which names no poisoned conversation", job.ID)
			}
		}
	}
	if single != len(poisoned) {
		return figures, fmt.Errorf("%d bulk jobs failed that name a single conversation, want %d", single, len(poisoned))
	}
	fmt.Printf("The operator created %s. None failed because of screen recordings under legal hold: they have jobs of their own.\n", english.Plural(figures.created, "job", ""))
	fmt.Printf("%s failed because of the two conversations. The operator halved them until each named only one of these, and downloaded their recordings.\n", english.Plural(figures.failed, "job", ""))
	return figures, nil
}

// listJobs lists all bulk jobs of the organisation.
func listJobs(ctx context.Context, c cloud) ([]bulkJob, error) {
	token, err := c.login(ctx)
	if err != nil {
		return nil, err
	}
	var jobs []bulkJob
	for number := 1; ; number++ {
		var page struct {
			Entities  []bulkJob `json:"entities"`
			PageCount int       `json:"pageCount"`
		}
		if err := c.call(ctx, token, http.MethodGet, fmt.Sprintf("/api/v2/recording/jobs?pageSize=100&pageNumber=%d", number), "", &page); err != nil {
			return nil, err
		}
		jobs = append(jobs, page.Entities...)
		if number >= page.PageCount {
			return jobs, nil
		}
	}
}

// account is what the demo reads of the account of a seal.
type account struct {
	Recordings []struct {
		Exported int `json:"exported"`
	} `json:"recordings"`
	Referenced []struct {
		Recordings int `json:"recordings"`
	} `json:"referenced"`
}

// exported returns how many recordings were exported, and how many of them bulk jobs delivered.
func (a account) exported() (all, byJobs int) {
	for _, r := range a.Recordings {
		all += r.Exported
	}
	for _, r := range a.Referenced {
		byJobs += r.Recordings
	}
	return all, byJobs
}

// showBulkFigures prints what the export cost.
func (s stage) showBulkFigures(asked requests, jobs jobFigures) error {
	archive, err := s.archive()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(archive, "seals", "1", "account.json"))
	if err != nil {
		return err
	}
	var sealed account
	if err := json.Unmarshal(text, &sealed); err != nil {
		return err
	}
	all, byJobs := sealed.exported()
	if byJobs == 0 {
		return errors.New("bulk jobs delivered nothing")
	}
	fmt.Printf("  recordings exported               %d: %d by bulk jobs, %d by download\n", all, byJobs, all-byJobs)
	fmt.Printf("  bulk jobs                         %d, %d of them failed\n", jobs.created, jobs.failed)
	line := func(name string, calls int) {
		fmt.Printf("  %-34s%d, %.3f per recording\n", name, calls, float64(calls)/float64(all))
	}
	total := asked.calls("")
	metadata, bulk := asked.calls("/recordingmetadata"), asked.calls("/recording/jobs")
	line("API calls", total)
	line("  metadata, one a conversation", metadata)
	line("  bulk jobs", bulk)
	line("  survey, legal holds and others", total-metadata-bulk)
	return nil
}

// showBulkNext says how to continue with the archive.
func (s stage) showBulkNext() error {
	archive, err := s.archive()
	if err != nil {
		return err
	}
	plugin, err := filepath.Abs(s.program("kubectl-genesys_export"))
	if err != nil {
		return err
	}
	fmt.Printf("Read the report in a browser:\n  %s\n", filepath.Join(archive, "seals", "1", "report.html"))
	fmt.Printf("See where the recordings are:\n  %s ls %s --medium Screen\n", plugin, archive)
	fmt.Printf("Verify the archive without the bucket, whose server has stopped (the recordings there are then not verified):\n  %s verify %s --skip-referenced\n", plugin, archive)
	fmt.Println("Read when bulk jobs are worth it:\n  docs/bulk-jobs.md")
	return nil
}

// commandLine shows a command as somebody would type it.
func commandLine(command *exec.Cmd) string { return strings.Join(command.Args, " ") }
