package genesys

// Share tells for whom a request is made, so that an OAuth client's budget is shared fairly
// among waiting requests: lanes by weight, the exports of a lane in turn, the requests of an
// export in the order in which they come.
type Share struct {
	// Export is unique to the export, for example "legal/case-4711".
	Export string
	// Lane is what the request belongs to: a lane of the export, its survey, or
	// the look after the login.
	Lane string
	// Weight is how much the lane gets, in proportion to the others that wait.
	// Less than 1 counts as 1.
	Weight int
	// Spare is for work that must not slow others down: it uses at most 5 % of the
	// budget while others have work, and all of it when nobody else has. Weight does
	// not matter then.
	Spare bool
}
