package simulator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

func TestIndexAndHealth(t *testing.T) {
	w := newWorld(t)
	a := w.download(w.url + "/")
	if a.status != 200 || !strings.HasPrefix(string(a.body), "Genesys Cloud simulator") || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") {
		t.Errorf("index is %d %s", a.status, a.body)
	}
	if got := w.download(w.url + "/_simulator/health").text("status"); got != "ok" {
		t.Errorf("health is %q", got)
	}
}

func TestAdminJournal(t *testing.T) {
	w := newWorld(t)
	c := w.pick(heldWithScreens)
	w.want(w.get(metadataPath(c)), 200)
	w.wantCode(w.get("/api/v2/nothing"), 404, "not.found")
	a := w.download(w.url + "/_simulator/journal")
	if a.number("requests") != 3 || a.number("peaks", "heldScreen") != 1 || a.number("counts", simulator.RouteMetadata, "200") != 1 || a.get("entries") != nil {
		t.Errorf("journal is %s", a.body)
	}
	full := w.download(w.url + "/_simulator/journal?full=true")
	entry := full.list("entries")[1].(map[string]any)
	if entry["path"] != metadataPath(c) || entry["conversationId"] != c.ID || entry["clientId"] != simulator.DefaultClientID || entry["status"] != 200.0 {
		t.Errorf("entry is %v", entry)
	}
}

func TestAdminDataset(t *testing.T) {
	w := newWorld(t)
	a := w.download(w.url + "/_simulator/dataset")
	totals := w.Dataset().Totals()
	working, _ := w.S3Integrations()
	if a.number("totals", "conversations") != totals.Conversations || a.number("recordings") != totals.RecordingCount() || a.text("s3Integration") != working {
		t.Errorf("data set is %s", a.body)
	}
	conversations := w.download(w.url + "/_simulator/dataset?full=true").list("conversations")
	if len(conversations) != totals.Conversations {
		t.Fatalf("%d conversations, want %d", len(conversations), totals.Conversations)
	}
	for i, c := range w.Dataset().Conversations[:5] {
		view := conversations[i].(map[string]any)
		for j, r := range c.Recordings {
			file := view["recordings"].([]any)[j].(map[string]any)["files"].([]any)[0].(map[string]any)
			if want := r.Files()[0]; file["sha256"] != want.SHA256 || file["size"] != float64(want.Size) {
				t.Errorf("file is %v, want %v", file, want)
			}
		}
	}
}

func TestAdminFaults(t *testing.T) {
	w := newWorld(t)
	const path = "/_simulator/faults"
	w.want(w.post(path, `{"route":"GET /api/v2/tokens/me","status":503,"count":1}`), 201)
	w.want(w.get(probe), 503)
	w.want(w.get(probe), 200)
	var faults []struct {
		Fault          simulator.Fault
		Matched, Fired int
	}
	w.get(path).decode(&faults)
	if len(faults) != 1 || faults[0].Fault.Status != 503 || faults[0].Matched != 2 || faults[0].Fired != 1 {
		t.Errorf("faults are %+v", faults)
	}
	w.want(w.post(path, `{"status":200}`), 400)
	w.want(w.post(path, `{"stauts":503}`), 400)
	w.want(w.remove(path), 204)
	if got := string(w.get(path).body); got != "[]\n" {
		t.Errorf("faults after their end: %s", got)
	}
}

func TestAdminMutations(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.Edges.Open = 1 })
	const path = "/_simulator/mutations"
	c, open := w.pick(quiet), w.pick(func(c simulator.Conversation) bool { return c.End.IsZero() })
	change := func(body string, arguments ...any) {
		t.Helper()
		w.want(w.post(path, fmt.Sprintf(body, arguments...)), 204)
	}
	change(`{"setProtected":{"conversationId":%q,"protected":true}}`, c.ID)
	change(`{"endConversation":{"conversationId":%q}}`, open.ID)
	change(`{"setFileState":{"conversationId":%q,"recordingId":%q,"fileState":"ARCHIVED"}}`, c.ID, c.Recordings[0].ID)
	after, _ := w.Dataset().Conversation(c.ID)
	ended, _ := w.Dataset().Conversation(open.ID)
	if !after.Held || after.Recordings[0].FileState != simulator.Archived || !ended.End.Equal(w.clock.Now()) {
		t.Errorf("after: %+v, %+v", after, ended)
	}

	change(`{"setRetention":{"conversationId":%q,"recordingId":%q,"deleteDate":"2024-01-01T00:00:00Z"}}`, c.ID, c.Recordings[0].ID)
	if kept, _ := w.Dataset().Conversation(c.ID); kept.Recordings[0].DeleteDate.Year() != 2024 || !kept.Recordings[0].ArchiveDate.IsZero() {
		t.Errorf("after: %+v", kept.Recordings[0])
	}

	url := w.results(object{"conversationId": w.pick(heldWithScreens).ID})[0].ResultURL
	change(`{"expireResultUrls":true}`)
	w.want(w.download(url), 403)

	change(`{"setJobTrouble":{"conversationId":%q,"trouble":"poisoned"}}`, c.ID)
	change(`{"setExportTrouble":{"conversationId":%q,"recordingId":%q,"trouble":"missing"},"addJobOfOthers":{"lasts":"1m"}}`, c.ID, c.Recordings[0].ID)
	if a := w.runJob(w.exportQuery(c)); a.text("state") != "FAILED" || len(w.get(jobs).list("entities")) != 2 {
		t.Errorf("job is %s", a.body)
	}

	id := simulator.DefaultClientID
	change(`{"setPermission":{"clientId":%q,"permission":"recording:job:view","granted":false}}`, id)
	w.wantCode(w.get(jobs), 403, "missing.permissions")
	change(`{"setSecret":{"clientId":%q,"secret":"rotated"},"revokeTokens":{"clientId":%q}}`, id, id)
	w.want(w.get(probe), 401)
	w.want(w.tryLogin(id, "rotated", "grant_type=client_credentials"), 200)

	for _, body := range []string{
		`{"setProtected":{"conversationId":"x"}}`, `{"endConversation":{"conversationId":"x"}}`,
		`{"setFileState":{"conversationId":"x"}}`, `{"setRetention":{"conversationId":"x"}}`, `{"revokeTokens":{"clientId":"x"}}`,
		`{"setSecret":{"clientId":"x"}}`, `{"setPermission":{"clientId":"x"}}`,
		`{"setJobTrouble":{"conversationId":"x"}}`, `{"setExportTrouble":{"conversationId":"x"}}`,
	} {
		w.want(w.post(path, body), 404)
	}
	w.want(w.post(path, `{"explode":true}`), 400)
}
