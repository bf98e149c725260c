package recordingexport

import (
	"errors"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/redact"
)

// isInScope reports whether a conversation is in the scope of the export, as far as is known.
// One that was deferred, and that is not listed any more, is judged as it was when it was.
func (w *surveyWork) isInScope(c genesys.Conversation, before earlier) bool {
	if w.scope.IsZero() {
		return true
	}
	if known, isNamed := w.named[c.ID]; isNamed {
		return !known.OutOfScope
	}
	if c.Facts == nil {
		return !before.undecided[c.ID]
	}
	return len(w.scope.Judge(*c.Facts)) == 0
}

// isOutForGood reports whether a conversation that is not in scope will not come into scope:
// it has ended, it is no longer listed, or it has not ended by the deadline.
func (w *surveyWork) isOutForGood(c genesys.Conversation, hasEnded bool, now time.Time) bool {
	_, isNamed := w.named[c.ID]
	return hasEnded || c.Facts == nil && !isNamed || !now.Before(w.openUntil(c))
}

// withoutParticipants removes the numbers of a scope from an error, which may cite the query:
// its text is shown in status.
func withoutParticipants(err error, scope genesys.Scope) error {
	var refused *genesys.Error
	if len(scope.Participants) == 0 || !errors.As(err, &refused) {
		return err
	}
	shown := *refused
	for _, participant := range scope.Participants {
		shown.Message = redact.Text(shown.Message, append(genesys.SpellingsOf(participant), participant)...)
	}
	return &shown
}
