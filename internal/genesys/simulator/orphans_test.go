package simulator_test

import (
	"testing"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

func TestOrphans(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.Edges.Orphans, o.Limits.OrphanPageSize = 40, 30 })
	const path = "/api/v2/orphanrecordings"
	known := map[string]simulator.Orphan{}
	for _, o := range w.Dataset().Orphans {
		known[o.ID] = o
	}
	listed := 0
	for next := path; next != ""; {
		a := w.get(next)
		w.want(a, 200)
		for _, v := range a.list("entities") {
			e := v.(map[string]any)
			o := known[e["id"].(string)]
			if e["createdTime"] != o.Created.Format(dateForm) || e["mediaSizeBytes"] != float64(o.Size) || e["orphanStatus"] != string(o.Status) {
				t.Errorf("entry %v of %+v", e, o)
			}
			if (e["recording"] != nil) != (o.ConversationID != "") {
				t.Errorf("entry %v of %+v", e, o)
			}
			listed++
		}
		next = a.text("nextUri")
	}
	if listed != 40 || len(known) != 40 {
		t.Errorf("%d listed of %d", listed, len(known))
	}
	if got := w.get(path + "?media=Screen").number("total"); got != 10 {
		t.Errorf("%d screens, want 10", got)
	}
	if got := w.get(path + "?hasConversation=true").number("total"); got != 0 {
		t.Errorf("%d have a conversation that is known, want none", got)
	}
	w.wantCode(w.get(path+"?pageSize=31"), 400, "invalid.query.param.value")
	w.wantCode(w.get(path+"?media=Fax"), 400, "invalid.query.param.value")
	if got := w.download(w.url + "/_simulator/dataset").number("orphans"); got != 40 {
		t.Errorf("the admin endpoint tells of %d orphans", got)
	}
	// Nothing else lists them.
	for _, r := range w.Dataset().Recordings() {
		if _, orphan := known[r.ID]; orphan {
			t.Errorf("%s belongs to conversation %s", r.ID, r.ConversationID)
		}
	}
	if err := w.SetPermission(simulator.DefaultClientID, "recording:orphan:view", false); err != nil {
		t.Fatal(err)
	}
	w.wantCode(w.get(path), 403, "missing.permissions")
}
