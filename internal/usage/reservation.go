package usage

import "math"

// Reservation is room that a transfer has and not yet used. Without one, of two transfers
// that fit one by one but not together neither might end: each stops the other. Nil is
// that of a namespace without a bound.
type Reservation struct {
	meter *Meter
	of    *taken
	left  int64
}

// Reserve reserves room for so many bytes, or is a FullError. The reservation has to be
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
	of := m.taken(namespace)
	of.reserved += bytes
	return &Reservation{m, of, bytes}, nil
}

// Stored tells that so many bytes of what is reserved were stored, which the meter counts
// from then on (see Meter.Count). More than was reserved changes nothing.
func (r *Reservation) Stored(bytes int64) {
	if r == nil {
		return
	}
	r.meter.mu.Lock()
	defer r.meter.mu.Unlock()
	bytes = min(bytes, r.left)
	r.left -= bytes
	r.of.reserved -= bytes
}

// Release gives back what was not used.
func (r *Reservation) Release() { r.Stored(math.MaxInt64) }
