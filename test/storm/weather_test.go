package storm

import (
	"net/http"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// share is how many of all calls fail.
const share = 1.0 / 3

// routes are those of the Platform API that an export asks.
var routes = []string{
	simulator.RouteLogin, simulator.RouteTokenSelf, simulator.RouteAvailability, simulator.RouteDetailsSubmit,
	simulator.RouteDetailsJob, simulator.RouteDetailsResults, simulator.RouteDetailsDelete,
	simulator.RouteProtectionQuery, simulator.RouteMetadata, simulator.RouteBatchSubmit, simulator.RouteBatch,
}

// failing are the ways in which a call to the Platform API fails.
func failing() []simulator.Fault {
	return []simulator.Fault{
		{Status: http.StatusInternalServerError}, {Status: http.StatusServiceUnavailable}, {Status: http.StatusGatewayTimeout},
		{Body: simulator.HTML}, {Body: simulator.Empty}, {Body: simulator.Null}, {Body: simulator.Truncated}, {Reset: true},
		{Status: http.StatusInternalServerError, Applied: true}, {Reset: true, Applied: true},
		{Status: http.StatusNotFound, Body: simulator.HTML}, {Status: http.StatusForbidden, Body: simulator.HTML},
		{Status: http.StatusTooManyRequests, OwnLimit: true, RetryAfter: time.Second},
	}
}

// failingMedia are the ways in which a download fails. Those that change a
// recording's bytes and keep its type and length are not among them: there is
// nothing at Genesys Cloud that they could be told by.
func failingMedia() []simulator.Fault {
	return []simulator.Fault{
		{Status: http.StatusInternalServerError}, {Status: http.StatusServiceUnavailable}, {Status: http.StatusForbidden},
		{Body: simulator.HTML}, {Body: simulator.Empty}, {Body: simulator.Truncated}, {Reset: true},
	}
}

// odd are answers that are right, but not as they usually are.
func odd(route string) []simulator.Fault {
	odd := []simulator.Fault{{BadDates: true}, {UnknownFields: true}, {Delay: 20 * time.Millisecond}}
	if route != simulator.RouteMetadata { // there an unknown value is a recording that cannot be exported
		odd = append(odd, simulator.Fault{UnknownValues: true})
	}
	return odd
}

// rage lets a share of all calls fail, in every way there is.
func rage(sim *simulator.Simulator) {
	for _, route := range routes {
		inject(sim, route, failing())
		inject(sim, route, odd(route))
	}
	inject(sim, simulator.RouteDownload, failingMedia())
	// One job that stays as it is for a while, and pages that lead back to themselves.
	sim.InjectFault(simulator.Fault{Route: simulator.RouteDetailsJob, State: "PENDING", Count: 20})
	sim.InjectFault(simulator.Fault{Route: simulator.RouteDetailsResults, Pages: simulator.Repeating, Nth: 2, Count: 2})
	// A client that is told to wait stops altogether, so there is little of this.
	sim.InjectFault(simulator.Fault{Status: http.StatusTooManyRequests, RetryAfter: time.Second, Nth: 300, Count: 5, Probability: 0.01})
}

// inject has each of some faults happen alike, so that together they hit the
// share of a route's calls. Of several the first one decides, so each following
// one gets more of what is left.
func inject(sim *simulator.Simulator, route string, faults []simulator.Fault) {
	each := share / float64(len(faults))
	left := 1.0
	for _, f := range faults {
		f.Route, f.Probability = route, each/left
		left -= each
		sim.InjectFault(f)
	}
}

// damage is what is wrong for good, or until it is requested again.
type damage struct {
	// lasting are the ids of recordings and conversations that can never be exported.
	lasting []string
}

// The numbers of recordings or conversations with each kind of damage.
const (
	refusedOnce   = 20
	withheldTwice = 20
	refused       = 5
	withheld      = 2
	strange       = 2
	unknown       = 2
	silent        = 3
	barred        = 3
	limited       = 3
	uploaded      = 10
)

// bad is how many of them keep failing while others succeed, at least for a time.
const bad = refusedOnce + silent + barred + limited + uploaded

// uploading is how long recordings are still being uploaded.
const uploading = 5 * time.Second

// breakSome damages single recordings and conversations: results that are refused
// once, or withheld twice, or forever, metadata that nobody understands, that always
// times out, or that has a limit of its own for a time, recordings because of which
// every request is refused, or that are still being uploaded, and conversations that are
// not known any more.
func (d *damage) breakSome(t testing.TB, sim *simulator.Simulator) {
	t.Helper()
	calls := plainCalls(sim.Dataset())
	next := func() simulator.Recording {
		// Spread over all days.
		r := calls[0]
		step := max(1, len(calls)/(2*(bad+withheldTwice+refused+withheld+strange+unknown)))
		calls = calls[min(step, len(calls)):]
		return r
	}
	for range refusedOnce {
		sim.InjectFault(simulator.Fault{RecordingID: next().ID, ResultError: "the media are busy", Count: 1})
	}
	for range withheldTwice {
		sim.InjectFault(simulator.Fault{RecordingID: next().ID, Withhold: true, Count: 2})
	}
	for range refused {
		sim.InjectFault(simulator.Fault{RecordingID: d.lose(next().ID), ResultError: "recording.recording.not.found"})
	}
	for range withheld {
		sim.InjectFault(simulator.Fault{RecordingID: d.lose(next().ID), Withhold: true})
	}
	for range strange {
		r := next()
		d.lose(r.ID)
		sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, ConversationID: r.ConversationID, UnknownValues: true})
	}
	for range silent {
		sim.InjectFault(simulator.Fault{
			Route: simulator.RouteMetadata, ConversationID: d.lose(next().ConversationID), Status: http.StatusGatewayTimeout,
		})
	}
	for range barred {
		sim.InjectFault(simulator.Fault{Route: simulator.RouteBatchSubmit, RecordingID: d.lose(next().ID), Status: http.StatusBadRequest})
	}
	for range limited {
		sim.InjectFault(simulator.Fault{
			Route: simulator.RouteMetadata, ConversationID: next().ConversationID, Status: http.StatusTooManyRequests, OwnLimit: true, RetryAfter: time.Second, Count: 5,
		})
	}
	for range uploaded {
		r := next()
		if err := sim.SetUploading(r.ConversationID, r.ID, uploading); err != nil {
			t.Fatal(err)
		}
	}
	for range unknown {
		sim.InjectFault(simulator.Fault{
			Route: simulator.RouteMetadata, ConversationID: d.lose(next().ConversationID), Status: http.StatusNotFound, Code: "conversation.not.found",
		})
	}
}

func (d *damage) lose(id string) string {
	d.lasting = append(d.lasting, id)
	return id
}

// plainCalls are recordings that are the only one of their conversation.
func plainCalls(all simulator.Dataset) []simulator.Recording {
	var plain []simulator.Recording
	for _, c := range all.Started(all.Conversations[0].Start.AddDate(0, 0, 1).Truncate(day), farFuture).Conversations {
		if !c.Held && len(c.Recordings) == 1 && c.Medium == simulator.Call {
			plain = append(plain, c.Recordings[0])
		}
	}
	return plain
}
