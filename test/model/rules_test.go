package model

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// plan returns the plan so far: entries that are there never change, so each is
// read once.
func (m *model) plan() []artifacts.Entry {
	m.reading.Lock()
	defer m.reading.Unlock()
	for {
		entry, err := artifacts.Get[artifacts.Entry](m.ctx, m.archive, artifacts.EntryKey(len(m.entries)))
		if errors.Is(err, fs.ErrNotExist) {
			return slices.Clone(m.entries)
		}
		if err != nil {
			m.breaks("read the plan: %v", err)
			return nil
		}
		m.entries = append(m.entries, entry)
	}
}

func slicesOf(entries []artifacts.Entry) []plan.Slice {
	var all []plan.Slice
	for _, entry := range entries {
		all = append(all, entry.Slices...)
	}
	return all
}

// workKeys begin the keys of all work that there can be for the export.
func (m *model) workKeys() []string {
	keys := []string{"plan/", "survey/", "seal/"}
	for _, slice := range slicesOf(m.plan()) {
		keys = append(keys, slice.Name+"/", slice.Group+"/metadata")
	}
	return keys
}

// rests reports whether a process knows that the export is to stop.
func (m *model) rests(p *process, what target) bool {
	export := p.view.exports[exportName]
	if export == nil || !export.DeletionTimestamp.IsZero() {
		return false
	}
	retry := export.Annotations[v1alpha1.AnnotationRetry]
	cancelled := export.Status.Cancelled && (what.batch || retry == export.Status.LastRetryRequest)
	suspended := export.Spec.Suspend && (what.batch || export.Status.CompletionTime == nil)
	return cancelled || suspended
}

// check checks what must be true after every step.
func (m *model) check(t tester) {
	m.bury()
	planned := slicesOf(m.plan())
	export := m.export()
	if export != nil {
		m.checkExport(export, planned)
	}
	m.checkBatches(export, planned)
	m.checkBags()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.broken) > 0 {
		t.Fatal(strings.Join(m.broken, "\n"))
	}
}

const (
	// mostWaiting is how many batches of a lane may wait for what fails beside those
	// that its parallelism allows.
	mostWaiting = 10
	// mostIsolated is how many batches of the lane Isolated there may be at a time.
	mostIsolated = 200
)

// wrong are reasons for which nothing in a run is cause.
var wrong = []string{v1alpha1.ReasonArchiveCorrupt, v1alpha1.ReasonArchiveMismatch, v1alpha1.ReasonDestinationNotWritable}

func (m *model) checkConditions(obj conditions.Object) {
	if len(*obj.GetConditions()) == 0 {
		return
	}
	if err := conditions.Check(obj); err != nil {
		m.breaks("%v", err)
	}
	if reason := conditions.Reason(obj); slices.Contains(wrong, reason) || strings.Contains(conditions.Message(obj), "panic") {
		m.breaks("%s is %s: %s", obj.GetName(), reason, conditions.Message(obj))
	}
}

// checkExport checks that every batch is counted once, and stays counted.
func (m *model) checkExport(export *v1alpha1.RecordingExport, planned []plan.Slice) {
	m.checkConditions(export)
	counted := m.countedBy(export.Status, planned)
	if before := m.counted[string(export.UID)]; !counted.ContainsAll(before) {
		m.breaks("the status had counted %s, now it has %s", before, counted)
	}
	m.counted[string(export.UID)] = counted
	want := map[v1alpha1.Lane]v1alpha1.LaneStatus{}
	for ordinal, slice := range planned {
		if counted.Contains(ordinal) {
			m.addBag(want, slice)
		}
	}
	got := map[v1alpha1.Lane]v1alpha1.LaneStatus{}
	for _, lane := range export.Status.Lanes {
		lane.CompletedOrdinals = ""
		if lane != (v1alpha1.LaneStatus{Lane: lane.Lane}) { // not all batches of it were cut in two
			got[lane.Lane] = lane
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		m.breaks("what the status has counted (-bags +status):\n%s", diff)
	}
	if int(export.Status.Batches.Completed) != counted.Len() && export.Status.Batches.Completed != 0 {
		m.breaks("%d batches are completed, counted are %s", export.Status.Batches.Completed, counted)
	}
}

// addBag adds what a slice's bag contains. One without a bag was cut in two.
func (m *model) addBag(lanes map[v1alpha1.Lane]v1alpha1.LaneStatus, slice plan.Slice) {
	bag, err := fs.Sub(m.archive.FS(m.ctx), evidence.BagFolder(slice.Name))
	if err != nil {
		m.breaks("%v", err)
		return
	}
	summary, err := evidence.ReadSummary(bag)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		m.breaks("bag %s: %v", slice.Name, err)
	}
	lane := lanes[v1alpha1.Lane(slice.Lane)]
	counts, replaced := summary.SumOfMedia(), summary.Replaced
	lane.Lane = v1alpha1.Lane(slice.Lane)
	lane.Batches++
	lane.Bytes += summary.Bytes
	lane.Gaps += summary.Gaps - replaced.Sum()
	lane.Recordings.Total += counts.Total() - replaced.Recordings
	lane.Recordings.Exported += counts.Exported
	lane.Recordings.Excluded += counts.Excluded
	lane.Recordings.Unavailable += counts.Unavailable - replaced.Recordings
	lanes[lane.Lane] = lane
}

