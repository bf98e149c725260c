package archive

import (
	"context"
	"io"
)

// HoldCreator is a Store that can put what it stores under legal hold, so that nobody can
// remove it before the hold is released, whatever its retention.
type HoldCreator interface {
	Store
	// CreateHeld is Create, under legal hold.
	CreateHeld(ctx context.Context, key string, write func(io.Writer) error) error
}

// LegalHolder is a Store that can put under legal hold what it has stored already.
type LegalHolder interface {
	// Hold puts the file under key under legal hold, and tells whether it is then: in an
	// archive without a lock it is not. Calling it again changes nothing.
	Hold(ctx context.Context, key string) (held bool, err error)
}

// Held returns the store as lanes of held recordings use it: everything that is created is
// under legal hold, if the store supports that.
func Held(store Store) Store { return HeldWhere(store, func(string) bool { return true }) }

// HeldWhere returns the store with everything under legal hold that is created under keys
// for which held is true, if the store supports that.
func HeldWhere(store Store, held func(key string) bool) Store {
	if creator, ok := store.(HoldCreator); ok {
		return heldStore{creator, held}
	}
	return store
}

type heldStore struct {
	HoldCreator
	held func(key string) bool
}

// Unwrap returns the store.
func (h heldStore) Unwrap() Store { return h.HoldCreator }

// Create is the store's CreateHeld for keys under legal hold, and its Create for others.
func (h heldStore) Create(ctx context.Context, key string, write func(io.Writer) error) error {
	if h.held(key) {
		return h.CreateHeld(ctx, key, write)
	}
	return h.HoldCreator.Create(ctx, key, write)
}
