package archive

import (
	"context"
	"io"
)

// HoldCreator is a Store that can put what it stores under legal hold, so that
// nobody can remove it before the hold is taken off, whatever its retention.
type HoldCreator interface {
	Store
	// CreateHeld is Create, under legal hold.
	CreateHeld(ctx context.Context, key string, write func(io.Writer) error) error
}

// Held returns the store as a lane of held recordings uses it: what is created
// is under legal hold, if the store knows such a thing.
func Held(store Store) Store {
	if creator, ok := store.(HoldCreator); ok {
		return heldStore{creator}
	}
	return store
}

type heldStore struct{ HoldCreator }

// Create is the store's CreateHeld.
func (h heldStore) Create(ctx context.Context, key string, write func(io.Writer) error) error {
	return h.CreateHeld(ctx, key, write)
}
