package report

import "github.com/gcexport/recording-export-operator/internal/evidence"

// orphans is what is known of recordings that are attached to no conversation.
type orphans struct {
	evidence.OrphanAccount
	// Asked reports whether they were listed at least once.
	Asked                bool
	At, From, Until, Why text
	Rows                 []orphanRow
	More                 int64
}

type orphanRow struct {
	ID, Created, Medium, State, Status, Conversation text
	Seal                                             amount
}

// mostOrphans bounds the list of them.
const mostOrphans = 100

// orphans shows what is known of recordings that are attached to no conversation,
// and says in short if there are any.
func (v *view) orphans(f evidence.Findings, a evidence.Account) {
	if a.Orphans == nil {
		return
	}
	out := &orphans{OrphanAccount: *a.Orphans, Asked: !a.Orphans.At.IsZero(), At: when(a.Orphans.At)}
	if missing := a.Orphans.NotListed; missing != nil {
		out.From, out.Until, out.Why = when(missing.From), when(missing.Until), clean(missing.Why, longText)
	}
	for _, o := range f.Orphans[:min(len(f.Orphans), mostOrphans)] {
		out.Rows = append(out.Rows, orphanRow{
			clean(o.ID, longName), when(o.Created), orphanMedium(o), clean(o.FileState, longName), clean(o.Status, longName), clean(o.ConversationID, longName), amount(o.Seal),
		})
	}
	out.More = out.Listed - int64(len(out.Rows))
	v.Orphans = out
	if n := a.Orphans.Listed; n > 0 {
		v.Verdict.Then = append(v.Verdict.Then, words("Genesys Cloud lists %s without a conversation. This export does not fetch such recordings. Section 4 has the details.", of(n, "recording of this time", "recordings of this time")))
	}
}

// orphanMedium is what kind of recording it is, in Genesys Cloud's own word if no
// other is known.
func orphanMedium(o evidence.FoundOrphan) text {
	if o.Medium == "" && o.MediaAsReceived != "" {
		return clean(o.MediaAsReceived, longName)
	}
	return mediumIn(oneOf, o.Medium)
}
