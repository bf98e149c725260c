package transfer

import (
	"math"
	"sync"
	"time"
)

const (
	// shortestLife is the shortest time that an organisation can have its addresses
	// work (Genesys Cloud's help: 2 to 60 minutes, 60 unless it sets something else).
	shortestLife = 2 * time.Minute
	// inTime is the part of an address's life within which it is to be fetched, in percent.
	inTime = 50
	// smoothing is the weight of a new measurement in an average, in percent.
	smoothing = 20
	// inVain is how many downloads there are to one that is tried although its
	// address has probably expired.
	inVain = 20
	// outdated is how many addresses in a row that are refused, although older ones
	// have worked, tell that what was learned does not hold any more.
	outdated = 4
	// counted is how many downloads the count of those in vain looks back.
	counted = 1000
)

// Addresses learn, for each gate that media pass, how long the addresses of
// recordings work and how fast recordings come, and from that how many recordings
// may be requested at a time so that few addresses expire before they are used. An
// organisation sets how long they work; nothing in an answer says it. The zero
// value is ready for use.
type Addresses struct {
	mu    sync.Mutex
	gates map[Gate]*addresses
}

// Age bounds the age of an address: it was made between two looks at its request.
type Age struct{ Least, Most time.Duration }

// addresses is what is known about the addresses of one gate.
type addresses struct {
	// worked is an age at which one worked, refused one at which one did not, the
	// bound that is known best; the latter is 0 if none was refused that was older.
	worked, refused time.Duration
	// every is the average time between two files, first that between a request and
	// its first addresses; 0 if it is not known yet. last is when the last file came.
	every, first time.Duration
	last         time.Time
	// contrary counts the addresses in a row that were refused although older ones have
	// worked.
	contrary int
	// fetched and vain count the downloads that worked, and those of addresses that
	// had expired.
	fetched, vain int
	// followed counts the recordings of the requests that are being followed.
	followed int
}

// Works enters that an address of this age worked, and that its file came at now,
// after it took so long to fetch.
func (a *Addresses) Works(at Gate, age Age, took time.Duration, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := a.of(at)
	of.contrary = 0
	if of.worked = max(of.worked, age.Least); of.worked >= of.refused {
		of.refused = 0
	}
	// Several files are fetched side by side: what counts is how far apart they come.
	if since := now.Sub(of.last); !of.last.IsZero() && since < took {
		took = since
	}
	of.last, of.every = now, average(of.every, took)
	of.count(&of.fetched)
}

// Refused enters that an address of this age was refused, and tells whether that
// may be because of its age. If older ones work it is not.
func (a *Addresses) Refused(at Gate, age Age) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := a.of(at)
	if of.fetched > 0 && age.Most <= of.worked {
		if of.contrary++; of.contrary < outdated {
			return false
		}
		of.worked = 0
	}
	of.count(&of.vain)
	if most := max(age.Most, 1); of.refused == 0 || most < of.refused {
		of.refused = most
	}
	return true
}

// MayWork tells whether an address is worth a try. One that has probably expired,
// because of its age or because one like it was refused (doubted), is tried now and
// then all the same, since the others may have been refused for another reason: one
// in twenty downloads may be in vain. Whoever asks has to try one address of each
// look at a request without asking, so that something is learned of it.
func (a *Addresses) MayWork(at Gate, age Age, doubted bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := a.of(at)
	old := of.fetched > 0 && of.refused > 0 && age.Least >= of.refused*inTime/100 && age.Most >= of.refused
	return !doubted && !old || (of.vain+1)*inVain <= of.fetched
}

// Listed enters that a request gave its first addresses after so long.
func (a *Addresses) Listed(at Gate, after time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := a.of(at)
	of.first = average(of.first, after)
}

// Follow enters that a request for so many recordings is being followed, until the
// function that it returns is called.
func (a *Addresses) Follow(at Gate, recordings int) (leave func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := a.of(at)
	of.followed += recordings
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		of.followed -= recordings
	}
}

// Capacity is how many more recordings may be requested now, at least 1. Unlimited tells
// that addresses are not known to expire too early.
func (a *Addresses) Capacity(at Gate) (recordings int, unlimited bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := a.of(at)
	if of.refused == 0 || of.every <= 0 {
		return math.MaxInt, true
	}
	// As many as are fetched in time. Of all that are requested, as many more as are
	// fetched while these are made ready; who asks first leaves half for others.
	fit := int(of.refused * inTime / 100 / of.every)
	all := fit + int(of.first/of.every)
	return max(1, min(fit, (all-of.followed+1)/2)), false
}

// Life is how long an address works at least, as far as is known.
func (a *Addresses) Life(at Gate) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if of := a.of(at); of.refused > 0 {
		return of.refused
	}
	return shortestLife
}

// of returns what is known of a gate. The caller holds the lock.
func (a *Addresses) of(at Gate) *addresses {
	of := a.gates[at]
	if of == nil {
		if a.gates == nil {
			a.gates = map[Gate]*addresses{}
		}
		a.forget(at.Namespace)
		of = &addresses{}
		a.gates[at] = of
	}
	return of
}

// forget makes room for another gate of a namespace, as [Gates] do. What is forgotten
// is learned again. The caller holds the lock.
func (a *Addresses) forget(namespace string) {
	count, oldest, least := 0, Gate{}, time.Time{}
	for at, of := range a.gates {
		if at.Namespace != namespace {
			continue
		}
		count++
		if of.followed == 0 && (oldest == Gate{} || of.last.Before(least)) {
			oldest, least = at, of.last
		}
	}
	if count >= mostGates {
		delete(a.gates, oldest)
	}
}

// count counts a download, and lets those of long ago count less.
func (a *addresses) count(downloads *int) {
	*downloads++
	if a.fetched+a.vain > counted {
		a.fetched, a.vain = (a.fetched+1)/2, a.vain/2
	}
}

// average takes a measurement into an average, which is 0 as long as there is none.
func average(before, measured time.Duration) time.Duration {
	if before == 0 {
		return measured
	}
	return before + (measured-before)*smoothing/100
}
