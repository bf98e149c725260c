package outcome

// Cause is what an error comes from. An error may have several: errors are joined, and
// an archive that could not be read to its end may look corrupt, too. The first one of
// this list says what to do: where a read has failed, nothing that was found in what was
// read is certain.
type Cause int

// The causes of errors, the one that counts most first.
const (
	// CauseGenesys: Genesys Cloud refused a request, or did not answer.
	CauseGenesys Cause = iota
	// CauseStore: an object store did.
	CauseStore
	// CauseOperatingSystem: it did not let a directory be read or written.
	CauseOperatingSystem
	// CauseKey: what is stored was written with another artifact key.
	CauseKey
	// CauseVersion: what is stored was written by a later release.
	CauseVersion
	// CauseContent: what is stored is not what the operator stored there.
	CauseContent
)

// adviceOf returns the advice for the cause of an error that counts most, the first one
// in the error's tree if there are several of that cause. It is false if there is none.
func adviceOf(err error) (Advice, bool) {
	best, found := ofOperatingSystem(err)
	eachError(err, func(err error) {
		advised, is := err.(HasAdvice) //nolint:errorlint // eachError unwraps
		if !is {
			return
		}
		if advice := advised.Advice(); !found || advice.Cause < best.Cause {
			best, found = advice, true
		}
	})
	return best, found
}

// eachError calls visit for an error and everything that it wraps, in the order of errors.As.
func eachError(err error, visit func(error)) {
	visit(err)
	switch err := err.(type) { //nolint:errorlint // this unwraps
	case interface{ Unwrap() error }:
		if inner := err.Unwrap(); inner != nil {
			eachError(inner, visit)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range err.Unwrap() {
			eachError(inner, visit)
		}
	}
}
