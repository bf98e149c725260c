package client

import (
	"cmp"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

const (
	// clauseSize is how many conversations one clause of a filter names. The Platform API
	// documents no limit.
	clauseSize = 100
	// conversationDimension is the name of the conversation's id in a filter.
	conversationDimension = "conversationId"
	matchAny              = "or"
)

// bulkQueryBody is RecordingJobsQuery in the Platform API, as far as it is used. It never asks
// for recordings with sensitive data: without the permission for them, Genesys Cloud would
// refuse the whole job.
type bulkQueryBody struct {
	Action        string               `json:"action"`
	ActionDate    received             `json:"actionDate,omitempty"`
	ScreenDate    received             `json:"screenRecordingActionDate,omitempty"`
	IntegrationID string               `json:"integrationId"`
	Sensitive     bool                 `json:"includeRecordingsWithSensitiveData"`
	Screens       *bool                `json:"includeScreenRecordings"`
	Query         bulkConversationBody `json:"conversationQuery"`
}

// bulkConversationBody is AsyncConversationQuery in the Platform API, as far as it is used.
type bulkConversationBody struct {
	Interval string       `json:"interval"`
	Order    string       `json:"order"`
	OrderBy  string       `json:"orderBy"`
	Filters  []bulkFilter `json:"conversationFilters"`
}

// bulkFilter is ConversationDetailQueryFilter in the Platform API, and its clauses, which have
// no clauses themselves.
type bulkFilter struct {
	Type       string          `json:"type"`
	Clauses    []bulkFilter    `json:"clauses,omitempty"`
	Predicates []bulkPredicate `json:"predicates,omitempty"`
}

// bulkPredicate is ConversationDetailQueryPredicate in the Platform API, as far as it is used.
type bulkPredicate struct {
	Dimension string `json:"dimension"`
	Value     string `json:"value"`
}

// bodyOf writes a query as the Platform API wants it. Conversations are named in clauses of
// clauseSize.
func bodyOf(q genesys.BulkQuery) bulkQueryBody {
	filter := bulkFilter{Type: matchAny}
	for chunk := range slices.Chunk(q.Conversations, clauseSize) {
		clause := bulkFilter{Type: matchAny}
		for _, id := range chunk {
			clause.Predicates = append(clause.Predicates, bulkPredicate{conversationDimension, id})
		}
		filter.Clauses = append(filter.Clauses, clause)
	}
	body := bulkQueryBody{
		Action: genesys.BulkExport, IntegrationID: q.IntegrationID, Screens: &q.Screens,
		Query: bulkConversationBody{Interval: interval(q.From, q.To), Order: "asc", OrderBy: "conversationStart", Filters: []bulkFilter{filter}},
	}
	date := received(q.ActionDate.UTC().Format(dateForm))
	if q.OnlyScreens {
		body.ScreenDate = date
	} else {
		body.ActionDate = date
	}
	return body
}

// query reads what Genesys Cloud repeats of a query. What cannot be read stays empty.
func (b bulkQueryBody) query() genesys.BulkQuery {
	q := genesys.BulkQuery{IntegrationID: cut(b.IntegrationID, maxWord), Screens: b.Screens == nil || *b.Screens}
	q.OnlyScreens = b.ActionDate == "" && b.ScreenDate != ""
	q.ActionDate, _ = genesys.ParseDate(string(cmp.Or(b.ActionDate, b.ScreenDate)))
	q.From, q.To = readInterval(b.Query.Interval)
	for _, filter := range b.Query.Filters {
		q.Conversations = filter.conversations(q.Conversations)
	}
	return q
}

// conversations appends those that a filter names.
func (f bulkFilter) conversations(ids []string) []string {
	for _, p := range f.Predicates {
		if p.Dimension == conversationDimension {
			ids = append(ids, cut(p.Value, maxWord))
		}
	}
	for _, clause := range f.Clauses {
		ids = clause.conversations(ids)
	}
	return ids
}

// checkBulkQuery refuses a query that Genesys Cloud would refuse, or would take for another one.
func checkBulkQuery(op string, q genesys.BulkQuery) error {
	switch n := len(q.Conversations); {
	case n == 0 || n > genesys.MaxBulkConversations:
		return invalid(op, "%d conversations, 1 to %d are possible", n, genesys.MaxBulkConversations)
	case q.From.IsZero() || !q.From.Before(q.To):
		return invalid(op, "the interval is empty")
	case q.ActionDate.IsZero() || !q.ActionDate.Equal(q.ActionDate.Truncate(time.Millisecond)):
		return invalid(op, "the action date is not in whole milliseconds")
	case q.OnlyScreens && !q.Screens:
		return invalid(op, "it exports nothing but screen recordings, and no screen recordings")
	}
	return checkIDs(op, append([]string{q.IntegrationID}, q.Conversations...)...)
}
