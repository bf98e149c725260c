package usage

import "math"

// Reservation is space that is reserved for a transfer and not used yet. Without
// reservations, two transfers that fit one by one but not together might block each other.
// Nil is the reservation in a namespace without a bound.
type Reservation struct {
	meter   *Meter
	account *account
	left    int64
}

// Reserve reserves so many bytes, or returns a FullError. The reservation has to be
// released.
func (m *Meter) Reserve(namespace string, bytes int64) (*Reservation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Limits.Of(namespace) == 0 {
		return nil, nil
	}
	if err := m.fits(namespace, bytes); err != nil {
		return nil, err
	}
	of := m.accountOf(namespace)
	of.reserved += bytes
	return &Reservation{m, of, bytes}, nil
}

// Stored tells that so many bytes of what is reserved were stored, which the meter counts
// from then on (see Meter.CountWrites). More than was reserved changes nothing.
func (r *Reservation) Stored(bytes int64) {
	if r == nil {
		return
	}
	r.meter.mu.Lock()
	defer r.meter.mu.Unlock()
	bytes = min(bytes, r.left)
	r.left -= bytes
	r.account.reserved -= bytes
}

// Release releases what was not used.
func (r *Reservation) Release() { r.Stored(math.MaxInt64) }
