package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// retentionTable lists the recordings of a bag that were asked to be restored.
const retentionTable = "data/retention.csv"

// notRead stands where the dates were not read again.
const notRead = "unknown"

// restoredColumns are those of retention.csv.
var restoredColumns = []string{
	"conversation_id", "recording_id", "archive_date_before", "archive_date_asked", "archive_date_after", "delete_date_before", "delete_date_after",
	"export_date_before", "export_date_after", "exported_date_before", "exported_date_after", "changed",
}

// keptDates are the dates that a restoration must not change, as tables and as
// answers of Genesys Cloud name them.
var keptDates = []struct{ column, name string }{
	{"delete_date", "deleteDate"}, {"export_date", "exportDate"}, {"exported_date", "exportedDate"},
}

// readRetention reads which recordings of a bag were asked to be restored, and checks
// what each line says against itself, the bag's log and what Genesys Cloud answered.
func (v *verdict) readRetention(where string, b bag, log []event) []row {
	var lines []row
	if _, there := b.payload[retentionTable]; there {
		lines = v.table(filepath.Join(where, retentionTable), restoredColumns...)
	}
	told, changes := map[string]map[string]string{}, map[string]string{}
	for _, e := range log {
		id := e.Details["conversation"] + "/" + e.Details["recording"]
		switch e.Type {
		case "RestorationRequested":
			told[id] = e.Details
		case "RetentionChanged":
			changes[id] = e.Details["dates"]
		}
	}
	listed := map[string]bool{}
	for _, r := range b.index {
		listed[key(r)] = true
	}
	for _, r := range lines {
		id := key(r)
		if !listed[id] {
			v.fault(where, "retention.csv lists %s, which index.csv does not, or lists it twice", id)
		}
		delete(listed, id)
		v.checkDates(where, r)
		v.checkAnswer(where, r)
		if told[id] == nil || told[id]["archiveDateAsked"] != r["archive_date_asked"] || told[id]["deleteDateBefore"] != r["delete_date_before"] {
			v.fault(where, "retention.csv and the custody log differ about %s", id)
		}
		if said := changes[id]; said != r["changed"] && r["changed"] != notRead {
			v.fault(where, "retention.csv says that %q of %s changed, the custody log %q", r["changed"], id, said)
		}
		delete(told, id)
		delete(changes, id)
	}
	for id := range told {
		v.fault(where, "the custody log reports the restoration of %s, retention.csv does not", id)
	}
	for id := range changes {
		v.fault(where, "the custody log reports changed dates of %s, retention.csv does not list it", id)
	}
	return lines
}

// checkDates checks that a line calls changed what is another date afterwards.
func (v *verdict) checkDates(where string, r row) {
	if r["archive_date_after"] == notRead {
		if r["changed"] != notRead {
			v.fault(where, "retention.csv says that %q of %s changed, whose dates were not read", r["changed"], key(r))
		}
		return
	}
	var names []string
	for _, date := range keptDates {
		if !sameInstant(r[date.column+"_before"], r[date.column+"_after"]) {
			names = append(names, date.name)
		}
	}
	if want := strings.Join(names, " "); r["changed"] != want {
		v.fault(where, "retention.csv says that %q of %s changed, it is %q", r["changed"], key(r), want)
	}
}

// sameInstant reports whether two dates are the same, or the same text if they are none.
func sameInstant(a, b string) bool {
	one, failed := instantOf(a)
	other, failedToo := instantOf(b)
	if failed || failedToo {
		return failed == failedToo && a == b
	}
	return one.Equal(other)
}

func instantOf(text string) (at time.Time, failed bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, false
		}
	}
	return at, true
}

// checkAnswer checks that the dates afterwards are those that Genesys Cloud answered.
func (v *verdict) checkAnswer(where string, r row) {
	if r["archive_date_after"] == notRead {
		return
	}
	body, err := os.ReadFile(filepath.Join(where, "data", "metadata", r["conversation_id"]+".restored.json"))
	var answered []map[string]any
	if err == nil {
		err = json.Unmarshal(body, &answered)
	}
	for _, one := range answered {
		if one["id"] != r["recording_id"] {
			continue
		}
		for _, date := range append(keptDates, struct{ column, name string }{"archive_date", "archiveDate"}) {
			said, _ := one[date.name].(string)
			if !sameInstant(said, r[date.column+"_after"]) {
				v.fault(where, "retention.csv has another %s of %s than Genesys Cloud answered", date.name, key(r))
			}
		}
		return
	}
	v.fault(where, "retention.csv says dates of %s that Genesys Cloud did not answer: %v", key(r), err)
}

// checkRestored compares a seal's retention.csv with those of the bags that it seals.
func (v *verdict) checkRestored(s seal, bags map[string]bag) {
	const where = "seals"
	listed := map[string]int{}
	for _, r := range s.restored {
		listed[lineOf(r, r["bag"])]++
	}
	for _, line := range s.bags {
		for _, r := range bags[line["bag"]].restored {
			listed[lineOf(r, line["bag"])]--
		}
	}
	for line, n := range listed {
		if n != 0 {
			v.fault(where, "retention.csv and the bags differ by %d about %s", n, line)
		}
	}
}

func lineOf(r row, bag string) string {
	cells := []string{bag}
	for _, column := range restoredColumns {
		cells = append(cells, r[column])
	}
	return strings.Join(cells, ",")
}
