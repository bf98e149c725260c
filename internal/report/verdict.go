package report

import (
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// verdict is the answer to the question whether everything is there.
type verdict struct {
	Class string
	Says  text
	Then  []text
}

// judge reports whether everything is there, of a window until end, which may be zero.
func judge(a evidence.Account, end time.Time) verdict {
	v := verdict{Class: "good", Says: "Everything that was asked for, and that Genesys Cloud listed, is in the archive."}
	if a.Conversations.Deferred > 0 {
		v.Says = "Of what had ended, everything that was asked for, and that Genesys Cloud listed, is in the archive."
	}
	if a.Gaps > 0 {
		v.Class, v.Says = "bad", words("%s could not be exported. Section 5 says why.", of(a.Gaps, "recording or conversation", "recordings or conversations"))
	}
	if n := a.Conversations.Deferred; n > 0 {
		v.Class = "bad"
		v.Then = append(v.Then, words("%s had not ended when this seal was made. What had not ended is asked for again and comes in a later seal; section 4 counts it apart.",
			of(n, "conversation", "conversations")))
	}
	if s := a.SecondSource; s != nil && s.NotInAccount > 0 {
		v.Class = "bad"
		v.Then = append(v.Then, words("A second list of recordings names %s that this account does not know. Section 4 lists them.", of(s.NotInAccount, "recording", "recordings")))
	}
	if end.IsZero() || end.After(a.Until) {
		v.Then = append(v.Then, words("The seals cover conversations that started before %s. What started later is not in this report.", when(a.Until)))
	}
	return v
}
