package verify

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// KeyChanged is found where another key signs than before, and the seal does not report it, or it
// reports a change that was none.
const KeyChanged Kind = "KeyChanged"

// checkKeyChanges checks that a seal that is signed by another key than the one
// before says so. Whether the new key is to be trusted is for those who verify: they
// give the keys that they trust.
func (v *verifier) checkKeyChanges() {
	var before *seal
	for _, s := range v.seals {
		if s.told && s.signer != "" {
			v.checkKeyChange(s, before)
		}
		if s.told {
			v.checkKeyEvents(s, before)
			v.checkBagKeys(s)
		}
		before = s
	}
}

// checkKeyEvents compares what the log of a seal says about a change of the key with the seal
// before, and with its account. The log is as it was when the seal was begun: if the key
// was changed again while the seal was made, it reports another change than the account, or
// one though the account reports none. So only the key before has to be the right one.
func (v *verifier) checkKeyEvents(s, before *seal) {
	told := s.account.KeyChange
	for i, e := range s.history.keyChanges {
		from, to := e.Details["from"], e.Details["to"]
		isNext := before != nil && before.number == s.number-1
		wrong := i > 0 || s.number == 1 || from == to || !keyID.MatchString(to) ||
			isNext && before.told && from != before.account.SigningKey ||
			told != nil && to == told.To && !e.Time.Equal(told.NoticedAt)
		if wrong {
			v.fault(KeyChanged, s.history.log, "line %d reports that the key changed from %s to %s at %s, but account.json and the previous seal do not", e.Sequence, cut(from), cut(to), stamp(e.Time))
		}
	}
}

// checkBagKeys checks that each bag of a seal is signed with the key of the seal, or
// with another one that the account names: the key before it changed.
func (v *verifier) checkBagKeys(s *seal) {
	var keys []string
	for _, line := range s.bags {
		b := v.bags[line.Get("bag")]
		if b == nil || !v.wasRead(b.bagPath(bagInfo)) {
			return // reported as missing, or as what cannot be read
		}
		key := cmp.Or(b.signer, b.info[keyField])
		if key == "" || key == s.account.SigningKey {
			continue
		}
		if !slices.Contains(s.account.BagKeys, key) {
			v.fault(KeyChanged, b.bagPath(custodyFolder+"/"+signerFile), "is key %s, but account.json of seal %d names key %q and, as keys of other bags, %q", cut(key), s.number, cut(s.account.SigningKey), cut(strings.Join(s.account.BagKeys, " ")))
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	for _, key := range s.account.BagKeys {
		if !slices.Contains(keys, key) {
			v.fault(KeyChanged, s.sealPath(evidence.AccountFile), "names key %s as a key of other bags, but no bag of the seal is signed with it", cut(key))
		}
	}
	if !slices.IsSorted(s.account.BagKeys) || len(slices.Compact(slices.Clone(s.account.BagKeys))) != len(s.account.BagKeys) {
		v.fault(Malformed, s.sealPath(evidence.AccountFile), "names keys of bags twice, or not in order")
	}
}

// keyID is the id of a key: a SHA-256 in hexadecimal.
var keyID = regexp.MustCompile(`^[0-9a-f]{64}$`)

// checkKeyChange compares what a seal says about its key with the seal before, nil if
// there is none. If that is missing or not signed, nothing is known of its key.
func (v *verifier) checkKeyChange(s, before *seal) {
	at, told := s.sealPath(evidence.AccountFile), s.account.KeyChange
	isNext := before != nil && before.number == s.number-1
	switch {
	case s.number > 1 && !isNext || isNext && before.signer == "" && before.account.SigningKey != "":
		return
	case !isNext || before.signer == "" || before.signer == s.signer:
		if told != nil {
			v.fault(KeyChanged, at, "states that the key changed from %s to %s, but the previous seal is not signed with another key", cut(told.From), cut(told.To))
		}
	case told == nil:
		v.fault(KeyChanged, at, "is signed with key %s and the previous seal with key %s, but it does not state that the key changed", s.signer, before.signer)
	case told.From != before.signer || told.To != s.signer:
		v.fault(KeyChanged, at, "states that the key changed from %s to %s, but it changed from %s to %s", cut(told.From), cut(told.To), before.signer, s.signer)
	}
}
