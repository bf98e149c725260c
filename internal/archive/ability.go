package archive

// wrapper is a Store around another one.
type wrapper interface {
	// Unwrap returns the other one.
	Unwrap() Store
}

// As returns an optional ability of a store, such as [Discarder] or [LegalHolder], whether
// the store has it itself or it is that of a store that it wraps.
//
// Do not use it for [HoldCreator], the only ability that writes evidence: a write would
// bypass what the wrappers do with everything that is written. A wrapper of a HoldCreator
// is a HoldCreator itself.
func As[T any](store Store) (ability T, ok bool) {
	for store != nil {
		if ability, ok = store.(T); ok {
			return ability, true
		}
		outer, is := store.(wrapper)
		if !is {
			break
		}
		store = outer.Unwrap()
	}
	return ability, false
}
