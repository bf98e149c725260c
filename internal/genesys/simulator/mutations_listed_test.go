package simulator_test

import "testing"

// TestARecordingBecomesKnownLate: until then neither metadata nor bulk jobs know it.
func TestARecordingBecomesKnownLate(t *testing.T) {
	w := newWorld(t)
	c := w.pick(quiet)
	counts := func() (listed, found int) {
		job := w.runJob(w.exportQuery(c))
		return len(w.get(metadataPath(c)).list()), job.number("totalRecordings") + job.number("totalSkippedRecordings")
	}
	before, foundBefore := counts()
	if err := w.SetRecordingListed(c.ID, c.Recordings[0].ID, false); err != nil {
		t.Fatal(err)
	}
	if listed, found := counts(); listed != before-1 || found != foundBefore-1 {
		t.Errorf("%d are listed, a job finds %d", listed, found)
	}
	if err := w.SetRecordingListed(c.ID, c.Recordings[0].ID, true); err != nil {
		t.Fatal(err)
	}
	if listed, found := counts(); listed != before || found != foundBefore {
		t.Errorf("%d are listed, a job finds %d", listed, found)
	}
	if w.SetRecordingListed(c.ID, "unknown", true) == nil {
		t.Error("no error")
	}
}
