package verify

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// retentionTable of a seal lists what those of its bags list.
const retentionTable = "retention.csv"

var (
	retentionColumns = []string{
		"conversation_id", "recording_id", "archive_date_before", "archive_date_asked", "archive_date_after", "delete_date_before", "delete_date_after",
		"export_date_before", "export_date_after", "exported_date_before", "exported_date_after", "changed",
	}
	sealedRetention = append(slices.Clone(retentionColumns), "bag")
)

// retentionTally counts recordings that were asked to be restored.
type retentionTally struct{ asked, changed, unknown int64 }

// retention is the recordings of a bag that were asked to be restored.
type retention struct {
	*verifier
	at, log string
	lines   map[string]Row
	// requested are the recordings of which the custody log tells so, and changed those
	// of which it tells that dates changed.
	requested, changed map[string]bool
}

// readRetention reads retention.csv of a bag, if it has one.
func (v *verifier) readRetention(b *bag, t tables, found hashedFiles) *retention {
	r := &retention{
		verifier: v, at: b.bagPath(evidence.RetentionTable), log: b.bagPath(bagLog),
		lines: map[string]Row{}, requested: map[string]bool{}, changed: map[string]bool{},
	}
	if _, there := found[evidence.RetentionTable]; !there {
		return r
	}
	listed := map[string]bool{}
	for _, line := range t.index {
		listed[line.key] = true
	}
	for row := range v.rows(r.at, retentionColumns...) {
		key := row.Get("conversation_id") + "/" + row.Get("recording_id")
		if _, twice := r.lines[key]; twice {
			v.fault(Contradiction, r.at, "line %d lists recording %s a second time", row.Line, cut(key))
		}
		if !listed[key] {
			v.fault(Contradiction, r.at, "line %d lists recording %s, which index.csv does not list", row.Line, cut(key))
		}
		r.lines[key] = row
		r.checkDates(row, key)
		b.restored.countLine(row)
	}
	r.checkReadings(b)
	return r
}

func (t *retentionTally) countLine(row Row) {
	t.asked++
	switch row.Get("changed") {
	case "":
	case evidence.NotReadAgain:
		t.unknown++
	default:
		t.changed++
	}
}

// datesOf are the dates of a line, before or after.
func datesOf(row Row, when string) genesys.Retention {
	return genesys.Retention{
		ArchiveDate: row.Get("archive_date_" + when), DeleteDate: row.Get("delete_date_" + when),
		ExportDate: row.Get("export_date_" + when), ExportedDate: row.Get("exported_date_" + when),
	}
}

// notReadAgain are the dates of a line that says that nothing is known of them.
var notReadAgain = genesys.Retention{
	ArchiveDate: evidence.NotReadAgain, DeleteDate: evidence.NotReadAgain, ExportDate: evidence.NotReadAgain, ExportedDate: evidence.NotReadAgain,
}

// checkDates checks that a line says of its own dates what they say.
func (r *retention) checkDates(row Row, key string) {
	before, after := datesOf(row, "before"), datesOf(row, "after")
	if _, err := time.Parse(time.RFC3339Nano, row.Get("archive_date_asked")); err != nil {
		r.fault(Malformed, r.at, "line %d does not state a requested archive date for recording %s", row.Line, cut(key))
	}
	want := evidence.NotReadAgain
	if after != notReadAgain {
		names := slices.DeleteFunc(before.Differences(after), func(name string) bool { return name == genesys.ArchiveDate })
		want = strings.Join(names, " ")
	}
	if got := row.Get("changed"); got != want {
		r.fault(Contradiction, r.at, "line %d states that %q of recording %s changed, but by its dates it is %q", row.Line, cut(got), cut(key), want)
	}
}

// checkReadings compares the dates that were read afterwards with what Genesys Cloud
// answered then.
func (r *retention) checkReadings(b *bag) {
	answers := map[string]map[string]reading{}
	for key, row := range r.lines {
		after := datesOf(row, "after")
		if after == notReadAgain {
			continue
		}
		conversation := row.Get("conversation_id")
		if !genesys.ValidID(conversation) {
			r.fault(Malformed, r.at, "line %d names a conversation whose id is not valid: %q", row.Line, cut(conversation))
			continue
		}
		if _, read := answers[conversation]; !read {
			answers[conversation] = r.readings(b.bagPath(evidence.RestoredPath(conversation)))
		}
		if answers[conversation] == nil {
			continue
		}
		answer, there := answers[conversation][row.Get("recording_id")]
		if !there {
			r.fault(Contradiction, r.at, "line %d states dates of recording %s after the restoration, but %s does not contain them", row.Line, cut(key), evidence.RestoredPath(conversation))
			continue
		}
		for _, name := range genesys.DateNames {
			if !answer.agrees(name, after.Date(name)) {
				r.fault(Contradiction, r.at, "line %d states that the %s of recording %s was %q after the restoration, but %s differs", row.Line, name, cut(key), cut(after.Date(name)), evidence.RestoredPath(conversation))
			}
		}
	}
}

// reading is what Genesys Cloud said of a recording.
type reading map[string]any

