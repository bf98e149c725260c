package report

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

func TestVerdict(t *testing.T) {
	whole := evidence.Account{}
	gap := evidence.Account{Gaps: 1}
	waiting := evidence.Account{Conversations: evidence.ConversationAccount{Deferred: 2}}
	second := evidence.Account{SecondSource: &evidence.SecondSource{NotInAccount: 1}}
	ahead := evidence.Account{Until: hour(0).Add(-time.Hour)}
	for want, a := range map[string]evidence.Account{
		"good: Everything that was requested and that Genesys Cloud listed is in the archive.": whole,
		"bad: 1 recording or conversation could not be exported. Section 5 gives the reasons.": gap,
		"bad: Everything that was requested and that Genesys Cloud listed for ended conversations is in the archive. 2 conversations had not ended when this seal was made. " +
			"The program will query unfinished conversations again and include them in a later seal; section 4 counts them separately.": waiting,
		"bad: Everything that was requested and that Genesys Cloud listed is in the archive. " +
			"A second list of recordings contains 1 recording that this account does not contain. Section 4 lists them.": second,
		"good: Everything that was requested and that Genesys Cloud listed is in the archive. " +
			"The seals cover conversations that started before 30 September 2023, 23:00:00 UTC. This report does not include later conversations.": ahead,
	} {
		if a.Until.IsZero() {
			a.Until = hour(0)
		}
		v := judge(a, hour(0))
		got := v.Class + ": " + string(v.Says)
		for _, then := range v.Then {
			got += " " + string(then)
		}
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// section is the text of a part of the page, without elements.
func section(t *testing.T, r Report, id string) string {
	t.Helper()
	_, part, found := strings.Cut(written(t, r), `<section aria-labelledby="`+id+`">`)
	if !found {
		t.Fatalf("there is no section %s", id)
	}
	part, _, _ = strings.Cut(part, "</section>")
	return strings.Join(strings.Fields(regexp.MustCompile("<[^>]*>").ReplaceAllString(part, "")), " ")
}

// TestTheSectionsAgreeWithTheVerdict: none says that all is there if that does not.
func TestTheSectionsAgreeWithTheVerdict(t *testing.T) {
	const all, ended = "Everything that was requested and that Genesys Cloud listed is in the archive.", "had not ended when this seal was made"
	r := everywhere(t, "x")
	r.Account.Gaps, r.Account.SecondSource, r.Findings.Gaps, r.Findings.Missing = 0, nil, nil, nil
	for _, deferred := range []int64{0, 3} {
		r.Account.Conversations.Deferred = deferred
		for id, judges := range map[string]bool{"short": true, "missing": true, "proves": false} {
			says := section(t, r, id)
			if strings.Contains(says, ended) != (deferred > 0) || strings.Contains(says, all) != (judges && deferred == 0) {
				t.Errorf("of %d conversations that had not ended, section %s says: %s", deferred, id, says)
			}
		}
	}
	r.Account.Gaps = 2
	if says := section(t, r, "missing"); strings.Contains(says, all) || !strings.Contains(says, "The account counts 2 gaps.") {
		t.Errorf("of gaps that no table lists: %s", says)
	}
}

// TestWhatNobodySaidIsNotQuoted: only what Genesys Cloud said is put into its mouth.
func TestWhatNobodySaidIsNotQuoted(t *testing.T) {
	for _, gap := range []struct{ reason, detail, want string }{
		{evidence.ReasonRefused, "gone for good", "(Refused) Genesys Cloud said: “gone for good”"},
		{evidence.ReasonRefused, evidence.NothingSaid, "(Refused) Detail: no reason was given"},
		{evidence.ReasonNotDelivered, "received 1 of 2 files", "(NotDelivered) Detail: received 1 of 2 files"},
		{evidence.ReasonMetadataUnreadable, "timeout", "(MetadataUnreadable) Detail: timeout"},
		{evidence.ReasonDeleted, "", "(Deleted)none"},
	} {
		r := everywhere(t, "x")
		r.Findings.Missing = []evidence.Missing{{Reason: gap.reason, Detail: gap.detail}}
		says := section(t, r, "missing")
		if quoted := strings.Contains(says, "said"); !strings.Contains(says, gap.want) || quoted != strings.Contains(gap.want, "said") {
			t.Errorf("want %s, got %s", gap.want, says)
		}
	}
}

// TestThePageOfAnUnsignedSeal speaks of no key.
func TestThePageOfAnUnsignedSeal(t *testing.T) {
	r := everywhere(t, "x")
	r.Account.SigningKey, r.Timestamped = "", false
	for _, id := range []string{"verify", "proves", "digests"} {
		if says := section(t, r, id); regexp.MustCompile(`(?i)\bkey\b`).MatchString(says) {
			t.Errorf("section %s: %s", id, says)
		}
	}
}

// TestNumbersOfSections: they are in order, the contents list them so, and what is
// said of a section is said of that one.
func TestNumbersOfSections(t *testing.T) {
	page := written(t, everywhere(t, "x"))
	_, contents, _ := strings.Cut(page, "<nav")
	listed := regexp.MustCompile(`<a href="#(.+)">(.+)</a>`).FindAllStringSubmatch(contents, -1)
	headings := regexp.MustCompile(`<h2 id="(.+)">(.+)</h2>`).FindAllStringSubmatch(page, -1)
	if len(listed) != len(headings) {
		t.Fatalf("%d sections are listed, there are %d", len(listed), len(headings))
	}
	for i, heading := range headings {
		if want := fmt.Sprintf("%d. %s", i+1, listed[i][2]); heading[1] != listed[i][1] || heading[2] != want {
			t.Errorf("heading %q, want %q", heading[1:], want)
		}
	}
	for _, want := range []string{"4. Conversations and recordings", "5. Gaps", "8. Retries", "11. Digests"} {
		if !strings.Contains(page, ">"+want) {
			t.Errorf("others point at section %s", want)
		}
	}
}
