package s3store

import (
	"context"
	"testing"
	"testing/synctest"
)

// TestATenantThatHoldsPartsHoldsNobodyUp, and gets no more than its own and the shared ones.
func TestATenantThatHoldsPartsHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewPartBuffers(3, 8)
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan []byte, 10)
		for range 10 {
			go func() {
				if part, err := m.acquire(ctx, "mallory"); err == nil {
					got <- part
				}
			}()
		}
		synctest.Wait()
		if len(got) != 3 {
			t.Errorf("mallory has %d parts, want 3", len(got))
		}
		for range 2 { // one at a time, again and again
			part, err := m.acquire(t.Context(), "calm")
			if err != nil || cap(part) != 8 || len(part) != 0 {
				t.Fatalf("a part of %d bytes, %v", cap(part), err)
			}
			m.release("calm", append(part, 1))
		}
		m.release("mallory", <-got)
		synctest.Wait()
		if len(got) != 3 {
			t.Errorf("mallory has %d parts after one was given back, want 3", len(got))
		}
		cancel()
		synctest.Wait()
		for range 3 {
			m.release("mallory", <-got)
		}
		if len(m.inUse)+len(m.waiting)+m.sharedInUse != 0 || len(m.unused) != 3 {
			t.Errorf("in the end %v are taken, %d wait, %d are free", m.inUse, len(m.waiting), len(m.unused))
		}
	})
}

// TestPartSize: whatever the largest file, S3 takes its parts, and nobody uses more memory
// than that takes.
func TestPartSize(t *testing.T) {
	for largest, want := range map[int64]struct{ size, parts int64 }{
		0:              {8 << 20, 0},
		5 << 30:        {8 << 20, 640},
		64 << 30:       {8 << 20, 8192},
		80_000 << 20:   {8 << 20, 10_000},
		80_000<<20 + 1: {9 << 20, 8889},
		625 << 30:      {64 << 20, 10_000},
		5 << 40:        {525 << 20, 9987},
	} {
		size := int64(PartSize(largest))
		if parts := (largest + size - 1) / size; size != want.size || parts != want.parts || parts > maxParts {
			t.Errorf("%d bytes: %d parts of %d, want %d of %d", largest, parts, size, want.parts, want.size)
		}
	}
}

// TestTheMemoryOfManyTenants: 48 that upload at the same time, each for as long as it
// wants, use half of the memory limit of 1 GiB in config/manager.
func TestTheMemoryOfManyTenants(t *testing.T) {
	const tenants = 48
	m := NewPartBuffers(PartsInMemory, PartSize(64<<30))
	bytes := 0
	for i := range tenants {
		part, err := m.acquire(t.Context(), string(rune('a'+i)))
		if err != nil {
			t.Fatal(err)
		}
		bytes += cap(part)
	}
	for range m.shared {
		part, err := m.acquire(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		bytes += cap(part)
	}
	full, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.acquire(full, "b"); err == nil || bytes > 512<<20 {
		t.Errorf("%d bytes are held, %v; want at most 512 MiB", bytes, err)
	}
}
