package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

func TestMetadata(t *testing.T) {
	w := newWorld(t)
	c := w.pick(heldWithScreens)
	a := w.get(metadataPath(c))
	w.want(a, 200)
	var entries []struct {
		ID, ConversationID, Media, MediaSubtype, FileState string
		StartTime, EndTime, DeleteDate, SessionID          string
		Hold                                               any
	}
	a.decode(&entries)
	if len(entries) != len(c.Recordings) {
		t.Fatalf("%d entries, want %d", len(entries), len(c.Recordings))
	}
	for i, e := range entries {
		r := c.Recordings[i]
		if e.ID != r.ID || e.ConversationID != c.ID || e.FileState != "AVAILABLE" || e.SessionID == "" || e.DeleteDate == "" {
			t.Errorf("entry %+v of recording %+v", e, r)
		}
		isScreen := r.Medium == simulator.Screen
		if (e.Media == "screen") != isScreen || (e.MediaSubtype == "Screen") != isScreen || (e.StartTime != "") != isScreen {
			t.Errorf("entry %+v of a %s", e, r.Medium)
		}
	}
	one := w.get(metadataPath(c) + "/" + c.Recordings[0].ID)
	w.want(one, 200)
	if one.text("id") != c.Recordings[0].ID {
		t.Errorf("asked for %s, got %s", c.Recordings[0].ID, one.body)
	}
	w.wantCode(w.get(metadataPath(c)+"/unknown"), 404, "recording.recording.not.found")
	w.wantCode(w.get("/api/v2/conversations/unknown/recordingmetadata"), 404, "conversation.not.found")
	w.wantCode(w.get("/api/v2/conversations/unknown/recordingmetadata/unknown"), 404, "conversation.not.found")
	silent := w.pick(func(c simulator.Conversation) bool { return len(c.Recordings) == 0 })
	if got := w.get(metadataPath(silent)); string(got.body) != "[]\n" {
		t.Errorf("metadata of a conversation without recordings: %s", got.body)
	}
}

func TestMetadataOfFileStates(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) {
		o.Edges.FileStates = map[simulator.FileState]int{
			simulator.Archived: 1, simulator.Deleted: 1, simulator.Restored: 1,
			simulator.Restoring: 1, simulator.Uploading: 1, simulator.Errored: 1,
		}
	})
	for _, r := range w.Dataset().Recordings() {
		if r.FileState == simulator.Available {
			continue
		}
		a := w.get("/api/v2/conversations/" + r.ConversationID + "/recordingmetadata/" + r.ID)
		archived := r.FileState == simulator.Archived || r.FileState == simulator.Restored || r.FileState == simulator.Restoring
		if a.text("fileState") != string(r.FileState) || (a.text("archiveMedium") == "CLOUDARCHIVE") != archived {
			t.Errorf("recording in state %s: %s", r.FileState, a.body)
		}
		if (a.text("restoreExpirationTime") != "") != (r.FileState == simulator.Restored) || len(a.list("annotations")) != 0 {
			t.Errorf("recording in state %s: %s", r.FileState, a.body)
		}
	}
}

// TestRecordingsAppearInTime follows a conversation from before its start.
func TestRecordingsAppearInTime(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.RecordingLag, o.TokenTTL = time.Hour, 365*day })
	c := w.pick(quiet)
	at := func(moment time.Time) answer {
		w.clock.advance(moment.Sub(w.clock.Now()))
		return w.get(metadataPath(c))
	}
	w.wantCode(at(c.Start.Add(-time.Millisecond)), 404, "conversation.not.found")
	for moment, want := range map[time.Time]string{
		c.Start:                  "[]\n",
		c.End.Add(time.Hour - 1): "[]\n",
	} {
		if got := string(at(moment).body); got != want {
			t.Errorf("metadata at %v: %s", moment, got)
		}
	}
	if got := string(at(c.End.Add(time.Hour)).body); !strings.Contains(got, c.Recordings[0].ID) {
		t.Errorf("metadata an hour after the end: %s", got)
	}
}

func TestOpenConversation(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.Edges.Open = 1 })
	c := w.pick(func(c simulator.Conversation) bool { return c.End.IsZero() })
	if got := string(w.get(metadataPath(c)).body); got != "[]\n" {
		t.Errorf("metadata of an open conversation: %s", got)
	}
	if err := w.EndConversation(c.ID, c.Start); err == nil {
		t.Error("a conversation ended as it began")
	}
	if err := w.EndConversation(c.ID, w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if err := w.EndConversation(c.ID, w.clock.Now()); err == nil {
		t.Error("a conversation ended twice")
	}
	if got := string(w.get(metadataPath(c)).body); !strings.Contains(got, c.Recordings[0].ID) {
		t.Errorf("metadata of the ended conversation: %s", got)
	}
	if ended, _ := w.Dataset().Conversation(c.ID); !ended.End.Equal(w.clock.Now()) {
		t.Errorf("the conversation ended at %v", ended.End)
	}
}

