package transfer

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var media = Gate{"legal", "o", "Standard", "media"}

// slowStore fetches recordings one after the other, in requests as large as there is
// capacity. Addresses are made when they are shown, which is a while after their request,
// and live for a fixed time.
type slowStore struct {
	Addresses
	now              time.Time
	life, each, made time.Duration
	// broken tells which recordings are refused whatever the age of their address.
	broken map[int]bool
	// most is how many recordings a request may name that names one of them.
	most         map[int]int
	stored, vain int
}

// request requests recordings from one on, and returns which could not be fetched.
func (s *slowStore) request(wanted []int) (left []int) {
	n, _ := s.Capacity(media)
	n = min(n, 100, len(wanted))
	if bound := s.most[wanted[0]]; bound > 0 {
		n = min(n, bound)
	}
	defer s.Follow(media, n)()
	s.now = s.now.Add(s.made)
	s.RecordListed(media, s.made)
	seen, doubted := s.now, false
	for i, recording := range wanted[:n] {
		age := Age{s.now.Sub(seen), s.now.Sub(seen) + s.made/10}
		switch {
		case i > 0 && !s.WorthTrying(media, age, doubted):
			left = append(left, recording)
		case s.broken[recording]:
			doubted = s.RecordRefused(media, age) || doubted
			left = append(left, recording)
		case age.Least >= s.life:
			s.vain++
			doubted = s.RecordRefused(media, age) || doubted
			left = append(left, recording)
		default:
			s.now = s.now.Add(s.each)
			s.RecordWorked(media, age, s.each, s.now)
			s.stored++
			doubted = false
		}
	}
	for _, recording := range left {
		s.most[recording] = max(1, n/2)
	}
	return append(append([]int{}, wanted[n:]...), left...)
}

// TestRequestsFitTheirAddresses: however slow the store, however late and short (10 s and more) the
// life of addresses, and whatever is refused for another reason, at most one download
// in twenty meets an address that has expired, and everything else is fetched.
func TestRequestsFitTheirAddresses(t *testing.T) {
	duration := func(t *rapid.T, name string, from, to time.Duration) time.Duration {
		return time.Duration(rapid.Int64Range(int64(from), int64(to)).Draw(t, name))
	}
	rapid.Check(t, func(t *rapid.T) {
		s := &slowStore{
			now: time.Unix(0, 0), life: duration(t, "life", 10*time.Second, time.Hour), each: duration(t, "each", time.Millisecond, time.Minute),
			made: duration(t, "made", 0, time.Minute), broken: map[int]bool{}, most: map[int]int{},
		}
		wanted := make([]int, rapid.IntRange(200, 1500).Draw(t, "recordings"))
		for i := range wanted {
			wanted[i] = i
			s.broken[i] = rapid.IntRange(0, 30).Draw(t, "broken") == 0 && i > 20
		}
		broken := 0
		for _, is := range s.broken {
			if is {
				broken++
			}
		}
		requests := 0
		for s.stored < len(s.broken)-broken {
			if requests++; requests > 20*len(s.broken) {
				t.Fatalf("%d of %d came in %d requests", s.stored, len(s.broken)-broken, requests)
			}
			wanted = s.request(wanted)
		}
		if s.vain*downloadsPerVain > s.stored+downloadsPerVain {
			t.Fatalf("%d were fetched, %d tried in vain", s.stored, s.vain)
		}
	})
}

// TestOneThatIsRefusedWhateverItsAge is not taken to have expired once older ones
// have worked, and limits nothing any more.
func TestOneThatIsRefusedWhateverItsAge(t *testing.T) {
	var a Addresses
	now := time.Unix(0, 0)
	works := func(age time.Duration) {
		now = now.Add(time.Second)
		a.RecordWorked(media, Age{age, age + time.Second}, time.Second, now)
	}
	refused := func(age time.Duration) bool { return a.RecordRefused(media, Age{age - time.Second, age}) }
	if !refused(time.Second) || !a.WorthTrying(media, Age{Least: time.Hour}, false) {
		t.Error("an address is not tried although none has ever worked")
	}
	works(2 * time.Second)
	if refused(time.Second) {
		t.Error("a young address is taken to have expired although an older one works")
	}
	if !refused(3*time.Second) || a.MinLifetime(media) != 3*time.Second || a.WorthTrying(media, Age{3 * time.Second, 4 * time.Second}, false) {
		t.Errorf("life %v", a.MinLifetime(media))
	}
	if capacity, unlimited := a.Capacity(media); capacity > 2 || unlimited {
		t.Errorf("capacity for %d, unlimited: %v", capacity, unlimited)
	}
	works(time.Minute)
	if _, unlimited := a.Capacity(media); !unlimited || !a.WorthTrying(media, Age{Least: time.Hour}, false) {
		t.Error("an older one has worked, and still it is limited")
	}
}

// TestALifeThatBecomesShorter is noticed, though not because of one bad recording.
func TestALifeThatBecomesShorter(t *testing.T) {
	var a Addresses
	age := func(at time.Duration) Age { return Age{at, at + time.Second} }
	a.RecordWorked(media, age(time.Hour), time.Second, time.Unix(0, 0))
	for range maxContradictions - 1 {
		if a.RecordRefused(media, age(time.Minute)) {
			t.Fatal("a refusal is taken for an address that has expired")
		}
	}
	a.RecordWorked(media, age(time.Second), time.Second, time.Unix(1, 0))
	for n := range maxContradictions {
		if is, want := a.RecordRefused(media, age(time.Minute)), n == maxContradictions-1; is != want {
			t.Errorf("refusal %d in a row: %v, want %v", n+1, is, want)
		}
	}
	if a.MinLifetime(media) > 2*time.Minute {
		t.Errorf("life %v", a.MinLifetime(media))
	}
}

// TestRoomIsShared: those that ask at the same time get what is left, at least one each.
func TestRoomIsShared(t *testing.T) {
	var a Addresses
	for n := range 10 {
		a.RecordWorked(media, Age{}, time.Second, time.Unix(int64(n), 0))
	}
	a.RecordRefused(media, Age{Most: 80 * time.Second})
	var leave []func()
	for _, want := range []int{20, 10, 5, 3, 1, 1, 1, 1} {
		capacity, _ := a.Capacity(media)
		if capacity != want {
			t.Errorf("capacity for %d, want %d", capacity, want)
		}
		leave = append(leave, a.Follow(media, capacity))
	}
	for _, leave := range leave {
		leave()
	}
	if capacity, _ := a.Capacity(media); capacity != 20 {
		t.Errorf("capacity for %d when all have left", capacity)
	}
}
