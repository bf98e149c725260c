package story

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/events"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/verify"
)

const eventSecret = "a secret for events, at least 32 bytes"

// trigger makes events about held screens into exports of these conversations, a second later.
func (w *story) trigger() *v1alpha1.RecordingExportTrigger {
	w.Helper()
	meta := metav1.ObjectMeta{Name: "event-secret", Namespace: w.Namespace}
	w.Create(&corev1.Secret{ObjectMeta: meta, StringData: map[string]string{"secret": eventSecret}})
	trigger := &v1alpha1.RecordingExportTrigger{
		ObjectMeta: metav1.ObjectMeta{Name: "held-screens", Namespace: w.Namespace},
		Spec: v1alpha1.RecordingExportTriggerSpec{
			SecretRefs: []v1alpha1.LocalReference{{Name: meta.Name}},
			Debounce:   v1alpha1.Debounce{Window: &metav1.Duration{Duration: time.Second}},
			Template: v1alpha1.ExportTemplate{
				OrganizationRef: v1alpha1.LocalReference{Name: "emea"}, DestinationRef: v1alpha1.LocalReference{Name: "evidence"},
				MediaTypes: []v1alpha1.Medium{v1alpha1.MediumScreen}, LegalHold: v1alpha1.LegalHold{Scope: v1alpha1.HoldOnly}, SettleAfter: &metav1.Duration{},
			},
		},
	}
	w.Create(trigger)
	return trigger
}

// post sends an event about a conversation, signed now, and returns the export that it leads to.
func (w *story) post(receiver net.Addr, trigger *v1alpha1.RecordingExportTrigger, conversation string) string {
	w.Helper()
	now := w.Clock.Now()
	body := fmt.Appendf(nil, `{"event_type":"conversation:recording:completed","time":%q,"payload":{"legal_hold":true,"media_type":"screen","conversation_id":%q}}`,
		now.Format(time.RFC3339), conversation)
	request, err := http.NewRequestWithContext(w.Context(), http.MethodPost, "https://"+receiver.String()+trigger.Status.Path, bytes.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	events.Sign([]byte(eventSecret), now, request.Header, body)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct{ Result, Export string }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusAccepted {
		w.Fatalf("%d %+v, %v", response.StatusCode, answer, err)
	}
	return answer.Export
}

// TestAnEventBecomesASealedBag: an event about a held screen recording, posted over HTTPS, ends as a
// sealed export of that conversation and of nothing else. A conversation that is not under legal
// hold is not exported, whatever its event states. The operator has no more rights than config/default gives it.
func TestAnEventBecomesASealedBag(t *testing.T) {
	w := newStory(t, nil)
	w.Deploy("default")
	w.OptIn("secrets")
	// The simulator's day has just ended.
	w.Clock.Advance(day.AddDate(0, 0, 1).Sub(w.Clock.Now()))
	w.CreateReferences()
	trigger := w.trigger()
	listening := make(chan net.Addr, 1)
	w.Start(func(o *operator.Options) {
		o.Events = operator.EventOptions{Address: "127.0.0.1:0", Listening: func(a net.Addr) { listening <- a }}
	})
	receiver := <-listening
	w.Await(trigger, v1alpha1.ReasonReceiving)
	w.Await(w.Organization(), v1alpha1.ReasonLoggedIn)
	for _, isHeld := range []bool{true, false} {
		conversation, screens := w.aScreen(isHeld)
		export := &v1alpha1.RecordingExport{ObjectMeta: metav1.ObjectMeta{Name: w.post(receiver, trigger, conversation), Namespace: w.Namespace}}
		w.Await(export, v1alpha1.ReasonComplete)
		archive := filepath.Join(w.Root, w.Namespace, "evidence", export.Name)
		report, err := verify.Archive(w.Context(), os.DirFS(archive), verify.Options{Version: operator.Version})
		if err != nil || len(report.Findings) > 0 {
			t.Errorf("%v %v", report.Findings, err)
		}
		stored, err := filepath.Glob(filepath.Join(archive, "bags", "*", "data", "recordings", "*", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for i, path := range stored {
			stored[i] = filepath.Base(filepath.Dir(path)) + "/" + filepath.Base(path)
		}
		want := []string{}
		for _, id := range screens {
			if isHeld {
				want = append(want, conversation+"/"+id)
			}
		}
		slices.Sort(stored)
		slices.Sort(want)
		if !slices.Equal(stored, want) {
			t.Errorf("under legal hold %t: the archive has %v, want %v", isHeld, stored, want)
		}
	}
	w.Refresh(trigger)
	if got := trigger.Status; got.Exports != 2 || got.Events != 2 {
		t.Errorf("the trigger's status is %+v", got)
	}
}

// aScreen returns a conversation with screen recordings, and their ids.
func (w *story) aScreen(isHeld bool) (conversation string, screens []string) {
	w.Helper()
	for _, c := range w.Sim.Dataset().Started(day, day.AddDate(0, 0, 1)).Conversations {
		for _, r := range c.Recordings {
			if r.Medium == simulator.Screen && c.Held == isHeld {
				screens = append(screens, r.ID)
			}
		}
		if len(screens) > 0 {
			return c.ID, screens
		}
	}
	w.Fatal("no conversation has a screen recording")
	return "", nil
}
