package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// maxGaps is how many gaps are listed on the screen.
const maxGaps = 20

// summarize sums up an export that has ended: what there is by lane and medium,
// what is missing, where it lies and how to check it.
func summarize(out *screen, root string, v view) error {
	folder := filepath.Join(root, v.export.Status.Archive)
	account, digest, err := evidence.ReadSeal(os.DirFS(folder), 1)
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
	out.note("\n%s: %d of %d recordings exported from %d conversations, %d gaps, %s in %d bags\n\n%s",
		v.name, totals.Exported, totals.Total(), account.Conversations.Surveyed, account.Gaps, size(account.Bytes), account.Bags, columns(rows))
	if account.Gaps > 0 {
		if err := listGaps(out, filepath.Join(folder, evidence.SealFolder(1))); err != nil {
			return err
		}
	}
	out.note("  Archive: %s\n  Seal: %s (SHA-256 of its manifest %s)", folder, evidence.SealFolder(1), digest)
	return nil
}

// listGaps lists what could not be had, and why, as far as it fits.
func listGaps(out *screen, seal string) error {
	out.note("  Not available:")
	listed := 0
	for _, table := range []string{"conversations.csv", "recordings.csv"} {
		rows, err := readTable(filepath.Join(seal, table))
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row["disposition"] != string(evidence.Unavailable) {
				continue
			}
			if listed++; listed <= maxGaps {
				out.note("    conversation %s recording %s: %s %s", row["conversation_id"], row["recording_id"], row["reason"], row["detail"])
			}
		}
	}
	if listed > maxGaps {
		out.note("    and %d more: see conversations.csv and recordings.csv in %s", listed-maxGaps, seal)
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
