package main

// checkTold compares what a bag's custody log says about conversations and about
// isolated items with its tables, both ways: each conversation was read or was not, and what
// left the bag is told.
func (v *verdict) checkTold(where string, b bag, log []event) {
	learned, left, ends := map[string]string{}, map[string]bool{}, 0
	for _, e := range log {
		id := e.Details["conversation"]
		switch e.Type {
		case "MetadataReceived", "MetadataUnreadable", "ConversationIsolated":
			if learned[id] != "" {
				v.fault(where, "the custody log tells twice what was found out about conversation %s", id)
			}
			learned[id] = e.Type
		case "RecordingIsolated":
			left[id+"/"+e.Details["recording"]] = true
		case "BagSealed":
			ends++
		}
	}
	if ends != 1 {
		v.fault(where, "the custody log tells %d times that the bag was sealed", ends)
	}
	for _, c := range b.conversations {
		id := c["conversation_id"]
		kind := learned[id]
		delete(learned, id)
		// A conversation that moved may have been read or not.
		read := kind == "MetadataReceived"
		if kind == "" || c["disposition"] == exported && !read || c["reason"] == "MetadataUnreadable" && read {
			v.fault(where, "conversation %s is %s %s, the custody log tells %q of its metadata", id, c["disposition"], c["reason"], kind)
		}
	}
	for id := range learned {
		v.fault(where, "the custody log reports conversation %s, which the bag does not list", id)
	}
	for _, r := range b.index {
		if isolated(r) && !left[key(r)] {
			v.fault(where, "the custody log does not tell that recording %s was isolated", key(r))
		}
		if isolated(r) {
			delete(left, key(r))
		}
	}
	for id := range left {
		v.fault(where, "the custody log tells that recording %s was isolated, index.csv does not", id)
	}
}

// reasons say by which reasons a recording may be unavailable whose file is in a state
// at Genesys Cloud, if nothing went wrong but that.
var reasons = map[string][]string{
	"DELETED":   {"Deleted", "NotRestored"},
	"ARCHIVED":  {"Archived", "NotRestored", "RestorationQuota"},
	"RESTORING": {"NotReady", "NotRestored", "RestorationQuota"},
	"UPLOADING": {"NotReady"},
	"ERROR":     {"FileError", "NotRestored"},
}

// checkReason judges the reason of a recording that is unavailable by the state of its
// file.
func (c *census) checkReason(id string, r recording, line row) {
	allowed, known := reasons[r.FileState]
	if !known || c.terms.unavailable[r.ID] {
		return
	}
	c.expect(contains(allowed, line["reason"]), "bags", "recording %s is unavailable because of %s, its file is %s", id, line["reason"], r.FileState)
}
