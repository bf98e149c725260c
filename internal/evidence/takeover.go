package evidence

import "time"

// TakeOver tells that an export's archive went from one cluster to another, because
// a person said so: the old cluster was lost, say.
type TakeOver struct {
	// From and To are the UIDs of the clusters' namespaces kube-system.
	From string `json:"from"`
	To   string `json:"to"`
	// At is when, by the clock of the new cluster's manager.
	At time.Time `json:"at"`
}

// ArchiveTakenOver is the type of the event that reports a TakeOver.
const ArchiveTakenOver = "ArchiveTakenOver"

// Event is what the log of the next seal says about a take-over. actor is the process
// that made it.
func (t TakeOver) Event(actor string) Event {
	return Event{Time: t.At, Type: ArchiveTakenOver, Actor: actor, Details: map[string]string{"from": t.From, "to": t.To}}
}

// takenOver lists all take-overs that the seals report: those that the former ones
// do, and those in the log of this one.
func (s Seal) takenOver() []TakeOver {
	var all []TakeOver
	if s.Former != nil {
		all = append(all, s.Former.Account.TakenOver...)
	}
	for _, e := range inOrder(s.Events) {
		if e.Type == ArchiveTakenOver {
			all = append(all, TakeOver{From: e.Details["from"], To: e.Details["to"], At: e.Time.UTC()})
		}
	}
	return all
}
