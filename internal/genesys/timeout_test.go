package genesys

import (
	"testing"
	"time"
)

func TestTimeout(t *testing.T) {
	for failures, want := range map[int]time.Duration{
		-1: 16 * time.Second, 0: 16 * time.Second, 1: time.Minute, 2: 2 * time.Minute, 3: 2 * time.Minute, 1 << 40: 2 * time.Minute,
	} {
		if got := Timeout(failures); got != want {
			t.Errorf("after %d failures: %v, want %v", failures, got, want)
		}
	}
}
