package verify

import "github.com/gcexport/recording-export-operator/internal/evidence"

// KeyChanged is found where another key signs than before, and the seal does not tell of it, or it
// tells of a change that was none.
const KeyChanged Kind = "KeyChanged"

// checkKeyChanges sees to it that a seal that is signed by another key than the one
// before says so. Whether the new key is to be trusted is for those who verify: they
// give the keys that they trust.
func (v *verifier) checkKeyChanges() {
	var before *seal
	for _, s := range v.seals {
		if s.told && s.signer != "" {
			v.checkKeyChange(s, before)
		}
		if s.told {
			v.checkKeyEvents(s)
		}
		before = s
	}
}

// checkKeyEvents sees to it that the log of a seal tells of no other change of the key than
// its account. It may tell of none though the account does: a log that was begun with one
// key is finished with another if that was changed while the seal was made.
func (v *verifier) checkKeyEvents(s *seal) {
	told := s.account.KeyChange
	for i, e := range s.chronicle.keyChanges {
		if i > 0 || told == nil || e.Details["from"] != told.From || e.Details["to"] != told.To || !e.Time.Equal(told.NoticedAt) {
			v.fault(KeyChanged, s.chronicle.log, "line %d tells that the key changed from %s to %s at %s, account.json does not", e.Sequence, cut(e.Details["from"]), cut(e.Details["to"]), stamp(e.Time))
		}
	}
}

// checkKeyChange holds what a seal tells of its key against the seal before, nil if
// there is none. If that is missing or not signed, nothing is known of its key.
func (v *verifier) checkKeyChange(s, before *seal) {
	at, told := s.at(evidence.AccountFile), s.account.KeyChange
	isNext := before != nil && before.number == s.number-1
	switch {
	case s.number > 1 && !isNext || isNext && before.signer == "" && before.account.SigningKey != "":
		return
	case !isNext || before.signer == "" || before.signer == s.signer:
		if told != nil {
			v.fault(KeyChanged, at, "tells that the key changed from %s to %s, and the seal before is not signed by another key", cut(told.From), cut(told.To))
		}
	case told == nil:
		v.fault(KeyChanged, at, "is signed with key %s, the seal before with key %s, and does not tell that the key changed", s.signer, before.signer)
	case told.From != before.signer || told.To != s.signer:
		v.fault(KeyChanged, at, "tells that the key changed from %s to %s, it changed from %s to %s", cut(told.From), cut(told.To), before.signer, s.signer)
	}
}
