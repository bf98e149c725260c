package transfer

import (
	"math"
	"sync"
	"time"
)

const (
	// shortestLifetime is the shortest lifetime of addresses that an organisation can set
	// (Genesys Cloud's help: 2 to 60 minutes, 60 unless it sets something else).
	shortestLifetime = 2 * time.Minute
	// usablePercent is the part of an address's lifetime within which it has to be used, in
	// percent.
	usablePercent = 50
	// smoothing is the weight of a new measurement in an average, in percent.
	smoothing = 20
	// downloadsPerVain is how many downloads there have to be for each one that is tried
	// although its address has probably expired.
	downloadsPerVain = 20
	// maxContradictions is how many addresses in a row may be refused although older ones
	// have worked. After that the lifetime is learned again.
	maxContradictions = 4
	// countedDownloads is how many downloads are remembered when counting those in vain.
	countedDownloads = 1000
)

// Addresses learn, for each gate, how long the download addresses of recordings work and
// how fast recordings arrive. From that they say how many recordings may be requested at a time so
// that few addresses expire before they are used. An organisation sets how long they work;
// nothing in an answer says it. The zero value is ready for use.
type Addresses struct {
	mu    sync.Mutex
	gates map[Gate]*addresses
}

// Age bounds the age of an address, which was made between two polls of its batch request.
type Age struct{ Least, Most time.Duration }

// addresses is what has been learned about the addresses of one gate.
type addresses struct {
	// worked is the highest age at which an address worked, refused the lowest one at which
	// an address did not, or 0 if no address of a higher age was refused.
	worked, refused time.Duration
	// interval is the average time between two files, 0 if it is not known. listingTime is
	// the average time between a batch request and its first addresses. last is when the
	// last file arrived.
	interval, listingTime time.Duration
	last                  time.Time
	// contradictions counts the addresses in a row that were refused although older ones
	// have worked.
	contradictions int
	// fetched counts the downloads that worked, vain those of addresses that had expired.
	fetched, vain int
	// followed counts the recordings of the batch requests that are in progress.
	followed int
}

// RecordWorked records that an address of this age worked, and that its file arrived at
// now after a download of this length.
func (a *Addresses) RecordWorked(at Gate, age Age, took time.Duration, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := a.of(at)
	of.contradictions = 0
	if of.worked = max(of.worked, age.Least); of.worked >= of.refused {
		of.refused = 0
	}
	// Several files are downloaded in parallel: the time between two of them counts.
	if since := now.Sub(of.last); !of.last.IsZero() && since < took {
		took = since
	}
	of.last, of.interval = now, average(of.interval, took)
	of.countDownload(&of.fetched)
}

// RecordRefused records that an address of this age was refused, and reports whether its age
// may be the cause. It is not if older addresses work.
func (a *Addresses) RecordRefused(at Gate, age Age) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := a.of(at)
	if of.fetched > 0 && age.Most <= of.worked {
		if of.contradictions++; of.contradictions < maxContradictions {
			return false
		}
		of.worked = 0
	}
	of.countDownload(&of.vain)
	if most := max(age.Most, 1); of.refused == 0 || most < of.refused {
		of.refused = most
	}
	return true
}

// WorthTrying reports whether to try an address. An address that has probably expired,
// because of its age or because a similar one was refused (doubted), is worth trying now
// and then, since the others may have been refused for another reason: one in twenty
// downloads may be in vain. The caller tries one address of each poll without calling
// this, so that the lifetime is learned.
func (a *Addresses) WorthTrying(at Gate, age Age, doubted bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := a.of(at)
	old := of.fetched > 0 && of.refused > 0 && age.Least >= of.refused*usablePercent/100 && age.Most >= of.refused
	return !doubted && !old || (of.vain+1)*downloadsPerVain <= of.fetched
}

// RecordListed records how long a batch request took to list its first addresses.
func (a *Addresses) RecordListed(at Gate, after time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := a.of(at)
	of.listingTime = average(of.listingTime, after)
}

// Follow records that a batch request for so many recordings is in progress, until the
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
// that addresses have not expired before they were used.
func (a *Addresses) Capacity(at Gate) (recordings int, unlimited bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := a.of(at)
	if of.refused == 0 || of.interval <= 0 {
		return math.MaxInt, true
	}
	// fit is how many files arrive within the usable part of a lifetime. While these are
	// made ready, others arrive, so more may be requested in all. Each caller leaves half
	// of that for others.
	fit := int(of.refused * usablePercent / 100 / of.interval)
	all := fit + int(of.listingTime/of.interval)
	return max(1, min(fit, (all-of.followed+1)/2)), false
}

// MinLifetime is how long an address works at least, as far as is known.
func (a *Addresses) MinLifetime(at Gate) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if of := a.of(at); of.refused > 0 {
		return of.refused
	}
	return shortestLifetime
}

// of returns what has been learned about a gate. The caller has the lock.
func (a *Addresses) of(at Gate) *addresses {
	of := a.gates[at]
	if of == nil {
		if a.gates == nil {
			a.gates = map[Gate]*addresses{}
		}
		a.forgetOldestGate(at.Namespace)
		of = &addresses{}
		a.gates[at] = of
	}
	return of
}

// forgetOldestGate removes a gate of a namespace if there are too many, as [Gates] do. What it
// forgets is learned again. The caller has the lock.
func (a *Addresses) forgetOldestGate(namespace string) {
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
	if count >= maxGates {
		delete(a.gates, oldest)
	}
}

// countDownload counts a download, and halves the counts from time to time so that old
// downloads count less.
func (a *addresses) countDownload(downloads *int) {
	*downloads++
	if a.fetched+a.vain > countedDownloads {
		a.fetched, a.vain = (a.fetched+1)/2, a.vain/2
	}
}

// average adds a measurement to an average, which is 0 as long as there is none.
func average(before, measured time.Duration) time.Duration {
	if before == 0 {
		return measured
	}
	return before + (measured-before)*smoothing/100
}
