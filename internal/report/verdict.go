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
	where := text("in the archive")
	if len(a.Referenced) > 0 {
		where = "in the archive, or in a bucket to which the archive refers"
	}
	v := verdict{Class: "good", Says: words("Everything that was requested and that Genesys Cloud listed is %s.", where)}
	if a.Conversations.Deferred > 0 {
		v.Says = words("Everything that was requested and that Genesys Cloud listed for ended conversations is %s.", where)
	}
	if a.Gaps > 0 {
		v.Class, v.Says = "bad", words("%s could not be exported. Section 5 gives the reasons.", of(a.Gaps, "recording or conversation", "recordings or conversations"))
	}
	if n := a.Conversations.Deferred; n > 0 {
		v.Class = "bad"
		v.Then = append(v.Then, words("%s had not ended when this seal was made. The program will query unfinished conversations again and include them in a later seal; section 4 counts them separately.",
			of(n, "conversation", "conversations")))
	}
	if s := a.SecondSource; s != nil && s.NotInAccount > 0 {
		v.Class = "bad"
		v.Then = append(v.Then, words("A second list of recordings contains %s that this account does not contain. Section 4 lists them.", of(s.NotInAccount, "recording", "recordings")))
	}
	if end.IsZero() || end.After(a.Until) {
		v.Then = append(v.Then, words("The seals cover conversations that started before %s. This report does not include later conversations.", when(a.Until)))
	}
	return v
}
