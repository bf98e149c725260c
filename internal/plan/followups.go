package plan

// FinishedBatch has the facts about a finished batch from which follow-up entries are planned.
type FinishedBatch struct {
	SliceID
	// Moved tells that conversations left it because their legal hold changed.
	Moved bool
	// Split tells that it was too large: two others are to contain its halves.
	Split bool
	// IsolatedConversations and IsolatedRecordings tell that conversations, or
	// recordings, left it because they could not be read, requested or received.
	IsolatedConversations, IsolatedRecordings bool
}

// FollowUp returns an entry that follows from a finished batch and that the plan does not
// contain yet; there is none if the plan contains everything. The batch's slice must be in the
// plan. What concerns all batches of a group comes before what cuts one of them in two, so
// that the whole batch still shows what left it.
func (l *Log) FollowUp(batch FinishedBatch) (entry Entry, found bool) {
	place, _ := l.place(batch.SliceID)
	slice, at := l.slices.at(place), l.DayOf(l.entryWith(place))
	switch {
	case batch.Moved && !l.moved[slice.Group]:
		return Entry{Moved: &Moved{Group: slice.Group, Batch: slice.Name, Day: at}}, true
	case batch.IsolatedConversations && !l.HasIsolatedConversations(slice.Group):
		return Entry{Isolated: &Isolated{Group: slice.Group, Batch: slice.Name, Day: at}}, true
	case batch.Split && !l.isHalved(slice.Name):
		return Entry{Halved: &Halved{Batch: slice.Name, Day: at}}, true
	case batch.IsolatedRecordings && !batch.Split && !l.HasIsolatedRecordings(slice.Name):
		return Entry{Isolated: &Isolated{Group: slice.Group, Batch: slice.Name, Day: at, Recordings: true}}, true
	default:
		return Entry{}, false
	}
}

// HasIsolatedConversations reports whether the plan contains the conversations that were isolated
// from the batches of a group.
func (l *Log) HasIsolatedConversations(group string) bool {
	return l.isolatedGroups[group]
}

// HasIsolatedRecordings reports whether the plan contains the recordings that were isolated from
// a batch.
func (l *Log) HasIsolatedRecordings(batch string) bool {
	return l.isolatedBatches[batch]
}

// addIsolated takes in what was isolated: recordings of a batch, or conversations of a group.
func (l *Log) addIsolated(i Isolated) {
	if i.Recordings {
		l.isolatedBatches[i.Batch] = true
	} else {
		l.isolatedGroups[i.Group] = true
	}
}

func (l *Log) isHalved(batch string) bool {
	_, isHalved := l.halved[batch]
	return isHalved
}

// HasAllHalves reports whether the halves of a batch are in a set. It is true of a batch that
// was not cut in two.
func (l *Log) HasAllHalves(set SliceSet, batch string) bool {
	number, isHalved := l.halved[batch]
	if !isHalved {
		return true
	}
	first, end := l.placesOf(number)
	for place := first; place < end; place++ {
		if !set.Contains(l.id(place)) {
			return false
		}
	}
	return true
}
