package connection

import (
	"context"
	"errors"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/client"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Cloud calls Genesys Cloud with the best OAuth client of an organisation, for one share
// of their budgets. It is safe for concurrent use. Errors are those of package client, and
// KindOrphaned.
type Cloud struct {
	clients *clientSet
	share   genesys.Share
}

// ask makes a call that any client can make.
func ask[T any](c *Cloud, call func(*client.Client) (T, error)) (got T, err error) {
	err = c.clients.call(func(by *oauthClient) (err error) {
		got, err = call(by.client().As(c.share))
		return err
	})
	return got, err
}

// start makes a call that starts something, and returns a ticket that names the client it
// was started with.
func start(c *Cloud, call func(*client.Client) (string, error)) (ticket genesys.Ticket, err error) {
	err = c.clients.call(func(by *oauthClient) error {
		id, err := call(by.client().As(c.share))
		ticket = genesys.Ticket{ID: id, ClientID: by.credentials.ClientID}
		return err
	})
	return ticket, err
}

// follow makes a call that only the ticket's client can make.
func follow[T any](c *Cloud, op string, ticket genesys.Ticket, call func(*client.Client) (T, error)) (got T, err error) {
	err = c.clients.callStarter(op, ticket, func(by *oauthClient) (err error) {
		got, err = call(by.client().As(c.share))
		return err
	})
	return got, err
}

// DataAvailability tells up to when analytics know everything that happened.
func (c *Cloud) DataAvailability(ctx context.Context) (time.Time, error) {
	return ask(c, func(as *client.Client) (time.Time, error) { return as.DataAvailability(ctx) })
}

// StartSurvey starts an analytics job, see [client.Client.StartSurvey].
func (c *Cloud) StartSurvey(ctx context.Context, query genesys.SurveyQuery, timeout time.Duration) (genesys.Ticket, error) {
	return start(c, func(as *client.Client) (string, error) { return as.StartSurvey(ctx, query, timeout) })
}

// LookUp returns those of some conversations that Genesys Cloud knows, see
// [client.Client.LookUp].
func (c *Cloud) LookUp(ctx context.Context, conversationIDs []string, timeout time.Duration) ([]genesys.Conversation, error) {
	return ask(c, func(as *client.Client) ([]genesys.Conversation, error) {
		return as.LookUp(ctx, conversationIDs, timeout)
	})
}

// SurveyState returns the state of a survey.
func (c *Cloud) SurveyState(ctx context.Context, job genesys.Ticket) (genesys.JobState, error) {
	return follow(c, "read survey state", job, func(as *client.Client) (genesys.JobState, error) { return as.SurveyState(ctx, job.ID) })
}

// SurveyPage reads a page of a survey's result.
func (c *Cloud) SurveyPage(ctx context.Context, job genesys.Ticket, cursor string, facts bool) (genesys.SurveyPage, error) {
	return follow(c, "read survey page", job, func(as *client.Client) (genesys.SurveyPage, error) {
		return as.SurveyPage(ctx, job.ID, cursor, facts)
	})
}

// EndSurvey deletes a survey and its results. If its client is inactive, the survey is
// left to expire.
func (c *Cloud) EndSurvey(ctx context.Context, job genesys.Ticket) error {
	_, err := follow(c, "end survey", job, func(as *client.Client) (struct{}, error) { return struct{}{}, as.EndSurvey(ctx, job.ID) })
	if genesys.KindOf(err) == genesys.KindOrphaned {
		return nil
	}
	return err
}

// Retained reads a page of what the organisation retains.
func (c *Cloud) Retained(ctx context.Context, days int, cursor string) (genesys.RetainedPage, error) {
	return ask(c, func(as *client.Client) (genesys.RetainedPage, error) { return as.Retained(ctx, days, cursor) })
}

// Orphans reads a page of the recordings that belong to no conversation.
func (c *Cloud) Orphans(ctx context.Context, skip int) (genesys.OrphanPage, error) {
	return ask(c, func(as *client.Client) (genesys.OrphanPage, error) { return as.Orphans(ctx, skip) })
}

// Protected tells which of at most 100 conversations are under legal hold.
func (c *Cloud) Protected(ctx context.Context, conversationIDs []string, timeout time.Duration) ([]string, error) {
	return ask(c, func(as *client.Client) ([]string, error) { return as.Protected(ctx, conversationIDs, timeout) })
}

// RecordingMetadata tells which recordings a conversation has.
func (c *Cloud) RecordingMetadata(ctx context.Context, conversationID string, timeout time.Duration) (genesys.Metadata, error) {
	return ask(c, func(as *client.Client) (genesys.Metadata, error) {
		return as.RecordingMetadata(ctx, conversationID, timeout)
	})
}

// Restore requests that Genesys Cloud restores a recording from its archive until a later
// archive date, see [client.Client.Restore].
func (c *Cloud) Restore(ctx context.Context, ref genesys.RecordingRef, before genesys.Retention, until time.Time, timeout time.Duration) error {
	_, err := ask(c, func(as *client.Client) (struct{}, error) {
		return struct{}{}, as.Restore(ctx, ref, before, until, timeout)
	})
	return err
}

// RequestBatch requests that Genesys Cloud makes at most 100 recordings ready for
// download.
func (c *Cloud) RequestBatch(ctx context.Context, refs []genesys.RecordingRef, timeout time.Duration) (genesys.Ticket, error) {
	return start(c, func(as *client.Client) (string, error) { return as.RequestBatch(ctx, refs, timeout) })
}

// BatchStatus returns the state of a batch request.
func (c *Cloud) BatchStatus(ctx context.Context, request genesys.Ticket) (genesys.BatchStatus, error) {
	return follow(c, "read batch request", request, func(as *client.Client) (genesys.BatchStatus, error) { return as.BatchStatus(ctx, request.ID) })
}

// OpenMedia opens a recording's content. Any client may use the address, so any client
// will do.
func (c *Cloud) OpenMedia(ctx context.Context, url genesys.SignedURL) (*genesys.Media, error) {
	some := c.clients.anyClient()
	if some == nil {
		return nil, errNoClient
	}
	return some.client().OpenMedia(ctx, url)
}

// errNoClient is the error of a call for which there is no client: the Secrets were
// deleted during the work.
var errNoClient = errors.New("no OAuth client is active: see the status of the GenesysOrganization")

// notLoggedInError tells that no client of an organisation has logged in yet.
type notLoggedInError struct{ organization string }

func (e notLoggedInError) Error() string {
	return "waiting for the login of the GenesysOrganization " + e.organization
}

// Outcome is to wait for the login, which wakes the exports that need it.
func (e notLoggedInError) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonOrganizationNotReady, e.Error(), 0)
}
