package evidence

import "time"

// followConversations finds out which conversations could not be exported at last.
func (r *findingsReader) followConversations() error {
	if r.seals == 1 {
		return nil
	}
	return r.eachSeal(conversations, func(number int, row map[string]string) error {
		id := keyOf(row["conversation_id"])
		_, known := r.open[id]
		switch {
		case Disposition(row["disposition"]) == Unavailable:
			r.open[id] = number
		case known:
			r.open[id] = 0
		}
		return nil
	})
}

// readConversations counts what is in no recording's line, and adds when the
// conversations of the listed gaps started.
func (r *findingsReader) readConversations() error {
	listed := map[string][]int{}
	for i, m := range r.Missing {
		listed[m.ConversationID] = append(listed[m.ConversationID], i)
	}
	recordings := len(r.Missing)
	return r.eachSeal(conversations, func(number int, row map[string]string) error {
		for _, i := range listed[row["conversation_id"]] {
			r.Missing[i].Start = instant(row["start"])
		}
		r.holdChange(row)
		if row["retried"] == "true" {
			r.Retried.add(Disposition(row["disposition"]))
		}
		switch Disposition(row["disposition"]) {
		case Excluded:
			count(r.excluded, row["reason"]).Conversations++
			r.unbatched(row).Excluded++
		case Unavailable:
			if r.seals == 1 || r.open[keyOf(row["conversation_id"])] == number {
				r.conversationGap(row, len(r.Missing)-recordings < MostListed)
			}
		default:
		}
		return nil
	})
}

// conversationGap adds a conversation that could not be exported.
func (r *findingsReader) conversationGap(row map[string]string, list bool) {
	count(r.gaps, row["reason"]).Conversations++
	r.addGap(row["bag"])
	r.unbatched(row).Gaps++
	if list {
		r.Missing = append(r.Missing, Missing{
			ConversationID: row["conversation_id"], Start: instant(row["start"]), Reason: row["reason"], Bag: row["bag"],
		})
	}
}

// unbatched is where to count a conversation that is in no bag.
func (r *findingsReader) unbatched(row map[string]string) *UnbatchedHour {
	start, past := instant(row["start"]), r.from.Sub(r.from.Truncate(time.Hour))
	if row["bag"] != "" || start.IsZero() || row["reason"] == ReasonOutsideWindow {
		return &UnbatchedHour{}
	}
	hour := start.Add(-past).Truncate(time.Hour).Add(past)
	if r.hours[hour] == nil {
		r.hours[hour] = &UnbatchedHour{Hour: hour}
	}
	return r.hours[hour]
}

// notListed is in place of an index: the list is full.
const notListed = -1

// holdChange adds a conversation if its answers are not all equal. One that
// was requested again counts once. It is listed as it was found at first, with the
// answers of the last such line. Only conversations that could not be exported have more
// than one line, so that no others need be remembered.
func (r *findingsReader) holdChange(row map[string]string) {
	first, before, now := row["held_at_survey"], row["held_before_transfer"], row["held_at_sealing"]
	if (before == "" || before == first) && (now == "" || now == first) {
		return
	}
	change := HoldChange{
		ConversationID: row["conversation_id"], Start: instant(row["start"]), Bag: row["bag"],
		AtSurvey:       HoldAnswer{first == "true", instant(row["held_at_survey_time"])},
		BeforeTransfer: parseHoldAnswer(before, row["held_before_transfer_time"]),
		AtSealing:      parseHoldAnswer(now, row["held_at_sealing_time"]),
	}
	id := keyOf(change.ConversationID)
	if at, counted := r.holds[id]; counted {
		if at != notListed {
			change.AtSurvey = r.HoldChanges[at].AtSurvey
			r.HoldChanges[at] = change
		}
		return
	}
	at := notListed
	if len(r.HoldChanges) < MostListed {
		at = len(r.HoldChanges)
		r.HoldChanges = append(r.HoldChanges, change)
	}
	r.HoldsChanged++
	if _, again := r.open[id]; again {
		r.holds[id] = at
	}
}
