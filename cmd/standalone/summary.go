package main

import (
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// maxGaps is how many gaps are listed on the screen.
const maxGaps = 20

// summarize prints the summary of an export that has ended: its recordings by lane and medium,
// its gaps, its archive and its seal. For an archive in a bucket, which this program cannot
// read, it prints the figures of the status.
func summarize(out *screen, root string, v snapshot) error {
	if strings.HasPrefix(v.export.Status.Archive, "s3://") {
		out.note("\n%s: %s recordings exported, %s, %s, sealed in %s", v.name, v.export.Status.Progress,
			words.Count(v.export.Status.Gaps, "gap"), words.Bytes(v.export.Status.Bytes), v.export.Status.Archive)
		noteJobs(out, v)
		noteIsolated(out, v)
		return nil
	}
	folder := filepath.Join(root, v.export.Status.Archive)
	number := 1
	if v.export.Status.Seal != nil {
		number = int(v.export.Status.Seal.Number)
	}
	account, digest, err := evidence.ReadSeal(os.DirFS(folder), number)
	if err != nil {
		return fmt.Errorf("read the account of %s: %w", v.name, err)
	}
	rows := [][]string{{"  LANE", "MEDIUM", "EXPORTED", "EXCLUDED", "UNAVAILABLE"}}
	for _, r := range account.Recordings {
		medium := string(r.Medium)
		if medium == "" {
			medium = "(unknown)"
		}
		rows = append(rows, []string{"  " + string(r.Lane), medium, decimal(r.Exported), decimal(r.Excluded), decimal(r.Unavailable)})
	}
	totals := account.Totals()
	rows = append(rows, []string{"  all", "", decimal(totals.Exported), decimal(totals.Excluded), decimal(totals.Unavailable)})
	out.note("\n%s: %d of %s exported from %s, %s, %s in %s\n\n%s",
		v.name, totals.Exported, words.Count(totals.Total(), "recording"), words.Count(account.Conversations.Surveyed, "conversation"),
		words.Count(account.Gaps, "gap"), words.Bytes(account.Bytes), words.Count(account.Bags, "bag"), columns(rows))
	if account.Gaps > 0 {
		if err := listGaps(out, folder, number); err != nil {
			return err
		}
	}
	noteJobs(out, v)
	noteReferenced(out, account)
	noteIsolated(out, v)
	out.note("  Archive: %s\n  Seal: %s (SHA-256 of its manifest %s)", folder, evidence.SealFolder(number), digest)
	return nil
}

// noteIsolated prints what is still isolated and retried.
func noteIsolated(out *screen, v snapshot) {
	if says := conditions.Isolated(v.export.Status.Isolated); says != "" {
		out.note("  Not exported yet: %s", says)
	}
}

// listGaps lists up to maxGaps items that could not be exported, with the reason from the last
// seal that names the item.
func listGaps(out *screen, folder string, seals int) error {
	gaps := map[string]map[string]string{}
	for number := 1; number <= seals; number++ {
		for _, table := range []string{"conversations.csv", "recordings.csv", "failures.csv"} {
			rows, err := readTable(filepath.Join(folder, evidence.SealFolder(number), table))
			if err != nil {
				return err
			}
			for _, row := range rows {
				key := row["conversation_id"]
				if recording := row["recording_id"]; recording != "" {
					key += " recording " + recording
				}
				delete(gaps, key)
				if table == "failures.csv" { // it lists every gap of its seal, and is read last
					gaps[key] = row
				}
			}
		}
	}
	out.note("  Unavailable:")
	for i, key := range slices.Sorted(maps.Keys(gaps)) {
		if i == maxGaps {
			out.note("    and %d more: see failures.csv of the seals in %s", len(gaps)-maxGaps, folder)
			break
		}
		out.note("%s", strings.TrimRight(fmt.Sprintf("    conversation %s: %s %s", key, gaps[key]["reason"], gaps[key]["detail"]), " "))
	}
	return nil
}

// readTable reads a CSV file as rows of cells by column.
func readTable(path string) ([]map[string]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	rows := make([]map[string]string, len(lines)-1)
	for i, line := range lines[1:] {
		rows[i] = map[string]string{}
		for j, name := range lines[0] {
			rows[i][name] = line[j]
		}
	}
	return rows, nil
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
