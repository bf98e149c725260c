package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"path/filepath"
	"slices"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"
	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// picky accepts batch requests unless they name a bad recording.
type picky struct {
	bad   map[genesys.RecordingRef]genesys.Kind
	calls int
	// accepted counts how often each recording was in a request that was accepted.
	accepted map[genesys.RecordingRef]int
}

func (p *picky) RequestBatch(_ context.Context, refs []genesys.RecordingRef, _ time.Duration) (genesys.Ticket, error) {
	p.calls++
	for _, ref := range refs {
		if kind := p.bad[ref]; kind != "" {
			return genesys.Ticket{}, &genesys.Error{Op: "request recordings", Kind: kind}
		}
	}
	for _, ref := range refs {
		p.accepted[ref]++
	}
	return genesys.Ticket{ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", p.calls)}, nil
}

func (p *picky) BatchStatus(context.Context, genesys.Ticket) (genesys.BatchStatus, error) {
	return genesys.BatchStatus{}, errors.New("not asked for here")
}

// newRequester asks p in a store of its own, by a clock that does not move.
func newRequester(t tester, root string, p *picky) (requester, *clocktesting.FakeClock) {
	store, err := archive.OpenDirectory(root, "case-1")
	if err != nil {
		t.Fatal(err)
	}
	now := clocktesting.NewFakeClock(time.Unix(0, 0))
	requests := route{gates: &transfer.Gates{Clock: now}, limit: 4}
	return requester{
		bagTransfer: bagTransfer{recorder: recorder{process{now, "test"}, store}, batch: "b", cloud: p, media: requests, addresses: &transfer.Addresses{}},
		requests:    requests, maxPerRequest: maxRequest,
	}, now
}

// persist requests again and again, as a pool would, until nothing is left, or the
// attempts are used up.
func persist(t tester, q requester, now *clocktesting.FakeClock, wanted []genesys.RecordingRef, attempts int) (aside map[genesys.RecordingRef]string) {
	for n := range attempts {
		_, err := q.requestAll(t.Context(), transfer.Try{Failures: n, Last: n == attempts-1}, 0, unboundedItems(wanted))
		if err == nil {
			break
		}
		if !genesys.AboutItem(err) {
			t.Fatal(err)
		}
		now.Step(2 * time.Second)
	}
	notes, err := artifacts.All[artifacts.SetAside](t.Context(), q.store, artifacts.SetAsideFolder(q.batch))
	if err != nil {
		t.Fatal(err)
	}
	aside = map[genesys.RecordingRef]string{}
	for _, note := range notes {
		aside[note.RecordingRef] = note.Reason
	}
	return aside
}

// TestARefusedRequestIsHalved until the bad recordings stand alone: whatever they
// are, how many, and why they are refused, each of the others is in exactly one
// request that was accepted, and the bad ones are set aside.
func TestARefusedRequestIsHalved(t *testing.T) {
	root, runs := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		n := rapid.IntRange(1, 250).Draw(t, "recordings")
		kind := rapid.SampledFrom([]genesys.Kind{genesys.KindInvalid, genesys.KindNotFound, genesys.KindTransient, genesys.KindTimeout})
		p := &picky{bad: map[genesys.RecordingRef]genesys.Kind{}, accepted: map[genesys.RecordingRef]int{}}
		wanted := make([]genesys.RecordingRef, n)
		for i := range wanted {
			wanted[i] = genesys.RecordingRef{ConversationID: "c", RecordingID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i)}
		}
		for range rapid.IntRange(0, n).Draw(t, "bad") {
			p.bad[rapid.SampledFrom(wanted).Draw(t, "which")] = kind.Draw(t, "kind")
		}
		q, now := newRequester(t, filepath.Join(root, fmt.Sprint(runs)), p)
		q.isolated = rapid.Bool().Draw(t, "isolated")
		aside := persist(t, q, now, wanted, 12)
		for _, ref := range wanted {
			switch {
			case p.bad[ref] == "" && (p.accepted[ref] != 1 || aside[ref] != ""):
				t.Fatalf("good recording %s: accepted %d times, set aside %q", ref.RecordingID, p.accepted[ref], aside[ref])
			case p.bad[ref] != "" && aside[ref] == "":
				t.Fatalf("bad recording %s is not set aside", ref.RecordingID)
			case q.isolated && aside[ref] == evidence.ReasonMovedToIsolated:
				t.Fatalf("recording %s leaves the lane Isolated", ref.RecordingID)
			}
		}
	})
}

// TestWhatABadRecordingCosts: at most twice the depth of the halving for each, and
// the attempts that show that it is bad.
func TestWhatABadRecordingCosts(t *testing.T) {
	for _, kind := range []genesys.Kind{genesys.KindInvalid, genesys.KindTransient} {
		for bad := range 6 {
			p := &picky{bad: map[genesys.RecordingRef]genesys.Kind{}, accepted: map[genesys.RecordingRef]int{}}
			wanted := refs(maxRequest)
			for i := range bad {
				p.bad[wanted[i*17]] = kind
			}
			q, now := newRequester(t, t.TempDir(), p)
			aside := persist(t, q, now, wanted, 12)
			most := 1 + bad*(2*bits.Len(maxRequest)+transfer.DefaultIsolationCriteria().Failures)
			if kind == genesys.KindTransient {
				most += 6 // attempts in which it may be the service that is bad
			}
			if p.calls > most || len(aside) != bad {
				t.Errorf("%s: %d bad ones cost %d calls, %d at most; %d set aside", kind, bad, p.calls, most, len(aside))
			}
		}
	}
}

