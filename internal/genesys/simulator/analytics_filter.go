package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// filter is ConversationDetailQueryFilter and SegmentDetailQueryFilter in the
// Platform API, and their clauses, which have no clauses themselves.
type filter struct {
	Type       string      `json:"type"`
	Clauses    []filter    `json:"clauses,omitempty"`
	Predicates []predicate `json:"predicates,omitempty"`
}

// predicate is ConversationDetailQueryPredicate and SegmentDetailQueryPredicate.
type predicate struct {
	Type      string `json:"type,omitempty"`
	Dimension string `json:"dimension,omitempty"`
	Operator  string `json:"operator,omitempty"`
	Value     string `json:"value,omitempty"`
}

// facets are the values that something has in its dimensions.
type facets map[string][]string

// dimensions are those that the simulator looks at. The Platform API knows more.
var dimensions = []string{
	"conversationId", "conversationStart", "conversationEnd", "divisionId", "originatingDirection",
	"mediaType", "messageType", "direction", "recording", "purpose", "userId", "queueId", "ani", "dnis",
	"addressFrom", "provider", "segmentType", "segmentEnd", "wrapUpCode",
}

// check refuses a filter that is malformed, or that the simulator cannot judge.
func (f filter) check() *reply {
	if f.Type != "and" && f.Type != "or" {
		return badValue(f.Type, "type", "and, or")
	}
	for _, p := range f.Predicates {
		if refusal := p.checkOperator(); refusal != nil {
			return refusal
		}
	}
	for _, clause := range f.Clauses {
		if refusal := clause.check(); refusal != nil {
			return refusal
		}
	}
	return nil
}

func (p predicate) checkOperator() *reply {
	if !slices.Contains([]string{"", "matches", "exists", "notExists"}, p.Operator) {
		return badValue(p.Operator, "operator", "matches, exists, notExists")
	}
	if p.Type != "" && p.Type != "dimension" || !slices.Contains(dimensions, p.Dimension) {
		return refuse(http.StatusBadRequest, "invalid.property",
			"Value ["+p.Dimension+"] is not a valid property for the simulator, which knows "+strings.Join(dimensions, ", "))
	}
	return nil
}

// matches reports whether facets satisfy the filter.
func (f filter) matches(of facets) bool {
	var answers []bool
	for _, p := range f.Predicates {
		answers = append(answers, p.matchesValues(of[p.Dimension]))
	}
	for _, clause := range f.Clauses {
		answers = append(answers, clause.matches(of))
	}
	if f.Type == "or" {
		return slices.Contains(answers, true)
	}
	return !slices.Contains(answers, false)
}

func (p predicate) matchesValues(values []string) bool {
	switch p.Operator {
	case "exists":
		return len(values) > 0
	case "notExists":
		return len(values) == 0
	default:
		return slices.Contains(values, p.Value)
	}
}

// matchesRow reports whether a conversation satisfies every filter of the query: its
// own, and each segment filter in at least one segment. s.mu is locked.
func (q conversationQuery) matchesRow(r row) bool {
	if len(q.ConversationFilters)+len(q.SegmentFilters) == 0 {
		return true
	}
	a := describe(r.conversation, r.end)
	own := a.facets()
	for _, f := range q.ConversationFilters {
		if !f.matches(own) {
			return false
		}
	}
	segments := a.segmentFacets()
	for _, f := range q.SegmentFilters {
		if !slices.ContainsFunc(segments, f.matches) {
			return false
		}
	}
	return true
}

func (a analyticsConversation) facets() facets {
	return facets{
		"conversationId":       {a.ConversationID},
		"conversationStart":    {a.ConversationStart},
		"conversationEnd":      present(a.ConversationEnd),
		"divisionId":           a.DivisionIDs,
		"originatingDirection": {a.OriginatingDirection},
	}
}

// segmentFacets are those of every segment, with its session and participant.
func (a analyticsConversation) segmentFacets() []facets {
	var all []facets
	for _, p := range a.Participants {
		for _, s := range p.Sessions {
			for _, segment := range s.Segments {
				all = append(all, facetsOf(p, s, segment))
			}
		}
	}
	return all
}

func facetsOf(p participant, s session, g segment) facets {
	return facets{
		"mediaType":   {s.MediaType},
		"messageType": present(s.MessageType),
		"direction":   {s.Direction},
		"recording":   {strconv.FormatBool(s.Recording)},
		"purpose":     {p.Purpose},
		"userId":      present(p.UserID),
		"queueId":     present(g.QueueID),
		"ani":         present(s.ANI),
		"dnis":        present(s.DNIS),
		"addressFrom": present(s.AddressFrom),
		"provider":    {s.Provider},
		"segmentType": {g.SegmentType},
		"segmentEnd":  present(g.SegmentEnd),
		"wrapUpCode":  present(g.WrapUpCode),
	}
}

// present is a value, or none if it is empty.
func present(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}
