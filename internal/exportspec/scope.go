package exportspec

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Scope returns which conversations of the window the export includes.
func Scope(spec v1alpha1.RecordingExportSpec) genesys.Scope {
	if spec.Scope == nil {
		return genesys.Scope{}
	}
	scope := genesys.Scope{
		Conversations: sortedInLowerCase(spec.Scope.ConversationIDs),
		Queues:        sortedInLowerCase(spec.Scope.QueueIDs), Users: sortedInLowerCase(spec.Scope.UserIDs),
		Divisions: sortedInLowerCase(spec.Scope.DivisionIDs),
	}
	for _, participant := range spec.Scope.Participants {
		scope.Participants = append(scope.Participants, string(participant))
	}
	for _, direction := range sortedInLowerCase(spec.Scope.Directions) {
		scope.Directions = append(scope.Directions, genesys.Direction(direction))
	}
	return scope
}

// ScopeTerms returns the scope for the evidence, nil if the export includes all conversations
// of its window. The order and the case of values do not matter.
func ScopeTerms(spec v1alpha1.RecordingExportSpec) *evidence.ScopeTerms {
	scope := Scope(spec)
	if scope.IsZero() {
		return nil
	}
	return &evidence.ScopeTerms{
		ConversationIDs: scope.Conversations,
		QueueIDs:        scope.Queues, UserIDs: scope.Users, DivisionIDs: scope.Divisions,
		Participants: hashed(scope.Participants), Directions: sortedInLowerCase(scope.Directions),
	}
}

// hashed returns the SHA-256 of each participant, sorted: numbers must not be in status or in
// an archive.
func hashed(participants []string) []string {
	var out []string
	for _, participant := range participants {
		digest := sha256.Sum256([]byte(genesys.NormalParticipant(participant)))
		out = append(out, hex.EncodeToString(digest[:]))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// sortedInLowerCase returns values in lower case, each once, sorted.
func sortedInLowerCase[T ~string](values []T) []string {
	var out []string
	for _, value := range values {
		out = append(out, strings.ToLower(string(value)))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
