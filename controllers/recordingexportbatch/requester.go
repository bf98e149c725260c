package recordingexportbatch

import (
	"context"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

type batchRequester interface {
	RequestBatch(ctx context.Context, refs []genesys.RecordingRef, timeout time.Duration) (genesys.Ticket, error)
	BatchStatus(ctx context.Context, request genesys.Ticket) (genesys.BatchStatus, error)
}

const (
	// maxRequest is the most recordings that one batch request may name (Platform API).
	maxRequest = 100
	// maxScreenRequest keeps requests for screen recordings under legal hold short: these
	// media take longest.
	maxScreenRequest = 10
)

// bagTransfer is the transfer of recordings into the bag of one batch: what those who request,
// follow and download have in common.
type bagTransfer struct {
	recorder
	batch string
	cloud batchRequester
	// media is the route of the downloads, which bounds how many recordings are requested at
	// a time.
	media     route
	addresses *transfer.Addresses
	// isolated tells that the batch is of the lane Isolated.
	isolated bool
	// suspects are the recordings that bulk jobs could not export while they exported others. One that
	// cannot be downloaded either is bad itself.
	suspects map[genesys.RecordingRef]bool
}

// requester makes batch requests and records them.
type requester struct {
	bagTransfer
	owner    ownerVerifier
	requests route
	// maxPerRequest is the most recordings in a request.
	maxPerRequest int
}

// setAside records that a recording is no longer requested, and why.
func (t bagTransfer) setAside(ctx context.Context, ref genesys.RecordingRef, reason, detail string) error {
	_, err := artifacts.Put(ctx, t.store, artifacts.SetAsideKey(t.batch, ref), artifacts.SetAside{
		Stamp: t.stamp(), RecordingRef: ref, Reason: reason, Detail: detail,
	})
	return err
}

// notNamed returns the recordings that no request names and that are not set aside.
func notNamed(refs []genesys.RecordingRef, requests []artifacts.Request, aside []artifacts.SetAside) []genesys.RecordingRef {
	named := map[genesys.RecordingRef]bool{}
	for _, request := range requests {
		for _, ref := range request.Refs {
			named[ref] = true
		}
	}
	for _, a := range aside {
		named[a.RecordingRef] = true
	}
	var left []genesys.RecordingRef
	for _, ref := range refs {
		if !named[ref] {
			left = append(left, ref)
		}
	}
	return left
}
