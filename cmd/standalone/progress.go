package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// laneRow is the row of one lane of an export.
type laneRow struct {
	lane                   v1alpha1.Lane
	running, done, stalled int
	exported, total, gaps  int64
	bytes                  int64
	conversations, known   int64
	jobs                   laneJobs
}

// laneRows adds up each lane: finished batches from the status of the export, batches in
// progress from their own status.
func laneRows(v snapshot) []laneRow {
	var rows []laneRow
	for _, lane := range []v1alpha1.Lane{v1alpha1.LaneStandard, v1alpha1.LaneLegalHold, v1alpha1.LaneLegalHoldScreen, v1alpha1.LaneIsolated} {
		row := laneRow{lane: lane}
		for _, status := range v.export.Status.Lanes {
			if status.Lane == lane {
				row.done = int(status.Batches)
				row.add(status.Recordings, status.Gaps, status.Bytes)
			}
		}
		for i := range v.batches {
			if batch := &v.batches[i]; batch.Spec.Lane == lane && batch.Status.Bag == nil {
				row.addBatch(batch)
			}
		}
		if row.done+row.running > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

func (r *laneRow) add(recordings v1alpha1.RecordingCounts, gaps, bytes int64) {
	r.exported += recordings.Exported
	r.total += recordings.Total
	r.gaps += gaps
	r.bytes += bytes
}

func (r *laneRow) addBatch(batch *v1alpha1.RecordingExportBatch) {
	r.running++
	if conditions.IsStalled(batch) {
		r.stalled++
	}
	r.add(batch.Status.Recordings, batch.Status.Gaps, batch.Status.Bytes)
	r.conversations += int64(batch.Spec.Conversations)
	r.known += int64(batch.Status.Metadata)
	r.jobs.add(batch)
}

// state describes the batches in progress.
func (r *laneRow) state() string {
	switch {
	case r.running == 0:
		return ""
	case r.stalled > 0:
		return fmt.Sprintf("%s running, %d stalled", words.Count(r.running, "batch"), r.stalled)
	}
	text := fmt.Sprintf("%s running, metadata %d/%d", words.Count(r.running, "batch"), r.known, r.conversations)
	if jobs := r.jobs.String(); jobs != "" {
		text += "; " + jobs
	}
	return text
}

// table returns every export with its lanes and its isolated items.
func table(views []snapshot) string {
	rows := [][]string{{"EXPORT", "LANE", "BATCHES", "EXPORTED", "GAPS", "SIZE", "STATE"}}
	below := map[int]string{} // lines that are not rows, by the number of rows above
	for _, v := range views {
		status := v.export.Status
		rows = append(rows, []string{
			v.name.Name, "", fmt.Sprintf("%d/%d", status.Batches.Completed, status.Batches.Planned), progress(status),
			strconv.FormatInt(status.Gaps, 10), words.Bytes(status.Bytes), state(v),
		})
		for _, r := range laneRows(v) {
			rows = append(rows, []string{
				"", string(r.lane), strconv.Itoa(r.done), fmt.Sprintf("%d/%d", r.exported, r.total),
				strconv.FormatInt(r.gaps, 10), words.Bytes(r.bytes), r.state(),
			})
		}
		if says := conditions.Isolated(status.Isolated); says != "" {
			below[len(rows)] = "  " + says + "\n"
		}
	}
	var out strings.Builder
	n := 0
	for line := range strings.Lines(columns(rows)) {
		n++
		out.WriteString(line + below[n])
	}
	return out.String()
}

// summaryLine returns the line of an export for output that is not a terminal.
func summaryLine(v snapshot) string {
	status, jobs := v.export.Status, runningJobs(v)
	if jobs != "" {
		jobs = "; " + jobs
	}
	return fmt.Sprintf("%s: %s recordings exported, %s, %s, %d/%d batches. %s%s",
		v.name.Name, progress(status), words.Count(status.Gaps, "gap"), words.Bytes(status.Bytes), status.Batches.Completed, status.Batches.Planned, state(v), jobs)
}

func progress(status v1alpha1.RecordingExportStatus) string {
	if status.Progress == "" {
		return "0/0"
	}
	return status.Progress
}

func state(v snapshot) string {
	reason, message := conditions.Reason(&v.export), conditions.Message(&v.export)
	if reason == "" {
		return "waiting for the operator"
	}
	return reason + ": " + message
}
