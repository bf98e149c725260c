package s3store

import (
	"context"
	"testing"
	"testing/synctest"
)

// TestATenantThatHoldsPartsHoldsNobodyUp, and gets no more than its own and the shared ones.
func TestATenantThatHoldsPartsHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(3, 8)
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan []byte, 10)
		for range 10 {
			go func() {
				if part, err := m.take(ctx, "mallory"); err == nil {
					got <- part
				}
			}()
		}
		synctest.Wait()
		if len(got) != 3 {
			t.Errorf("mallory has %d parts, want 3", len(got))
		}
		for range 2 { // one at a time, again and again
			part, err := m.take(t.Context(), "calm")
			if err != nil || cap(part) != 8 || len(part) != 0 {
				t.Fatalf("a part of %d bytes, %v", cap(part), err)
			}
			m.give("calm", append(part, 1))
		}
		m.give("mallory", <-got)
		synctest.Wait()
		if len(got) != 3 {
			t.Errorf("mallory has %d parts after one was given back, want 3", len(got))
		}
		cancel()
		synctest.Wait()
		for range 3 {
			m.give("mallory", <-got)
		}
		if len(m.taken)+len(m.waiting)+m.beyond != 0 || len(m.free) != 3 {
			t.Errorf("in the end %v are taken, %d wait, %d are free", m.taken, len(m.waiting), len(m.free))
		}
	})
}
