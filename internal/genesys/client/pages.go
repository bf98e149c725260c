package client

import (
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// leastPage is the smallest page that is requested: the size that the Platform API
// takes for granted where none is named.
const leastPage = 25

// Pages remembers how large the pages of each listing may be. The largest that
// Genesys Cloud gives is documented for one listing only, and may change: a page
// that is refused is requested with half its size, and what worked is where the
// next page starts. The zero value knows nothing. It is safe for concurrent use,
// and may be shared by all clients that ask one organisation.
type Pages struct {
	survey, retained, orphans, bulkJobs, failedRecordings, integrations pageSize
}

// pageSize is the largest page of a listing that has worked after a larger one was
// refused, 0 if none was refused.
type pageSize struct{ known atomic.Int64 }

// upTo is the size to start with.
func (s *pageSize) upTo(most int) int {
	if known := int(s.known.Load()); known > 0 {
		return min(known, most)
	}
	return most
}

// lower notes that a page of this size worked where a larger one was refused.
func (s *pageSize) lower(size int) {
	for {
		known := s.known.Load()
		if known > 0 && known <= int64(size) || s.known.CompareAndSwap(known, int64(size)) {
			return
		}
	}
}

// paged asks for a page of at most most entries, and for half as many as long as it
// is refused for what may be its size. The refusal of the smallest page is returned.
func paged[T any](s *pageSize, most int, ask func(size int) (T, error)) (T, error) {
	first := s.upTo(most)
	for size := first; ; size = max(size/2, leastPage) {
		got, err := ask(size)
		if err == nil && size < first {
			s.lower(size)
		}
		if !mayBeTooLarge(err) || size <= leastPage {
			return got, err
		}
	}
}

// errPageCut says that a page of a numbered listing has fewer entries than were
// asked for, so that the pages that are requested next are not those that follow.
var errPageCut = malformed("the page is smaller than requested")

// mayBeTooLarge reports whether Genesys Cloud refused a page for what may be its
// size. The codes that it documents do not tell: the same ones are about a cursor.
func mayBeTooLarge(err error) bool {
	if errors.Is(err, errPageCut) {
		return true
	}
	var refused *genesys.Error
	return errors.As(err, &refused) && refused.Kind == genesys.KindInvalid &&
		(refused.Status == http.StatusBadRequest || refused.Status == http.StatusRequestEntityTooLarge)
}
