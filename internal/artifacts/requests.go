package artifacts

import (
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Request is a batch request at Genesys Cloud.
type Request struct {
	Stamp
	Ticket genesys.Ticket `json:"ticket"`
	// Round is the number of the round in which it was made, from 0. A round requests every
	// outstanding recording once.
	Round int                    `json:"try"`
	Refs  []genesys.RecordingRef `json:"refs"`
}

// Answer is the final answer to a batch request.
type Answer struct {
	Stamp
	RequestID  string     `json:"requestId"`
	Recordings []Answered `json:"recordings"`
	// Lost tells that the request as a whole could not be read.
	Lost bool `json:"lost,omitempty"`
}

// Answered is how a request answered for one recording.
type Answered struct {
	genesys.RecordingRef
	// Results is the most results with an address that were listed, in this request
	// or before, and Listed the most of any kind.
	Results int `json:"results"`
	Listed  int `json:"listed,omitempty"`
	// Refused is what Genesys Cloud said of a result that it will not give.
	Refused string `json:"refused,omitempty"`
	// Failed is why a result did not arrive, and Expired is true if that was because
	// its address did not work any more.
	Failed  string `json:"failed,omitempty"`
	Expired bool   `json:"expired,omitempty"`
	// Incomplete tells that more is expected: nothing was refused or failed, and fewer files are
	// stored than there are results.
	Incomplete bool `json:"passed,omitempty"`
}

// SetAside is a recording that its batch no longer requests.
type SetAside struct {
	Stamp
	genesys.RecordingRef
	// Reason is evidence.ReasonMovedToIsolated if it comes in a batch of the lane
	// Isolated, and otherwise why it is unavailable.
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
}
