package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Restore asks Genesys Cloud to bring a recording back from its archive until a
// later archive date (genesys.LaterArchiveDate), which takes its time and costs one
// of the organisation's restorations. before is the recording's dates as they were
// read just before. timeout bounds the whole exchange, but not the wait for the
// budget. Each call may cost another restoration: after an error that leaves open
// whether it took effect, look at the recording's file state, and do not ask again.
//
// It took no effect if the error is KindThrottled, KindOverloaded, KindUnauthorized,
// KindForbidden, KindNotFound or KindInvalid.
//
// There is no call that only restores. This one writes the recording's retention:
// it changes and removes archive and delete dates, and a changed archive date of an
// archived recording restores it until then (PUT
// conversations/{conversationId}/recordings/{recordingId} in the swagger of SDK
// v133). A date that is not sent is removed. So every date is sent as it was
// received except for the archive date, and nothing is sent if one of them cannot be
// read. A pending export stays (clearExport=false).
func (c *Client) Restore(ctx context.Context, ref genesys.RecordingRef, before genesys.Retention, until time.Time, timeout time.Duration) error {
	const op = "restore recording"
	if err := checkIDs(op, ref.ConversationID, ref.RecordingID); err != nil {
		return err
	}
	if err := checkTimeout(op, timeout); err != nil {
		return err
	}
	if names := before.Unreadable(); len(names) > 0 {
		return invalid(op, "the operator cannot read its %s, and so could not preserve it", strings.Join(names, ", "))
	}
	wanted := before
	wanted.ArchiveDate = until.UTC().Format(dateForm)
	if wanted.Equal(before) || until.IsZero() {
		return invalid(op, "the archive date would not change")
	}
	var body struct{}
	_, err := c.fetchObject(ctx, op, route{
		method: http.MethodPut, path: "/api/v2/conversations/" + ref.ConversationID + "/recordings/" + ref.RecordingID,
		query: url.Values{"clearExport": {"false"}}, timeout: timeout, send: wanted,
	}, &body)
	return err
}
