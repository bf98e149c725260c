package client

import (
	"context"
	"net/http"
	"time"

	"github.com/mypurecloud/platform-client-sdk-go/v133/platformclientv2"

	"github.com/gcexport/recording-export-operator/internal/failpoint"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
)

// sender sends one request with a token. Its error says that no answer came, or
// not all of it; the part of the answer that did come is still returned.
type sender func(ctx context.Context, token string) (answer, error)

// sdkCall makes one call with the SDK. Its answer is not used, only its error.
type sdkCall func(*platformclientv2.Configuration) error

// ask makes a call through the SDK.
func (c *Client) ask(ctx context.Context, op string, call sdkCall) (answer, error) {
	return c.call(ctx, op, func(ctx context.Context, token string) (answer, error) {
		return c.viaSDK(ctx, token, call)
	})
}

// askObject makes a call through the SDK that is answered with a JSON object,
// at once (200) or while the work is running (202), and decodes it.
func (c *Client) askObject(ctx context.Context, op string, into any, call sdkCall) (answer, error) {
	got, err := c.ask(ctx, op, call)
	if err != nil {
		return got, err
	}
	return got, got.progress(op, into)
}

// call sends a request within the budget and with a valid token. If Genesys
// Cloud does not accept the token, it logs in once more and sends the request
// again: refused for its token, it had no effect, so that is safe for all of them.
func (c *Client) call(ctx context.Context, op string, send sender) (answer, error) {
	for last := false; ; last = true {
		token, err := c.session.token(ctx)
		if err != nil {
			return answer{}, loginFailure(op, err)
		}
		got, err := c.once(ctx, op, token, send)
		if last || genesys.KindOf(err) != genesys.KindUnauthorized {
			return got, err
		}
		c.session.reject(token)
	}
}

// once sends a request within the budget, and tells the budget what the answer says about it.
func (c *Client) once(ctx context.Context, op, token string, send sender) (answer, error) {
	grant, err := c.budget.Wait(ctx, c.share)
	if err != nil {
		return answer{}, cancelled(op, err)
	}
	defer grant.Done()
	got, sendErr := failpoint.Get(failpoint.Call(op), "", func() (answer, error) { return sendInTime(ctx, token, send) })
	if got.status != 0 {
		grant.Observe(budget.ParseHeaders(got.header))
	}
	if got.status == http.StatusTooManyRequests && !overloaded(got) {
		grant.Throttle(retryAfter(got.header))
	}
	return got, c.verdict(ctx, op, token, got, sendErr)
}

// sendInTime sends a request unless the deadline of its context is over, by the wall clock. The
// context of a process that was stopped may not have ended yet: its timer is late, too, and does
// not count the time in which the machine was stopped.
func sendInTime(ctx context.Context, token string, send sender) (answer, error) {
	if deadline, limited := ctx.Deadline(); limited && !time.Now().Before(deadline.Round(0)) {
		return answer{}, context.DeadlineExceeded
	}
	return send(ctx, token)
}

// overloaded reports whether an answer is a 429 about this one request: the OAuth
// client has most of its allowance left, by the same answer's headers.
func overloaded(got answer) bool {
	return got.status == http.StatusTooManyRequests && budget.ParseHeaders(got.header).Ample()
}

// verdict tells what is wrong with what came back, nil if nothing is.
func (c *Client) verdict(ctx context.Context, op, token string, got answer, sendErr error) error {
	switch {
	case ctx.Err() != nil && sendErr != nil:
		return cancelled(op, ctx.Err())
	case got.status >= http.StatusBadRequest:
		refused := refusal(op, got, token, c.session.credentials.ClientSecret)
		if overloaded(got) {
			refused.Kind = genesys.KindOverloaded
		}
		return refused
	case sendErr != nil:
		return failure(op, got, sendErr)
	default:
		return nil
	}
}
