package genesys

import "time"

// Retained is a recording as the enumeration of all that an organisation
// retains lists it. Both ids are as received: check them with ValidID before
// they touch a path.
type Retained struct {
	RecordingRef
	Created time.Time `json:"created"`
}

// RetainedPage is one page of that enumeration.
type RetainedPage struct {
	Recordings []Retained `json:"recordings"`
	// Next is the cursor of the following page, empty on the last one.
	Next string `json:"next,omitempty"`
}
