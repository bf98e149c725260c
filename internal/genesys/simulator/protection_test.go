package simulator_test

import (
	"slices"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

const protection = "/api/v2/recordings/deletionprotection"

// heldAmong asks which of these conversations are protected.
func (w *world) heldAmong(ids ...string) []string {
	w.t.Helper()
	a := w.post(protection, object{"conversationIds": ids})
	w.want(a, 200)
	held := []string{}
	for _, v := range a.get().([]any) {
		held = append(held, v.(map[string]any)["id"].(string))
	}
	return held
}

func TestProtectionQueryFindsTheHeldOnes(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.HeldShare = 0.3 })
	all := idsOfAll(w.Dataset())
	if got, want := w.heldAmong(all...), idsOfAll(w.Dataset().Held()); !slices.Equal(got, want) {
		t.Errorf("held are %v, want %v", got, want)
	}
	if got := w.heldAmong(idsOfAll(w.Dataset().NotHeld())...); len(got) != 0 {
		t.Errorf("held are %v, want none", got)
	}
	entries := w.Journal().Entries()
	if got := entries[len(entries)-2].IDs; got != len(all) {
		t.Errorf("journal has %d ids, want %d", got, len(all))
	}
}

func TestProtectionRefusals(t *testing.T) {
	w := newWorld(t)
	good := w.Dataset().Conversations[0].ID
	unknown := "00000000-0000-4000-8000-000000000000"
	for name, tc := range map[string]struct {
		ids    []string
		status int
		code   string
	}{
		"not a UUID":    {[]string{good, "4711"}, 400, "recording.conversation.id.not.uuid"},
		"unknown":       {[]string{good, unknown}, 404, "recording.conversation.not.found"},
		"none":          {[]string{}, 400, "constraint.validation"},
		"more than 100": {slices.Repeat([]string{good}, 101), 400, "constraint.validation"},
	} {
		t.Run(name, func(*testing.T) {
			w.wantCode(w.post(protection, object{"conversationIds": tc.ids}), tc.status, tc.code)
		})
	}
	w.want(w.post(protection, object{"conversationIds": slices.Repeat([]string{good}, 100)}), 200)
	w.wantCode(w.put(protection+"?protect=true", object{"conversationIds": []string{}}), 400, "recording.empty.payload")
	w.wantCode(w.put(protection+"?protect=true", nil), 400, "recording.empty.payload")
	w.wantCode(w.put(protection+"?protect=true", object{"conversationIds": []string{unknown}}), 404, "recording.conversation.not.found")
}

func TestProtectAndRelease(t *testing.T) {
	w := newWorld(t)
	c := w.pick(quiet)
	body := object{"conversationIds": []string{c.ID}}
	w.want(w.put(protection, body), 204) // protect=true is the default
	if got := w.heldAmong(c.ID); len(got) != 1 {
		t.Error("the conversation is not protected")
	}
	if held, _ := w.Dataset().Conversation(c.ID); !held.Held {
		t.Error("the data set does not know")
	}
	w.want(w.put(protection+"?protect=false", body), 204)
	if got := w.heldAmong(c.ID); len(got) != 0 {
		t.Error("the conversation is not released")
	}
	silent := w.pick(func(c simulator.Conversation) bool { return len(c.Recordings) == 0 })
	w.want(w.put(protection, object{"conversationIds": []string{silent.ID}}), 204)
	if got := w.heldAmong(silent.ID); len(got) != 0 {
		t.Error("a conversation without recordings is protected")
	}
}

func TestProtectWantsThePermissionOfTheDirection(t *testing.T) {
	w := newWorld(t)
	body := object{"conversationIds": []string{w.pick(quiet).ID}}
	if err := w.SetPermission(simulator.DefaultClientID, "recording:deletionProtection:revoke", false); err != nil {
		t.Fatal(err)
	}
	w.want(w.put(protection+"?protect=true", body), 204)
	w.wantCode(w.put(protection+"?protect=false", body), 403, "missing.permissions")
}

func TestProtectionHasALimit(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.HeldShare, o.Limits.Protected = 0, 1 })
	var ids []string
	for _, c := range w.Dataset().Conversations {
		if quiet(c) {
			ids = append(ids, c.ID)
		}
	}
	w.wantCode(w.put(protection, object{"conversationIds": ids[:2]}), 400, "constraint.validation")
	w.want(w.put(protection, object{"conversationIds": ids[:1]}), 204)
	w.want(w.put(protection, object{"conversationIds": ids[:1]}), 204)
	w.wantCode(w.put(protection, object{"conversationIds": ids[1:2]}), 400, "constraint.validation")
}
