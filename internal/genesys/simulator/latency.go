package simulator

import (
	"context"
	"time"
)

// Latency is how long answers take, by what is asked. Zero means at once.
type Latency struct {
	Login     time.Duration
	Analytics time.Duration
	// Metadata of conversations except for those of the next field.
	Metadata time.Duration
	// HeldScreenMetadata is metadata of conversations under hold that have
	// screen recordings.
	HeldScreenMetadata time.Duration
	// HeldScreenTimeout is how long such a call takes to fail, when
	// Options.HeldScreenTimeouts makes it fail.
	HeldScreenTimeout time.Duration
	Protection        time.Duration
	Batch             time.Duration
	// Media is the time to the first byte of a download.
	Media time.Duration
	Other time.Duration
}

// defaultLatency is quick enough for a demonstration, and uneven enough to see
// what is slow at Genesys.
func defaultLatency() Latency {
	return Latency{
		Login:              10 * time.Millisecond,
		Analytics:          20 * time.Millisecond,
		Metadata:           10 * time.Millisecond,
		HeldScreenMetadata: 200 * time.Millisecond,
		HeldScreenTimeout:  300 * time.Millisecond,
		Protection:         20 * time.Millisecond,
		Batch:              10 * time.Millisecond,
		Media:              5 * time.Millisecond,
		Other:              5 * time.Millisecond,
	}
}

func (l Latency) shortest() time.Duration {
	return min(l.Login, l.Analytics, l.Metadata, l.HeldScreenMetadata, l.HeldScreenTimeout,
		l.Protection, l.Batch, l.Media, l.Other)
}

// pace is the class of a route's latency.
type pace int

const (
	paceOther pace = iota
	paceLogin
	paceAnalytics
	paceMetadata
	paceProtection
	paceBatch
	paceMedia
)

// of returns the latency of a class.
func (l Latency) of(p pace) time.Duration {
	switch p {
	case paceLogin:
		return l.Login
	case paceAnalytics:
		return l.Analytics
	case paceMetadata:
		return l.Metadata
	case paceProtection:
		return l.Protection
	case paceBatch:
		return l.Batch
	case paceMedia:
		return l.Media
	default:
		return l.Other
	}
}

// wait lets d pass, unless ctx ends first. It reports whether d passed.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
