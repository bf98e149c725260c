package simulator_test

import (
	"testing"
	"time"
)

func TestRecordingsAreTranscodedFirst(t *testing.T) {
	w := newWorld(t)
	c := w.pick(heldWithScreens)
	path := "/api/v2/conversations/" + c.ID + "/recordings?maxWaitMs=1000"
	a := w.get(path)
	w.want(a, 202)
	if len(a.body) != 0 {
		t.Errorf("202 has a body: %s", a.body)
	}
	one := "/api/v2/conversations/" + c.ID + "/recordings/" + c.Recordings[0].ID
	w.want(w.get(one), 202)
	w.clock.advance(w.Options().TranscodeDelay)
	a = w.get(path)
	w.want(a, 200)
	var entries []struct {
		ID                string
		OutputSizeInBytes int
		MediaURIs         map[string]struct{ MediaURI string }
	}
	a.decode(&entries)
	if len(entries) != len(c.Recordings) {
		t.Fatalf("%d entries, want %d", len(entries), len(c.Recordings))
	}
	for _, e := range entries {
		media := w.download(e.MediaURIs["0"].MediaURI)
		w.want(media, 200)
		if len(media.body) != e.OutputSizeInBytes {
			t.Errorf("%d bytes, announced were %d", len(media.body), e.OutputSizeInBytes)
		}
	}
	w.want(w.get(one), 200)
	w.wantCode(w.get("/api/v2/conversations/"+c.ID+"/recordings?maxWaitMs=0"), 400, "invalid.query.param.value")
	w.wantCode(w.get("/api/v2/conversations/unknown/recordings"), 404, "conversation.not.found")
}

func TestRetention(t *testing.T) {
	w := newWorld(t)
	const path = "/api/v2/recordings/retention/query"
	seen := map[string]bool{}
	pages := 0
	for next := path + "?retentionThresholdDays=1&pageSize=50"; next != ""; pages++ {
		a := w.get(next)
		w.want(a, 200)
		for _, v := range a.list("entities") {
			seen[v.(map[string]any)["recordingId"].(string)] = true
		}
		next = a.text("nextUri")
	}
	all := w.Dataset().Recordings()
	if len(seen) != len(all) || pages != (len(all)+49)/50 {
		t.Errorf("%d recordings on %d pages, want %d", len(seen), pages, len(all))
	}
	// A week ago and some hours: what ended after noon is younger than 8 days.
	noon := w.clock.Now().Add(-8 * day)
	want := 0
	for _, r := range all {
		want += map[bool]int{true: 1}[r.End.Before(noon)]
	}
	if got := len(w.get(path + "?retentionThresholdDays=8&pageSize=500").list("entities")); got != want {
		t.Errorf("%d recordings older than 8 days, want %d", got, want)
	}
	for _, query := range []string{"", "retentionThresholdDays=x", "retentionThresholdDays=1&pageSize=501", "retentionThresholdDays=1&pageSize=0", "retentionThresholdDays=1&cursor=made-up"} {
		w.wantCode(w.get(path+"?"+query), 400, "invalid.query.param.value")
	}
}

func TestAudits(t *testing.T) {
	w := newWorld(t)
	const path = "/api/v2/quality/conversations/audits/query"
	find := func(interval string, filters ...object) []any {
		t.Helper()
		a := w.post(path, object{"interval": interval, "filters": filters, "sort": []object{{"name": "Timestamp", "sortOrder": "descending"}}})
		w.want(a, 202)
		query := path + "/" + a.text("id")
		w.want(w.get(query), 202)
		w.wantCode(w.get(query+"/results"), 404, "not.found")
		w.clock.advance(w.Options().AuditDelay)
		w.want(w.get(query), 200)
		var entities []any
		for cursor := ""; ; {
			page := w.get(query + "/results?pageSize=4&cursor=" + cursor)
			w.want(page, 200)
			entities = append(entities, page.list("entities")...)
			if cursor = page.text("cursor"); cursor == "" {
				return entities
			}
		}
	}
	applied := object{"property": "Action", "value": "ApplyProtection"}
	const month = "2023-10-01T00:00:00Z/2023-11-01T00:00:00Z"
	held := w.Dataset().Held().Conversations
	if got := find(month, applied); len(got) != len(held) {
		t.Errorf("%d holds in the audit, want %d", len(got), len(held))
	}
	c := w.pick(quiet)
	w.clock.advance(time.Hour)
	for _, protected := range []bool{true, false, false} {
		if err := w.SetProtected(c.ID, protected); err != nil {
			t.Fatal(err)
		}
		w.clock.advance(time.Second)
	}
	w.clock.advance(time.Hour)
	ofConversation := object{"property": "ConversationId", "value": c.ID}
	got := find("2023-10-09T12:30:00Z/2023-10-09T18:00:00Z", ofConversation)
	if len(got) != 2 || got[0].(map[string]any)["action"] != "RevokeProtection" || got[1].(map[string]any)["action"] != "ApplyProtection" {
		t.Errorf("audit of a conversation is %v", got)
	}
	if got[0].(map[string]any)["context"].(map[string]any)["conversationId"] != c.ID {
		t.Errorf("audit is about %v", got[0])
	}
	w.wantCode(w.post(path, object{"interval": month}), 400, "constraint.validation")
	w.wantCode(w.post(path, object{"filters": []object{applied}}), 400, "invalid.date")
	w.wantCode(w.get(path+"/unknown"), 404, "not.found")
}

func TestIntegrations(t *testing.T) {
	w := newWorld(t)
	states := map[string]string{}
	for page := 1; page <= 2; page++ {
		a := w.get("/api/v2/integrations?pageSize=2&pageNumber=" + string(rune('0'+page)))
		w.want(a, 200)
		if a.number("total") != 4 || a.number("pageCount") != 2 {
			t.Errorf("page says %s", a.body)
		}
		for _, v := range a.list("entities") {
			e := v.(map[string]any)
			if e["integrationType"].(map[string]any)["id"] == "aws-s3-recording-bulk-actions-integration" {
				states[e["id"].(string)] = e["reportedState"].(map[string]any)["code"].(string)
			}
		}
	}
	working, broken := w.S3Integrations()
	if len(states) != 2 || states[working] != "ACTIVE" || states[broken] != "ERROR" {
		t.Errorf("S3 integrations are %v", states)
	}
}