// countedBy returns which slices a status has counted, by their place in the plan.
func (m *model) countedBy(status v1alpha1.RecordingExportStatus, planned []plan.Slice) slicing.Ordinals {
	ordinals := map[slicing.Lane]slicing.Ordinals{}
	for _, lane := range status.Lanes {
		set, err := slicing.ParseOrdinals(lane.CompletedOrdinals)
		if err != nil {
			m.breaks("%v", err)
		}
		ordinals[slicing.Lane(lane.Lane)] = set
	}
	return slicing.OrdinalsOf(len(planned), func(place int) bool {
		return ordinals[planned[place].Lane].Contains(inLane(planned, place))
	})
}

// inLane is the number of a slice among those of its lane.
func inLane(planned []plan.Slice, place int) int {
	n := 0
	for _, slice := range planned[:place] {
		if slice.Lane == planned[place].Lane {
			n++
		}
	}
	return n
}

// checkBatches checks that each batch is the plan's, and that no more are active
// than may be.
func (m *model) checkBatches(export *v1alpha1.RecordingExport, planned []plan.Slice) {
	working, waited := map[v1alpha1.Lane]int{}, map[v1alpha1.Lane]int{}
	for _, batch := range m.allBatches() {
		m.checkConditions(&batch)
		place := slices.IndexFunc(planned, func(s plan.Slice) bool { return s.Name == batch.Name })
		if place < 0 || inLane(planned, place) != int(batch.Spec.Ordinal) || string(planned[place].Lane) != string(batch.Spec.Lane) {
			m.breaks("batch %s has ordinal %d, which is not its slice's", batch.Name, batch.Spec.Ordinal)
		}
		m.noteRoom(&batch)
		if export != nil && metav1.IsControlledBy(&batch, export) && !batch.IsFinished() && !m.stalled[batch.Name] {
			working[batch.Spec.Lane]++
			if m.waited[batch.Name] {
				waited[batch.Spec.Lane]++
			}
		}
	}
	for lane, n := range working {
		most := 2*m.highest[lane] + min(waited[lane], mostWaiting)
		if lane == v1alpha1.LaneIsolated {
			most = mostIsolated
		}
		if n > most {
			m.breaks("%d batches of lane %s are running, %d may be", n, lane, most)
		}
	}
}

// noteRoom notes a batch that takes no room in its lane, so that others were made in its
// place: one that somebody has to fix something for, or that waits for what fails.
func (m *model) noteRoom(batch *v1alpha1.RecordingExportBatch) {
	if reason := conditions.Reason(batch); reason == v1alpha1.ReasonMetadataRetrying || reason == v1alpha1.ReasonRecordingsPending {
		m.waited[batch.Name] = true
	}
	if conditions.IsStalled(batch) && conditions.Reason(batch) != v1alpha1.ReasonCancelled {
		m.stalled[batch.Name] = true
	}
}

// checkBags checks that bags that are sealed stay as they are.
func (m *model) checkBags() {
	declarations, err := filepath.Glob(filepath.Join(m.folder(), "bags", "*", evidence.BagDeclaration))
	if err != nil {
		m.breaks("%v", err)
	}
	for _, declaration := range declarations {
		bag := filepath.Dir(declaration)
		digest := m.digest(filepath.Join(bag, "tagmanifest-sha256.txt"))
		if before, known := m.sealed[bag]; known && before != digest {
			m.breaks("bag %s was written again", bag)
		}
		m.sealed[bag] = digest
	}
	if len(declarations) != len(m.sealed) {
		m.breaks("%d bags are sealed, %d were", len(declarations), len(m.sealed))
	}
}

func (m *model) digest(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		m.breaks("%v", err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// folder is the export's archive.
func (m *model) folder() string { return filepath.Join(m.root, namespace, "evidence", exportName) }

// state tells how things stand, for whoever reads of a failure.
func (m *model) state() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\n", m.clock.Now())
	if export := m.export(); export != nil {
		fmt.Fprintf(&b, "%s %s %+v\n", conditions.Reason(export), conditions.Message(export), export.Status)
	}
	for _, batch := range m.allBatches() {
		fmt.Fprintf(&b, "%s %d %s %s\n", batch.Name, batch.Spec.Ordinal, conditions.Reason(&batch), conditions.Message(&batch))
	}
	entries := m.plan()
	for i, entry := range entries[max(0, len(entries)-20):] {
		fmt.Fprintf(&b, "entry %d: %+v %+v %+v %+v %+v %+v %d slices\n", i+max(0, len(entries)-20), entry.Surveyed, entry.Moved, entry.Halved, entry.Isolated, entry.Retried, entry.Sealing, len(entry.Slices))
	}
	for _, bad := range m.bads {
		fmt.Fprintln(&b, bad)
	}
	return b.String()
}
