package simulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

func TestUnknownRoutes(t *testing.T) {
	w := newWorld(t)
	w.wantCode(w.get("/api/v2/recording/search"), 404, "not.found")
	w.wantCode(w.remove("/api/v2/tokens/me"), 404, "not.found")
	w.want(w.download(w.url+"/elsewhere"), 404)
}

func TestBodies(t *testing.T) {
	w := newWorld(t)
	const path = "/api/v2/recordings/deletionprotection"
	w.wantCode(w.post(path, "{"), 400, "bad.request")
	w.wantCode(w.post(path, strings.Repeat(" ", 512_001)), 413, "request.entity.too.large")

	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+path, strings.NewReader("conversationIds=1"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.token)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w.wantCode(w.must(r), 415, "unsupported.media.type")
}

// TestPermissions asks every route with a client that has no permission at all.
func TestPermissions(t *testing.T) {
	powerless := simulator.Client{ID: "powerless", Secret: "s", Permissions: []string{}}
	w := newWorld(t, func(o *simulator.Options) { o.Clients = append(o.Clients, powerless) }).as(powerless)
	for route, needed := range map[string]string{
		"POST /api/v2/analytics/conversations/details/query":            "[analytics:conversationDetail:view, analytics:agentConversationDetail:view]",
		"GET /api/v2/analytics/conversations/details":                   "[analytics:conversationDetail:view, analytics:agentConversationDetail:view]",
		"POST /api/v2/analytics/conversations/details/jobs":             "[analytics:conversationDetail:view, analytics:agentConversationDetail:view]",
		"GET /api/v2/analytics/conversations/details/jobs/1":            "[analytics:conversationDetail:view, analytics:agentConversationDetail:view]",
		"GET /api/v2/analytics/conversations/details/jobs/1/results":    "[analytics:conversationDetail:view, analytics:agentConversationDetail:view]",
		"DELETE /api/v2/analytics/conversations/details/jobs/1":         "[analytics:conversationDetail:view, analytics:agentConversationDetail:view]",
		"GET /api/v2/analytics/conversations/details/jobs/availability": "[analytics:conversationDetail:view]",
		"PUT /api/v2/recordings/deletionprotection":                     "[recording:deletionProtection:apply, recording:deletionProtection:revoke]",
		"GET /api/v2/conversations/1/recordingmetadata":                 "[recording:recording:view, recording:recordingSegment:view]",
		"GET /api/v2/conversations/1/recordingmetadata/2":               "[recording:recording:view, recording:recordingSegment:view]",
		"GET /api/v2/conversations/1/recordings":                        "[recording:recording:view, recording:recordingSegment:view]",
		"GET /api/v2/conversations/1/recordings/2":                      "[recording:recording:view, recording:recordingSegment:view]",
		"PUT /api/v2/conversations/1/recordings/2":                      "[recording:recording:view, recording:recording:editRetention]",
		"POST /api/v2/recording/batchrequests":                          "[recording:recording:view, recording:recordingSegment:view]",
		"POST /api/v2/recording/jobs":                                   "[recording:job:add]",
		"GET /api/v2/recording/jobs":                                    "[recording:job:view]",
		"GET /api/v2/recording/jobs/1":                                  "[recording:job:view]",
		"PUT /api/v2/recording/jobs/1":                                  "[recording:job:edit, recording:recording:editRetention, recording:screenRecording:editRetention]",
		"DELETE /api/v2/recording/jobs/1":                               "[recording:job:delete]",
		"GET /api/v2/recording/jobs/1/failedrecordings":                 "[recording:job:view]",
		"GET /api/v2/recordings/retention/query":                        "[recording:recording:view]",
		"POST /api/v2/quality/conversations/audits/query":               "[audits:interactionDetails:view]",
		"GET /api/v2/quality/conversations/audits/query/1":              "[audits:interactionDetails:view]",
		"GET /api/v2/quality/conversations/audits/query/1/results":      "[audits:interactionDetails:view]",
		"GET /api/v2/integrations":                                      "[integrations:integration:view]",
	} {
		method, path, _ := strings.Cut(route, " ")
		a := w.call(method, path, object{})
		w.want(a, 403)
		if !strings.HasPrefix(a.text("code"), "missing.") || a.text("messageParams", "permissions") != needed {
			t.Errorf("%s: %s, want %s", route, a.body, needed)
		}
	}
	for _, path := range []string{"/api/v2/tokens/me", "/api/v2/organizations/me", "/api/v2/organizations/limits/namespaces/x"} {
		w.want(w.get(path), 200)
	}
}

func TestOneOfSeveralPermissionsIsEnough(t *testing.T) {
	w := newWorld(t)
	path := metadataPath(w.pick(quiet))
	for _, tc := range []struct {
		permission string
		granted    bool
		status     int
	}{
		{"recording:recording:view", false, 200},
		{"recording:recordingSegment:view", false, 403},
		{"recording:recording:view", true, 200},
	} {
		if err := w.SetPermission(simulator.DefaultClientID, tc.permission, tc.granted); err != nil {
			t.Fatal(err)
		}
		w.want(w.get(path), tc.status)
	}
}