// TestABadService is not taken for bad recordings, and is not flooded either: what
// is refused stays wanted, and each attempt makes few requests.
func TestABadService(t *testing.T) {
	for _, kind := range []genesys.Kind{genesys.KindInvalid, genesys.KindTransient} {
		p := &picky{bad: map[genesys.RecordingRef]genesys.Kind{}, accepted: map[genesys.RecordingRef]int{}}
		wanted := refs(maxRequest)
		for _, ref := range wanted {
			p.bad[ref] = kind
		}
		q, now := newRequester(t, t.TempDir(), p)
		before := 0
		for n := range 10 {
			_, err := q.requestAll(t.Context(), transfer.Try{Failures: n}, 0, unboundedItems(wanted))
			if genesys.KindOf(err) != kind {
				t.Fatal(err)
			}
			if p.calls-before > 33 {
				t.Errorf("%s: attempt %d made %d requests", kind, n+1, p.calls-before)
			}
			before = p.calls
			now.Step(time.Minute)
		}
		if len(p.accepted) > 0 {
			t.Error("something was accepted")
		}
		p.bad = nil
		if aside := persist(t, q, now, wanted, 3); len(aside) != 0 || len(p.accepted) != len(wanted) {
			t.Errorf("%s: once it works again %d are set aside, %d accepted", kind, len(aside), len(p.accepted))
		}
	}
}

// TestRequestsWithABoundOfTheirOwn are apart from the others.
func TestRequestsWithABoundOfTheirOwn(t *testing.T) {
	var wanted []requestItem
	for i, most := range []int{0, 2, 0, 2, 2, 0, 1, 1, 0} {
		wanted = append(wanted, requestItem{ref(i), most})
	}
	var got []int
	for _, chunk := range splitIntoRequests(wanted, 3) {
		got = append(got, len(chunk))
	}
	if fmt.Sprint(got) != "[3 1 1 1 2 1]" {
		t.Errorf("requests of %v recordings", got)
	}
}

// TestARefusalInTheLastAttempt: if the service was bad until then, a recording that is
// refused while others are accepted is isolated like at any other time; isolated, it
// becomes a gap.
func TestARefusalInTheLastAttempt(t *testing.T) {
	for isolated, want := range map[bool]string{false: evidence.ReasonMovedToIsolated, true: evidence.ReasonRefused} {
		q, _ := newRequester(t, t.TempDir(), &picky{bad: map[genesys.RecordingRef]genesys.Kind{ref(1): genesys.KindInvalid}, accepted: map[genesys.RecordingRef]int{}})
		q.isolated = isolated
		if _, err := q.requestAll(t.Context(), transfer.Try{Failures: 9, Last: true}, 0, unboundedItems(refs(4))); err != nil {
			t.Fatal(err)
		}
		notes, err := artifacts.All[artifacts.SetAside](t.Context(), q.store, artifacts.SetAsideFolder(q.batch))
		if err != nil || len(notes) != 1 || notes[0].Reason != want {
			t.Errorf("isolated %t: %+v, %v; want %s", isolated, notes, err, want)
		}
	}
}

// overtaken records, before each request is answered, that another process has made one with the
// same number.
type overtaken struct {
	*picky
	record func(ticket genesys.Ticket)
}

func (o overtaken) RequestBatch(ctx context.Context, refs []genesys.RecordingRef, timeout time.Duration) (genesys.Ticket, error) {
	ticket, err := o.picky.RequestBatch(ctx, refs, timeout)
	o.record(genesys.Ticket{ID: "other " + ticket.ID})
	return ticket, err
}

// TestAnotherProcessHasTheNumberOfARequest: both requests are recorded, each once, so that both
// are followed.
func TestAnotherProcessHasTheNumberOfARequest(t *testing.T) {
	p := &picky{accepted: map[genesys.RecordingRef]int{}}
	q, _ := newRequester(t, t.TempDir(), p)
	q.maxPerRequest = 2
	others := 0
	q.cloud = overtaken{p, func(ticket genesys.Ticket) {
		putAll(t, q.store, map[string]any{artifacts.RequestKey(q.batch, 0, 2*others): artifacts.Request{Ticket: ticket}})
		others++
	}}
	if _, err := q.requestAll(t.Context(), transfer.Try{}, 0, unboundedItems(refs(4))); err != nil {
		t.Fatal(err)
	}
	var got []string
	for n := range 4 {
		request, err := artifacts.Get[artifacts.Request](t.Context(), q.store, artifacts.RequestKey(q.batch, 0, n))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(request.Ticket.ID, len(request.Refs)))
	}
	first, second := "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
	if want := []string{"other " + first + "0", first + "2", "other " + second + "0", second + "2"}; !slices.Equal(got, want) {
		t.Errorf("recorded are %q, want %q", got, want)
	}
	if all, err := artifacts.All[artifacts.Request](t.Context(), q.store, artifacts.RequestFolder(q.batch)); err != nil || len(all) != 4 {
		t.Errorf("%d requests are recorded, %v", len(all), err)
	}
}
