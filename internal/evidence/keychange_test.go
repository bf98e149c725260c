package evidence

import (
	"testing"
	"time"
)

// TestKeyChange: a seal reports another key than the one of the seal before, and of
// when that was noticed, which is never before the seal before nor after this one.
func TestKeyChange(t *testing.T) {
	at := time.Date(2023, 10, 5, 0, 0, 0, 0, time.UTC)
	former := &Former{Account: Account{SigningKey: "aa", SealedAt: at.Add(-time.Hour)}}
	noticed := func(id string, before time.Duration) NoticedKey { return NoticedKey{ID: id, At: at.Add(-before)} }
	for name, tt := range map[string]struct {
		former  *Former
		noticed NoticedKey
		key     string
		when    time.Time // zero if it did not change
	}{
		"the first seal":                  {nil, NoticedKey{}, "bb", time.Time{}},
		"the same key":                    {former, noticed("aa", time.Minute), "aa", time.Time{}},
		"not signed":                      {former, noticed("bb", time.Minute), "", time.Time{}},
		"the one before not signed":       {&Former{}, noticed("bb", time.Minute), "bb", time.Time{}},
		"noticed":                         {former, noticed("bb", time.Minute), "bb", at.Add(-time.Minute)},
		"noticed of another key":          {former, noticed("cc", time.Minute), "bb", at},
		"not noticed":                     {former, NoticedKey{}, "bb", at},
		"noticed before the seal before":  {former, noticed("bb", 2*time.Hour), "bb", at},
		"noticed by a clock that is fast": {former, noticed("bb", -time.Minute), "bb", at},
	} {
		change := Seal{At: at, Former: tt.former, Noticed: tt.noticed}.keyChange(tt.key)
		if (change != nil) != !tt.when.IsZero() || change != nil && *change != (KeyChange{"aa", tt.key, tt.when}) {
			t.Errorf("%s: %+v, want it at %v", name, change, tt.when)
		}
	}
}
