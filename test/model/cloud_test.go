package model

import (
	"context"
	"errors"
	"net/http"
	"time"

	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
	"github.com/gcexport/recording-export-operator/internal/genesys/client"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// cloud is the client of Genesys Cloud, each call of which is an effect.
type cloud struct {
	*client.Client
	process *process
}

// login makes a client of its own for a process.
func (m *model) login() *client.Client {
	var budgets budget.Registry
	made, err := client.New(client.Config{
		Endpoint: m.endpoint, Credentials: credentials, Allowed: egress.Any(),
		Budget: budgets.For(budget.Client{Endpoint: m.endpoint, ClientID: credentials.ClientID}, "model", requestsPerMinute),
	})
	if err != nil {
		panic(err)
	}
	return made
}

// call makes a call.
func call[T any](ctx context.Context, p *process, ask func() (T, error)) (T, error) {
	var answer T
	err := p.effect(ctx, inGenesys, func() (err error) {
		if ctx.Err() == nil {
			p.asked.Add(1)
		}
		answer, err = ask()
		return err
	})
	return answer, err
}

func (c *cloud) DataAvailability(ctx context.Context) (time.Time, error) {
	return call(ctx, c.process, func() (time.Time, error) { return c.Client.DataAvailability(ctx) })
}

// StartSurvey notes what analytics knew when the job was made, and which job the
// process knows of.
func (c *cloud) StartSurvey(ctx context.Context, query genesys.SurveyQuery, timeout time.Duration) (genesys.Ticket, error) {
	m := c.process.model
	id, err := call(ctx, c.process, func() (string, error) {
		id, err := c.Client.StartSurvey(ctx, query, timeout)
		if err == nil {
			m.noteJob(id)
		}
		return id, err
	})
	if err == nil {
		m.noteOwner(id, c.process)
	}
	return genesys.Ticket{ID: id, ClientID: credentials.ClientID}, err
}

func (c *cloud) LookUp(ctx context.Context, ids []string, timeout time.Duration) ([]genesys.Conversation, error) {
	return call(ctx, c.process, func() ([]genesys.Conversation, error) { return c.Client.LookUp(ctx, ids, timeout) })
}

func (c *cloud) SurveyState(ctx context.Context, job genesys.Ticket) (genesys.JobState, error) {
	return call(ctx, c.process, func() (genesys.JobState, error) { return c.Client.SurveyState(ctx, job.ID) })
}

func (c *cloud) SurveyPage(ctx context.Context, job genesys.Ticket, cursor string, facts bool) (genesys.SurveyPage, error) {
	return call(ctx, c.process, func() (genesys.SurveyPage, error) { return c.Client.SurveyPage(ctx, job.ID, cursor, facts) })
}

// EndSurvey may be called at any time.
func (c *cloud) EndSurvey(ctx context.Context, job genesys.Ticket) error {
	return c.process.effect(ctx, inGenesys, func() error {
		err := c.Client.EndSurvey(ctx, job.ID)
		if err == nil {
			c.process.model.noteEnd(job.ID)
		}
		return err
	})
}

func (c *cloud) Protected(ctx context.Context, ids []string, timeout time.Duration) ([]string, error) {
	return call(ctx, c.process, func() ([]string, error) { return c.Client.Protected(ctx, ids, timeout) })
}

func (c *cloud) RecordingMetadata(ctx context.Context, id string, timeout time.Duration) (genesys.Metadata, error) {
	return call(ctx, c.process, func() (genesys.Metadata, error) { return c.Client.RecordingMetadata(ctx, id, timeout) })
}

func (c *cloud) RequestBatch(ctx context.Context, refs []genesys.RecordingRef, timeout time.Duration) (genesys.Ticket, error) {
	id, err := call(ctx, c.process, func() (string, error) { return c.Client.RequestBatch(ctx, refs, timeout) })
	return genesys.Ticket{ID: id, ClientID: credentials.ClientID}, err
}

func (c *cloud) BatchStatus(ctx context.Context, request genesys.Ticket) (genesys.BatchStatus, error) {
	return call(ctx, c.process, func() (genesys.BatchStatus, error) { return c.Client.BatchStatus(ctx, request.ID) })
}

// Restore notes that nobody may know whether a recording was restored: then the
// operator waits for it only until the retry deadline.
func (c *cloud) Restore(ctx context.Context, ref genesys.RecordingRef, before genesys.Retention, until time.Time, timeout time.Duration) error {
	_, err := call(ctx, c.process, func() (struct{}, error) {
		return struct{}{}, c.Client.Restore(ctx, ref, before, until, timeout)
	})
	if errors.Is(err, errFault) || errors.Is(err, errKilled) {
		c.process.model.doubtful[ref.RecordingID] = true
	}
	return err
}

// OpenMedia takes its time.
func (c *cloud) OpenMedia(ctx context.Context, url genesys.SignedURL) (*genesys.Media, error) {
	c.process.model.clock.Pass(c.process.model.download)
	return call(ctx, c.process, func() (*genesys.Media, error) { return c.Client.OpenMedia(ctx, url) })
}

// cloudAction draws what Genesys Cloud does of its own accord.
func (m *model) cloudAction(t *rapid.T) func() {
	kind := rapid.SampledFrom([]string{
		"hold changes", "hold changes", "hold changes", "listed late", "conversation ends", "metadata times out", "metadata times out",
		"holds unavailable", "unavailable", "media spoilt", "results withheld", "results refused", "addresses expire", "job made, reply lost", "tokens revoked",
	}).Draw(t, "Genesys Cloud")
	all := m.sim.Dataset().Conversations
	c := all[rapid.IntRange(0, len(all)-1).Draw(t, "conversation")]
	times := rapid.IntRange(1, 4).Draw(t, "times")
	do := func() { m.injectFault(kind, c, times) }
	switch kind {
	case "hold changes":
		do = func() { _ = m.sim.SetProtected(c.ID, !c.Held) }
	case "listed late":
		do = m.listLate
	case "conversation ends":
		do = m.endConversations
	case "addresses expire":
		do = m.sim.ExpireResultURLs
	case "tokens revoked":
		do = func() { _ = m.sim.RevokeTokens(simulator.DefaultClientID) }
	}
	return func() { m.covered.add("Genesys Cloud: " + kind); do() }
}

func (m *model) injectFault(kind string, c simulator.Conversation, times int) {
	var fault simulator.Fault
	switch kind {
	case "metadata times out":
		fault = simulator.Fault{Route: simulator.RouteMetadata, ConversationID: c.ID, Status: http.StatusGatewayTimeout}
	case "holds unavailable":
		fault = simulator.Fault{Route: simulator.RouteProtectionQuery, Status: http.StatusInternalServerError}
	case "unavailable":
		fault = simulator.Fault{Route: []string{
			simulator.RouteDetailsResults, simulator.RouteBatch, simulator.RouteBatchSubmit, simulator.RouteDetailsDelete,
		}[times-1], Status: http.StatusServiceUnavailable}
	case "media spoilt":
		fault = simulator.Fault{Route: simulator.RouteDownload, Body: []simulator.Spoilt{
			simulator.HTML, simulator.Empty, simulator.Truncated, simulator.HTML,
		}[times-1]}
	case "results withheld":
		fault = simulator.Fault{Withhold: true, ConversationID: c.ID}
	case "results refused":
		fault = simulator.Fault{ResultError: "no", ConversationID: c.ID}
	default:
		fault = simulator.Fault{Route: simulator.RouteDetailsSubmit, Applied: true, Status: http.StatusBadGateway}
	}
	fault.Count = times
	m.sim.InjectFault(fault)
}

// endConversations ends what is open.
func (m *model) endConversations() {
	for _, c := range m.sim.Dataset().Conversations {
		if c.End.IsZero() {
			_ = m.sim.EndConversation(c.ID, m.clock.Now())
		}
	}
}

// listLate has analytics list one more of the conversations that it has hidden.
func (m *model) listLate() {
	if len(m.hidden) > 0 {
		_ = m.sim.SetListed(m.hidden[0], true)
		m.hidden = m.hidden[1:]
	}
}
