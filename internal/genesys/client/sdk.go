package client

import (
	"context"
	"net/http"

	"github.com/mypurecloud/platform-client-sdk-go/v133/platformclientv2"
)

const userAgent = "recording-export-operator"

// viaSDK makes one call through the SDK and takes the answer in before the SDK
// sees it: the SDK is left with an empty body, and its own verdict counts only
// if no answer came at all.
//
// Each call has a Configuration of its own, because CallAPI writes to the one
// that it uses (SDK v133 apiclient.go). It is put together here, not by a
// constructor: those read a file under $HOME that can name another host, and
// write to the package's loggers while other calls read them.
func viaSDK(ctx context.Context, endpoint, token string, call sdkCall) (answer, error) {
	var got answer
	var gotErr error
	sdk := &platformclientv2.Configuration{
		BasePath:             endpoint,
		AccessToken:          token,
		LoggingConfiguration: &platformclientv2.LoggingConfiguration{LogLevel: platformclientv2.LNone},
		RetryConfiguration: &platformclientv2.RetryConfiguration{
			RetryMax: 0, // the SDK would send a POST again too
			RequestLogHook: func(r *http.Request, _ int) {
				// The SDK has no other place for a context. It is called before the
				// request is sent and works on the request itself.
				*r = *r.WithContext(ctx)
				r.Header.Set("User-Agent", userAgent)
			},
			ResponseLogHook: func(res *http.Response) {
				got, gotErr = readAnswer(res, maxAnswer)
				res.Body = http.NoBody
			},
		},
	}
	sdk.APIClient = platformclientv2.NewAPIClient(sdk)
	sdkErr := call(sdk)
	if got.status == 0 {
		return answer{}, sdkErr
	}
	return got, gotErr
}
