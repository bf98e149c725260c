package exportdestination

import (
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// run is one verification of everything that is stored at a destination. It is kept here
// while it is in progress and, once it is over, until the next one begins; its result is
// kept in the status only.
type run struct {
	// of is the destination, not another one that has its name now.
	of types.UID
	// token is the request that it answers, if there was one.
	token string
	// after is when the run before ended: no two runs end in the same second.
	after time.Time

	mu           sync.Mutex
	began, ended time.Time
	// verified is how many of all archives are verified, bytes how many bytes were read of
	// those.
	verified, all int
	bytes         int64
	// meter counts what is read of the archive that is being verified.
	meter  *verify.Meter
	result result
}

// begin notes that the run begins, or begins again after a failure.
func (r *run) begin(now time.Time, archives int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began, r.all, r.verified, r.bytes = now.Truncate(time.Second), archives, 0, 0
}

// newMeter returns a meter that counts the bytes that are read of the next archive.
func (r *run) newMeter() *verify.Meter {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.meter != nil {
		r.bytes += r.meter.Bytes.Load()
	}
	r.meter = &verify.Meter{}
	return r.meter
}

// archiveDone notes that an archive is verified.
func (r *run) archiveDone() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.verified++
}

// finish notes that the run is over, at a whole second, as times in the status are.
func (r *run) finish(now time.Time, sum result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended, r.result, r.meter = now.Truncate(time.Second), sum, nil
	if !r.ended.After(r.after) {
		r.ended = r.after.Add(time.Second)
	}
}

// conclusion is the result of a run that is over.
type conclusion struct {
	token        string
	began, ended time.Time
	result
}

// conclusion returns the result of the run, if it is over.
func (r *run) conclusion() (came conclusion, over bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return conclusion{r.token, r.began, r.ended, r.result}, !r.ended.IsZero()
}

// progress returns when the run began, and how much of it is done; nothing before it has
// begun.
func (r *run) progress() (began time.Time, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.began.IsZero() {
		return r.began, ""
	}
	bytes := r.bytes
	if r.meter != nil {
		bytes += r.meter.Bytes.Load()
	}
	return r.began, fmt.Sprintf("%d/%d exports, %s", r.verified, r.all, words.Bytes(bytes))
}

// runs are the last runs of destinations. The zero value is ready for use.
type runs struct {
	mu     sync.Mutex
	byName map[types.NamespacedName]*run
}

// get returns the last run of a destination, nil if there is none.
func (r *runs) get(name types.NamespacedName) *run {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byName[name]
}

// set sets the last run of a destination.
func (r *runs) set(name types.NamespacedName, of *run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byName == nil {
		r.byName = map[types.NamespacedName]*run{}
	}
	r.byName[name] = of
}

// remove removes the run of a destination, and reports whether there was one.
func (r *runs) remove(name types.NamespacedName) (found bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, found = r.byName[name]
	delete(r.byName, name)
	return found
}
