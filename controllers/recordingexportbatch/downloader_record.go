package recordingexportbatch

import (
	"cmp"
	"context"
	"slices"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
)

// readRecordings returns the state of each wanted recording, and the requests that are still
// to be followed.
func (d *downloader) readRecordings(ctx context.Context) (recordingStates, []pendingRequest, error) {
	var now batchArtifacts
	if err := now.readTransfer(ctx, d.store, d.batch); err != nil {
		return nil, nil, err
	}
	answers, err := artifacts.All[artifacts.Answer](ctx, d.store, artifacts.AnswerFolder(d.batch))
	if err != nil {
		return nil, nil, err
	}
	sortByRequest(answers, now.requests)
	wanted := newRecordingStates(d.wanted, now.files, answers, now.setAside)
	if err := d.addFilesOfFormerBag(ctx, wanted); err != nil {
		return nil, nil, err
	}
	d.nextRound = 0
	for _, request := range now.requests {
		d.nextRound = max(d.nextRound, request.Round+1)
	}
	return wanted, wanted.pendingRequests(now.requests, answers), wanted.findUnrecorded(ctx, d.store, d.batch)
}

// addFilesOfFormerBag adds the files that are in the bag that an isolated recording was in
// before: they are not stored twice.
func (d *downloader) addFilesOfFormerBag(ctx context.Context, wanted recordingStates) error {
	if d.formerBatch == "" {
		return nil
	}
	files, err := artifacts.All[artifacts.StoredFile](ctx, d.store, artifacts.FileFolder(d.formerBatch))
	if err != nil {
		return err
	}
	for _, f := range files {
		for _, recording := range wanted {
			if recording.RecordingRef == refOf(f) {
				recording.inFormerBag = append(recording.inFormerBag, fileOf(f))
			}
		}
	}
	return nil
}

// sortByRequest sorts answers in the order of their requests, so that the last one is used.
func sortByRequest(answers []artifacts.Answer, requests []artifacts.Request) {
	place := make(map[string]int, len(requests))
	for i, request := range requests {
		place[request.Ticket.ID] = i
	}
	slices.SortFunc(answers, func(a, b artifacts.Answer) int { return cmp.Compare(place[a.RequestID], place[b.RequestID]) })
}
