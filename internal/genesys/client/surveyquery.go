package client

import (
	"slices"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// surveyBody is AsyncConversationQuery in the Platform API, as far as it is used. All filters
// must match: those of conversations the conversation, each of segments any of its segments.
type surveyBody struct {
	Order               string        `json:"order"`
	OrderBy             string        `json:"orderBy"`
	Interval            string        `json:"interval"`
	ConversationFilters []queryFilter `json:"conversationFilters,omitempty"`
	SegmentFilters      []queryFilter `json:"segmentFilters,omitempty"`
}

// queryFilter is ConversationDetailQueryFilter and SegmentDetailQueryFilter in the Platform
// API, and their clauses, which have no clauses themselves.
type queryFilter struct {
	Type       string           `json:"type"`
	Clauses    []queryFilter    `json:"clauses,omitempty"`
	Predicates []queryPredicate `json:"predicates,omitempty"`
}

// queryPredicate is ConversationDetailQueryPredicate and SegmentDetailQueryPredicate.
type queryPredicate struct {
	Dimension string `json:"dimension"`
	Operator  string `json:"operator,omitempty"`
	Value     string `json:"value,omitempty"`
}

// The dimensions in which a scope is asked for, and those that tell whether something has ended.
const (
	divisionDimension   = "divisionId"
	directionDimension  = "originatingDirection"
	queueDimension      = "queueId"
	userDimension       = "userId"
	callerDimension     = "ani"
	calledDimension     = "dnis"
	conversationEnd     = "conversationEnd"
	segmentEnd          = "segmentEnd"
	operatorDoesntExist = "notExists"
)

// surveyBodyOf writes a query as the Platform API wants it.
func surveyBodyOf(q genesys.SurveyQuery) surveyBody {
	body := surveyBody{Order: "asc", OrderBy: "conversationStart", Interval: interval(q.From, q.To)}
	scope := q.Scope
	if len(scope.Conversations) > 0 {
		body.ConversationFilters = append(body.ConversationFilters, namedConversations(scope.Conversations))
	}
	if len(scope.Divisions) > 0 {
		body.ConversationFilters = append(body.ConversationFilters, orUnfinished(conversationEnd, valuesOf(divisionDimension, scope.Divisions)))
	}
	if len(scope.Directions) > 0 {
		body.ConversationFilters = append(body.ConversationFilters, anyOf(valuesOf(directionDimension, scope.Directions)))
	}
	var participants []queryPredicate
	for _, participant := range scope.Participants {
		spellings := genesys.SpellingsOf(participant)
		participants = append(participants, valuesOf(callerDimension, spellings)...)
		participants = append(participants, valuesOf(calledDimension, spellings)...)
	}
	for _, predicates := range [][]queryPredicate{valuesOf(queueDimension, scope.Queues), valuesOf(userDimension, scope.Users), participants} {
		if len(predicates) > 0 {
			body.SegmentFilters = append(body.SegmentFilters, orUnfinished(segmentEnd, predicates))
		}
	}
	return body
}

// namedConversations matches the conversations with these ids, in clauses of clauseSize.
func namedConversations(ids []string) queryFilter {
	filter := queryFilter{Type: matchAny}
	for chunk := range slices.Chunk(ids, clauseSize) {
		filter.Clauses = append(filter.Clauses, anyOf(valuesOf(conversationDimension, chunk)))
	}
	return filter
}

// valuesOf are predicates for the values of a dimension.
func valuesOf[T ~string](dimension string, values []T) []queryPredicate {
	predicates := make([]queryPredicate, len(values))
	for i, value := range values {
		predicates[i] = queryPredicate{Dimension: dimension, Value: string(value)}
	}
	return predicates
}

// anyOf matches whatever matches one of the predicates.
func anyOf(predicates []queryPredicate) queryFilter {
	return queryFilter{Type: matchAny, Predicates: predicates}
}

// orUnfinished matches whatever matches one of the predicates, and whatever has no end yet:
// it may match later.
func orUnfinished(end string, predicates []queryPredicate) queryFilter {
	unfinished := anyOf([]queryPredicate{{Dimension: end, Operator: operatorDoesntExist}})
	return queryFilter{Type: matchAny, Clauses: []queryFilter{anyOf(predicates), unfinished}}
}
