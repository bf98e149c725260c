package report

import "github.com/gcexport/recording-export-operator/internal/evidence"

// limits says which conversations of the window were requested, if not all.
func (t terms) limits() []fact {
	if t.Scope == nil {
		return nil
	}
	return []fact{{"Limited to", words("Only %s: this archive does not contain the other conversations of the window", clean(t.Scope.Limits(), longText))}}
}

// addLimits says in a verdict that not all conversations of the window were requested: nobody
// must take the archive for a complete one.
func (t terms) addLimits(v verdict, a evidence.Account) verdict {
	if t.Scope == nil {
		return v
	}
	limits := clean(t.Scope.Limits(), longText)
	says := words("The request was limited to %s. This archive does not contain the other conversations of the window.", limits)
	if a.Conversations.Batched+a.Conversations.Unavailable == 0 {
		says = words("The request was limited to %s. None of the conversations of the window matched, so that this archive contains no recordings.", limits)
		v.Says = "Nothing was exported: no conversation is in the scope of the request."
	}
	v.Then = append([]text{says}, v.Then...)
	return v
}
