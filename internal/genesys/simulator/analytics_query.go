package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// conversationQuery contains the common part of ConversationQuery and
// AsyncConversationQuery in the Platform API.
type conversationQuery struct {
	Interval                   string   `json:"interval"`
	Order                      string   `json:"order,omitempty"`
	OrderBy                    string   `json:"orderBy,omitempty"`
	ConversationFilters        []filter `json:"conversationFilters,omitempty"`
	SegmentFilters             []filter `json:"segmentFilters,omitempty"`
	Limit                      int      `json:"limit,omitempty"`
	StartOfDayIntervalMatching bool     `json:"startOfDayIntervalMatching,omitempty"`
}

// row is a conversation as analytics knew it when a query was asked.
type row struct {
	conversation *Conversation
	end          time.Time
}

// settledAt is the moment up to which analytics knows what happened.
func (s *Simulator) settledAt() time.Time { return s.now().Add(-s.options.SettleLag) }

// search finds the conversations of a query, in its order. s.mu is locked.
func (s *Simulator) search(q conversationQuery, longest time.Duration) ([]row, *reply) {
	from, to, refusal := parseInterval(q.Interval, longest)
	if refusal == nil {
		refusal = q.checkQuery()
	}
	if refusal != nil {
		return nil, refusal
	}
	if q.StartOfDayIntervalMatching {
		from, to = wholeDays(from, to)
	}
	var rows []row
	settled := s.settledAt()
	for _, c := range s.conversations {
		found := rowAt(c, settled)
		if !c.unlisted && !c.Start.After(settled) && found.inside(from, to, q.StartOfDayIntervalMatching) && q.matchesRow(found) {
			rows = append(rows, found)
		}
	}
	q.sortRows(rows)
	if q.Limit > 0 && q.Limit < len(rows) {
		rows = rows[:q.Limit]
	}
	return rows, nil
}

// rowAt is what analytics knows of a conversation at a moment: an end that came
// later is not known yet.
func rowAt(c *Conversation, settled time.Time) row {
	if c.End.After(settled) {
		return row{conversation: c}
	}
	return row{conversation: c, end: c.End}
}

// inside reports whether a conversation belongs to [from, to): because it started
// in it, or because its life overlaps it.
func (r row) inside(from, to time.Time, byStart bool) bool {
	start := r.conversation.Start
	if !start.Before(to) {
		return false
	}
	return !start.Before(from) || !byStart && (r.end.IsZero() || r.end.After(from))
}

// parseInterval reads an ISO 8601 interval of two instants.
func parseInterval(text string, longest time.Duration) (from, to time.Time, refusal *reply) {
	first, second, found := strings.Cut(text, "/")
	from, err1 := time.Parse(time.RFC3339Nano, first)
	to, err2 := time.Parse(time.RFC3339Nano, second)
	switch {
	case !found || err1 != nil || err2 != nil:
		return from, to, refuse(http.StatusBadRequest, "invalid.date",
			"Dates must be specified as ISO-8601 strings. For example: yyyy-MM-ddTHH:mm:ss.SSSZ")
	case !from.Before(to):
		return from, to, constraint("The interval must end after it starts: " + text)
	case to.Sub(from) > longest:
		return from, to, constraint("The interval must not be longer than " + longest.String())
	default:
		return from.UTC(), to.UTC(), nil
	}
}

// wholeDays widens an interval to the UTC days that it touches.
func wholeDays(from, to time.Time) (time.Time, time.Time) {
	return from.Truncate(day), to.Add(day - 1).Truncate(day)
}

// checkQuery refuses what the Platform API's enumerations do not contain.
func (q conversationQuery) checkQuery() *reply {
	if !slices.Contains([]string{"", "asc", "desc", "unordered"}, q.Order) {
		return badValue(q.Order, "order", "asc, desc, unordered")
	}
	if !slices.Contains([]string{"", "conversationStart", "conversationEnd", "segmentStart", "segmentEnd"}, q.OrderBy) {
		return badValue(q.OrderBy, "orderBy", "conversationStart, conversationEnd, segmentStart, segmentEnd")
	}
	for _, f := range slices.Concat(q.ConversationFilters, q.SegmentFilters) {
		if refusal := f.check(); refusal != nil {
			return refusal
		}
	}
	return nil
}

// sortRows puts rows into the order asked for. They come in order of start; without
// any order, they leave in that of their ids.
func (q conversationQuery) sortRows(rows []row) {
	switch {
	case q.Order == "unordered":
		slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.conversation.ID, b.conversation.ID) })
	case strings.HasSuffix(q.OrderBy, "End"):
		slices.SortStableFunc(rows, func(a, b row) int { return a.end.Compare(b.end) })
	}
	if q.Order == "desc" {
		slices.Reverse(rows)
	}
}
