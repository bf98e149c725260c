package genesys

import "time"

// timeouts are how long an answer may take, by how often the same question has
// failed before.
var timeouts = []time.Duration{16 * time.Second, 60 * time.Second, 120 * time.Second}

// Timeout returns how long the answer to a question may take that has failed so
// many times before: 16 s at first, then 60 s, then 120 s for all further
// attempts. A negative number counts as 0.
//
// It starts short, because nearly every answer comes within a second, and a
// request that hangs keeps a place that others wait for. It grows, because a
// question that takes Genesys Cloud 17 s, every time, would otherwise never be
// answered: 16 s is where the SDK stops waiting (v133, apiclient.go). How long
// Genesys Cloud's own gateway waits before it answers 504 is not published; 120 s
// is longer than any answer was seen to take.
func Timeout(failures int) time.Duration {
	return timeouts[min(max(failures, 0), len(timeouts)-1)]
}