// readings reads what Genesys Cloud said of the recordings of a conversation, by their
// ids; nil if that cannot be read, which is a finding.
func (r *retention) readings(name string) map[string]reading {
	content, ok := r.read(name)
	if !ok {
		return nil
	}
	byID := map[string]reading{}
	err := eachOf(content, func(one json.RawMessage) error {
		var said struct {
			ID           json.RawMessage `json:"id"`
			ArchiveDate  json.RawMessage `json:"archiveDate"`
			DeleteDate   json.RawMessage `json:"deleteDate"`
			ExportDate   json.RawMessage `json:"exportDate"`
			ExportedDate json.RawMessage `json:"exportedDate"`
		}
		if err := json.Unmarshal(one, &said); err != nil {
			return err
		}
		if id, ok := text(said.ID).(string); ok {
			byID[id] = reading{
				genesys.ArchiveDate: text(said.ArchiveDate), genesys.DeleteDate: text(said.DeleteDate),
				genesys.ExportDate: text(said.ExportDate), genesys.ExportedDate: text(said.ExportedDate),
			}
		}
		return nil
	})
	if err != nil {
		return nil // reported with all metadata
	}
	return byID
}

// text is a value of JSON if it is text, nil if there is none, and false if it is
// something else, of whatever size.
func text(value json.RawMessage) any {
	var said *string
	switch err := json.Unmarshal(value, &said); {
	case len(value) == 0, err == nil && said == nil:
		return nil
	case err != nil:
		return false
	default:
		return *said
	}
}

// agrees reports whether a date is what was said. A value that is not a date may
// stand in a table in another form.
func (r reading) agrees(name, date string) bool {
	if r[name] == nil {
		return date == ""
	}
	text, _ := r[name].(string)
	said, ok := genesys.ParseDate(text)
	if !ok {
		return true
	}
	have, ok := genesys.ParseDate(date)
	return ok && have.Equal(said)
}

// takeRestorationEvent adds an event of the bag's custody log.
func (r *retention) takeRestorationEvent(e event) {
	key := e.Details["conversation"] + "/" + e.Details["recording"]
	row, listed := r.lines[key]
	switch e.Type {
	case "RestorationRequested":
		r.requested[key] = true
		if !listed {
			r.fault(Contradiction, r.log, "line %d reports a request to restore recording %s, but retention.csv does not list it", e.Sequence, cut(key))
			return
		}
		r.compareDates(e, key, datesOf(row, "before"), "Before")
		if e.Details["archiveDateAsked"] != row.Get("archive_date_asked") {
			r.fault(Contradiction, r.log, "line %d reports that the archive date %s was requested for recording %s, but retention.csv states %s", e.Sequence, cut(e.Details["archiveDateAsked"]), cut(key), cut(row.Get("archive_date_asked")))
		}
	case "RecordingRestored", "RecordingNotRestored":
		after := datesOf(row, "after")
		unknown := e.Details["datesAfter"] == evidence.NotReadAgain
		switch {
		case !listed:
		case unknown != (after == notReadAgain):
			r.fault(Contradiction, r.log, "line %d and retention.csv differ about whether the dates of recording %s were read after the restoration", e.Sequence, cut(key))
		case !unknown:
			r.compareDates(e, key, after, "After")
		}
	case "RetentionChanged":
		r.changed[key] = true
		if !listed || e.Details["dates"] != row.Get("changed") {
			r.fault(Contradiction, r.log, "line %d reports that %q of recording %s changed, but retention.csv states %q", e.Sequence, cut(e.Details["dates"]), cut(key), cut(row.Get("changed")))
		}
	}
}

func (r *retention) compareDates(e event, key string, dates genesys.Retention, suffix string) {
	for _, name := range genesys.DateNames {
		if told := e.Details[name+suffix]; told != dates.Date(name) {
			r.fault(Contradiction, r.log, "line %d reports %q as the %s of recording %s, but retention.csv states %q", e.Sequence, cut(told), name, cut(key), cut(dates.Date(name)))
		}
	}
}

// checkEvents checks that the log reports every line.
func (r *retention) checkEvents() {
	for key, row := range r.lines {
		if !r.requested[key] {
			r.fault(Contradiction, r.log, "does not report a request to restore recording %s, but line %d of %s states it", cut(key), row.Line, r.at)
		}
		if names := row.Get("changed"); names != "" && names != evidence.NotReadAgain && !r.changed[key] {
			r.fault(Contradiction, r.log, "does not report that dates of recording %s changed, but line %d of %s states it", cut(key), row.Line, r.at)
		}
	}
}

// compareRetention compares a seal's retention.csv with its bags', if any has one.
func (c *census) compareRetention(s *seal) {
	var bags []*bag
	for _, listed := range s.bags {
		if b := c.verifier.bags[listed.Get("bag")]; b != nil && b.restored.asked > 0 {
			bags = append(bags, b)
		}
	}
	if _, there := s.found[retentionTable]; !there && len(bags) == 0 {
		return
	}
	lines := func(yield func(line) bool) {
		for _, b := range bags {
			if !c.retentionOf(b, yield) {
				return
			}
		}
	}
	at := s.sealPath(retentionTable)
	for _, row := range c.merge(s, comparison{at, sealedRetention, 2, nil}, lines) {
		c.fault(Contradiction, at, "line %d lists recording %s, which is in no bag", row.Line, cut(row.Get("recording_id")))
	}
}

func (c *census) retentionOf(b *bag, yield func(line) bool) bool {
	at := b.bagPath(evidence.RetentionTable)
	for row := range c.rows(at, retentionColumns...) {
		if !yield(line{row, at, b.name, ""}) {
			return false
		}
	}
	return true
}
