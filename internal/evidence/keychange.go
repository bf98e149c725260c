package evidence

import (
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/bounded"
)

// KeyChange tells that another key signs a seal than signed the one before.
type KeyChange struct {
	// From and To are the ids of the keys.
	From string `json:"from"`
	To   string `json:"to"`
	// NoticedAt is when the operator noticed it, at the latest when it sealed.
	NoticedAt time.Time `json:"noticedAt"`
}

// SigningKeyChanged is the type of the event that reports a KeyChange.
const SigningKeyChanged = "SigningKeyChanged"

// NoticedKey is what is known of the last change of a key.
type NoticedKey struct {
	// ID of the new key, empty if no change is known.
	ID string
	// At is when it was noticed.
	At time.Time
	// By is the process that seals.
	By string
}

// keyChange tells how the key of this seal differs from that of the seal before; nil
// if it does not, or one of them is not signed. A change that was noticed before the
// seal before was made counts as noticed now.
func (s Seal) keyChange(key string) *KeyChange {
	if s.Former == nil || key == "" || s.Former.Account.SigningKey == "" || s.Former.Account.SigningKey == key {
		return nil
	}
	change := &KeyChange{From: s.Former.Account.SigningKey, To: key, NoticedAt: s.At.UTC()}
	if at := s.Noticed.At.UTC(); s.Noticed.ID == key && at.After(s.Former.Account.SealedAt) && at.Before(s.At) {
		change.NoticedAt = at
	}
	return change
}

// keyEvents are what the log of this seal says about its key. An attempt before may
// have stored a log that does not report a change since; the account does.
func (s Seal) keyEvents(p signingState) []Event {
	if p.signer == nil {
		return nil
	}
	change := s.keyChange(p.signer.ID())
	if change == nil {
		return nil
	}
	return []Event{{Time: change.NoticedAt, Type: SigningKeyChanged, Actor: s.Noticed.By, Details: map[string]string{
		"from": change.From, "to": change.To,
	}}}
}

// bagKey is the id of the key that a bag names in bag-info.txt, empty if it is not signed.
func bagKey(bag fs.FS) (string, error) {
	info, err := bounded.ReadFile(bag, bagInfo, largestAccount)
	for line := range strings.Lines(string(info)) {
		if key, ok := strings.CutPrefix(line, signingKeyField+": "); ok {
			return strings.TrimSuffix(key, "\n"), err
		}
	}
	return "", err
}

// bagKeys are the ids of the keys that sign bags, each once and in order.
func bagKeys(bags []sealedBag) []string {
	var keys []string
	for _, bag := range bags {
		if bag.key != "" && !slices.Contains(keys, bag.key) {
			keys = append(keys, bag.key)
		}
	}
	slices.Sort(keys)
	return keys
}

// without is a list without one of its words; nil if nothing is left.
func without(words []string, word string) []string {
	var left []string
	for _, w := range words {
		if w != word {
			left = append(left, w)
		}
	}
	return left
}