// together sends the same requests at the same moment, in a bubble where only
// waiting takes time, and returns the bodies of the answers by status.
func together(t *testing.T, sim *simulator.Simulator, token string, paths []string) map[int][]string {
	t.Helper()
	var mu sync.Mutex
	var group sync.WaitGroup
	answers := map[int][]string{}
	for _, path := range paths {
		group.Go(func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			sim.ServeHTTP(w, r)
			mu.Lock()
			defer mu.Unlock()
			answers[w.Code] = append(answers[w.Code], w.Body.String())
		})
	}
	group.Wait()
	return answers
}

// loginDirectly logs in without a server, which a bubble cannot have.
func loginDirectly(t *testing.T, sim *simulator.Simulator) string {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/oauth/token", strings.NewReader("grant_type=client_credentials"))
	r.SetBasicAuth(simulator.DefaultClientID, simulator.DefaultClientSecret)
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, r)
	return answer{t, w.Code, w.Header(), w.Body.Bytes()}.text("access_token")
}

// TestHeldScreenTimeouts is the failure that the operator exists for: too many
// held conversations with screens at once, and nothing else, time out.
func TestHeldScreenTimeouts(t *testing.T) {
	for name, tc := range map[string]struct {
		fits     func(simulator.Conversation) bool
		load     simulator.Load
		quirk    simulator.Quirk
		region   string
		atOnce   int
		good     int
		takesFor time.Duration
	}{
		"one too many":         {heldWithScreens, simulator.HeldScreenLoad, simulator.QuirkByRegion, "eu-west-1", 3, 2, 300 * time.Millisecond},
		"many too many":        {heldWithScreens, simulator.HeldScreenLoad, simulator.QuirkOn, "us-east-1", 9, 2, 300 * time.Millisecond},
		"not too many":         {heldWithScreens, simulator.HeldScreenLoad, simulator.QuirkOn, "eu-west-1", 2, 2, 200 * time.Millisecond},
		"another region":       {heldWithScreens, simulator.HeldScreenLoad, simulator.QuirkByRegion, "eu-central-1", 9, 9, 200 * time.Millisecond},
		"switched off":         {heldWithScreens, simulator.HeldScreenLoad, simulator.QuirkOff, "eu-west-1", 9, 9, 200 * time.Millisecond},
		"held without screens": {heldWithoutScreens, simulator.HeldLoad, simulator.QuirkOn, "eu-west-1", 9, 9, 10 * time.Millisecond},
		"screens that are not held": {freeWithScreens,
			simulator.NotHeldLoad, simulator.QuirkOn, "eu-west-1", 9, 9, 10 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := simulator.Defaults()
				o.HeldScreenTimeouts, o.Region = tc.quirk, tc.region
				o.Start = time.Now().Add(-5 * day)
				sim := simulator.New(o)
				token := loginDirectly(t, sim)
				var paths []string
				for _, c := range sim.Dataset().Conversations {
					if tc.fits(c) && len(paths) < tc.atOnce {
						paths = append(paths, metadataPath(c))
					}
				}
				began := time.Now()
				answers := together(t, sim, token, paths)
				if took := time.Since(began); took != tc.takesFor {
					t.Errorf("it took %v, want %v", took, tc.takesFor)
				}
				if len(answers[200]) != tc.good || len(answers[500])+len(answers[504]) != tc.atOnce-tc.good {
					t.Errorf("%d good, %d and %d timed out", len(answers[200]), len(answers[500]), len(answers[504]))
				}
				if excess := tc.atOnce - tc.good; excess > 1 && (len(answers[500]) == 0 || len(answers[504]) == 0) {
					t.Errorf("%d answers 500, %d answers 504, want some of both", len(answers[500]), len(answers[504]))
				}
				for _, body := range append(answers[500], answers[504]...) {
					if !strings.Contains(body, "metadata retrieval of the screen content") {
						t.Errorf("failure says %s", body)
					}
				}
				// One at a time, what timed out works.
				for _, path := range paths {
					if got := together(t, sim, token, []string{path}); len(got[200]) != 1 {
						t.Errorf("alone, %s answers %v", path, got)
					}
				}
				if got := sim.Journal().Peak(tc.load); got != tc.atOnce {
					t.Errorf("peak is %d, want %d", got, tc.atOnce)
				}
				for _, other := range []simulator.Load{simulator.HeldScreenLoad, simulator.HeldLoad, simulator.NotHeldLoad} {
					if got := sim.Journal().Peak(other); other != tc.load && got != 0 {
						t.Errorf("peak of %s is %d, want 0", other, got)
					}
				}
			})
		})
	}
}
