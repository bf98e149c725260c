package client

import (
	"context"
	"net/http"

	"github.com/mypurecloud/platform-client-sdk-go/v133/platformclientv2"
)

const userAgent = "recording-export-operator"

// viaSDK makes one call through the SDK. The SDK writes the request; its hook
// sends the request by our own transport, which has the address judged, follows
// no redirect and bounds the answer, and leaves the SDK a request without an
// address, with which it can do nothing (net/http refuses it before it connects).
// The SDK's own verdict counts only if it wrote no request at all.
//
// Each call has a Configuration of its own, because CallAPI writes to the one
// that it uses (SDK v133 apiclient.go). It is put together here, not by a
// constructor: those read a file under $HOME that can name another host, and
// write to the package's loggers while other calls read them.
func (c *Client) viaSDK(ctx context.Context, token string, call sdkCall) (answer, error) {
	var got answer
	var gotErr error
	sent := false
	sdk := &platformclientv2.Configuration{
		BasePath:             c.endpoint,
		AccessToken:          token,
		LoggingConfiguration: &platformclientv2.LoggingConfiguration{LogLevel: platformclientv2.LNone},
		RetryConfiguration: &platformclientv2.RetryConfiguration{
			RetryMax: 0, // the SDK would send a POST again too
			RequestLogHook: func(r *http.Request, _ int) {
				if !sent {
					sent = true
					got, gotErr = c.send(r.Clone(ctx))
				}
				r.URL, r.Body = nil, nil
			},
		},
	}
	sdk.APIClient = platformclientv2.NewAPIClient(sdk)
	if err := call(sdk); !sent {
		return answer{}, err
	}
	return got, gotErr
}

// send sends a request that the SDK wrote and takes its answer in.
func (c *Client) send(r *http.Request) (answer, error) {
	r.Header.Set("User-Agent", userAgent)
	res, err := c.sdk.Do(r) //nolint:gosec // the host is the configured one, and the dial guard judges its address
	if err != nil {
		return answer{}, err
	}
	return readAnswer(res, maxAnswer)
}
