package outcome

// Cause is the source of an error. An error may have several causes: errors are joined, and an
// archive that could not be read completely may also look corrupt. The first cause of this list
// decides: after a failed read nothing that was found is certain.
type Cause int

// The causes of errors, in the order in which they decide.
const (
	// CauseGenesys: Genesys Cloud refused a request, or did not answer.
	CauseGenesys Cause = iota
	// CauseStore: an object store refused a request, or did not answer.
	CauseStore
	// CauseOperatingSystem: the operating system did not let the operator read or write a
	// directory.
	CauseOperatingSystem
	// CauseKey: an artifact was written with another artifact key.
	CauseKey
	// CauseVersion: a later release wrote the archive.
	CauseVersion
	// CauseContent: a file differs from the one that the operator wrote.
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
