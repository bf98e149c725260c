package client

import (
	"context"

	"github.com/mypurecloud/platform-client-sdk-go/v133/platformclientv2"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Restore asks Genesys Cloud to bring a recording back from its archive, which
// takes its time and costs one of the organisation's restorations. Each call may
// cost another one: after an error that leaves open whether it took effect, look
// at the recording's file state, and do not ask again.
//
// It took no effect if the error is KindThrottled, KindUnauthorized, KindForbidden,
// KindNotFound or KindInvalid.
func (c *Client) Restore(ctx context.Context, ref genesys.RecordingRef) error {
	const op = "restore recording"
	if err := checkIDs(op, ref.ConversationID, ref.RecordingID); err != nil {
		return err
	}
	var body struct{}
	_, err := c.askObject(ctx, op, &body, func(sdk *platformclientv2.Configuration) error {
		wanted := platformclientv2.Recording{FileState: platformclientv2.String(string(genesys.FileRestored))}
		_, _, err := platformclientv2.NewRecordingApiWithConfig(sdk).PutConversationRecording(ref.ConversationID, ref.RecordingID, wanted, false)
		return err
	})
	return err
}
