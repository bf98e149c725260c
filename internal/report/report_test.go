package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

var start = time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)

func hour(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }

// everywhere is a report of everything that a report can tell, with the same
// text wherever there is text from outside.
func everywhere(t testing.TB, says string) Report {
	t.Helper()
	spec, err := json.Marshal(map[string]any{
		"mediaTypes": []string{says, "Call"}, "holdScope": says, "start": hour(0), "end": hour(96), "settleAfter": says, "openDeadline": says,
		"archived": says, "secondSource": says, "delivery": says, "integrationId": says, "bucket": says, "region": says, "attributes": map[string]string{says: says},
	})
	if err != nil {
		t.Fatal(err)
	}
	lane, bag := slicing.Lane(says), evidence.BagRef{Name: says, Lane: slicing.Isolated, Start: hour(0), End: hour(1)}
	event := []evidence.Event{{Time: hour(50), Details: map[string]string{"group": says, "token": says}}}
	counts := evidence.Counts{Exported: 1, Unavailable: 1}
	said := evidence.HoldAnswer{Held: true, At: hour(50)}
	return Report{
		Reported: evidence.Reported{Timestamped: true, Account: evidence.Account{
			SigningKey: says, KeyChange: &evidence.KeyChange{From: says, To: says, NoticedAt: hour(50)}, Tool: evidence.Tool{Name: says, Version: says, Image: says, Executable: says},
			Lanes:  []evidence.LaneAccount{{Lane: lane, Bags: 1, Files: 1, Bytes: 1, Gaps: 1}},
			Export: evidence.ExportRecord{Namespace: says, Name: says, ClusterID: says, OrganizationID: says, SpecDigest: says, Spec: spec, CreatedAt: hour(49)},
			Number: 2, Former: &evidence.SealRef{Number: 1, Digest: says}, SealedAt: hour(50), From: hour(0), Until: hour(48),
			TakenOver:     []evidence.TakeOver{{From: says, To: says, At: hour(50)}},
			Conversations: evidence.ConversationAccount{Surveyed: 1, Batched: 1, Deferred: 1},
			Recordings:    []evidence.RecordingAccount{{Lane: lane, Medium: genesys.Medium(says), Counts: counts}},
			Gaps:          2, SecondSource: &evidence.SecondSource{Source: says, At: hour(49), Listed: 1, NotInAccount: 1},
			Orphans: &evidence.OrphanAccount{Listed: 3, Undated: 1, At: hour(49), Enumerated: 9, NotListed: &evidence.OrphansNotListed{From: hour(24), Until: hour(48), Why: says}},
			Checks:  []evidence.Check{{Says: says, Left: 1, Right: 1, IsEqual: true}},
		}},
		Findings: evidence.Findings{
			Seals: []evidence.SealRef{{Number: 1, Digest: says}, {Number: 2}},
			Bags:  []evidence.FoundBag{{BagRef: bag, Seal: 2, Digest: says, Counts: counts, Gaps: 1}},
			Missing: []evidence.Missing{
				{ConversationID: says, RecordingID: says, Start: hour(0), Medium: genesys.Medium(says), Reason: says, Detail: says, Bag: says},
				{ConversationID: says, RecordingID: says, Start: hour(0), Reason: evidence.ReasonRefused, Detail: says},
			},
			Gaps:        []evidence.ReasonCount{{Reason: says, Recordings: 2}},
			Excluded:    []evidence.ReasonCount{{Reason: says, Recordings: 1}},
			Unbatched:   []evidence.UnbatchedHour{{Hour: hour(2), Excluded: 1}},
			HoldChanges: []evidence.HoldChange{{ConversationID: says, Start: hour(0), BeforeTransfer: said, AtSealing: said, Bag: says}},
			Differences: []evidence.DifferenceCount{{Difference: evidence.Difference(says), Reason: says, Recordings: 1}},
			Unknown:     []evidence.Unknown{{ConversationID: says, RecordingID: says, Created: hour(1), Reason: says, Seal: 1}},
			Isolated: evidence.Isolation{
				Conversations: 2, Unread: 1, OfConversations: evidence.Counts{Exported: 2, Excluded: 1}, Alone: evidence.Counts{Exported: 1, Unavailable: 1},
				First: hour(40), Last: hour(41),
			},
			Orphans: []evidence.FoundOrphan{{ID: says, Medium: genesys.Medium(says), MediaAsReceived: says, FileState: says, Status: says, ConversationID: says, Seal: 1}},
			Restorations: evidence.Restorations{Asked: 3, Changed: 2, Unknown: 1, Listed: []evidence.ChangedRetention{{Bag: says, Restoration: evidence.Restoration{
				RecordingRef: genesys.RecordingRef{ConversationID: says, RecordingID: says},
				Before:       genesys.Retention{DeleteDate: "2033-01-01T00:00:00Z"}, After: &genesys.Retention{DeleteDate: says, ExportDate: "2024-01-01T00:00:00Z"},
			}}}},
			HoldsChanged: 2, Moves: event, Retries: event, Surveys: 2, FirstSurvey: hour(49), LastSurvey: hour(50),
		},
	}
}

func written(t testing.TB, r Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// skeleton is a page without its text: elements and the names of attributes, as
// a browser reads them.
func skeleton(t testing.TB, page string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var bones []string
	var walk func(*html.Node, int)
	walk = func(n *html.Node, depth int) {
		switch n.Type {
		case html.ElementNode:
			bone := fmt.Sprint(depth, " ", n.Data)
			for _, a := range n.Attr {
				bone += " " + a.Key
			}
			bones = append(bones, bone)
		case html.CommentNode:
			bones = append(bones, "a comment")
		default:
		}
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			walk(child, depth+1)
		}
	}
	walk(root, 0)
	return bones
}

// wellFormed reads a page as strictly as XML has it.
func wellFormed(t testing.TB, page string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(page)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

var hostile = []string{
	"", "</script><script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "' onload='alert(1)", "</style><style>*{display:none}", "<!--", "]]>",
	"</title></svg><svg onload=alert(1)>", "\u202eevil\u2066", "\x00\x01\x1b[2J", "\xff\xfe", "{{.Account}}", "&lt;b&gt; &amp; &#0;", "javascript:alert(1)",
	"שלום עולם", strings.Repeat("long", 5000), "\r\n\t", "`${1}`", "\ufeff", "\u2028", "=cmd()",
}

// plain is the skeleton of a page whose text is harmless.
var plain struct {
	sync.Once
	bones []string
}

// unlike fails if a text changes the page in more than its text.
func unlike(t testing.TB, says string) {
	t.Helper()
	page := written(t, everywhere(t, "x"+says))
	wellFormed(t, page)
	plain.Do(func() { plain.bones = skeleton(t, written(t, everywhere(t, "x"))) })
	if diff := cmp.Diff(plain.bones, skeleton(t, page)); diff != "" {
		t.Errorf("%q changes the page (-want +got):\n%s", says, diff)
	}
	for _, r := range page {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("%q leaves %U in the page", says, r)
		}
	}
}

func TestTextIsText(t *testing.T) {
	for _, says := range hostile {
		unlike(t, says)
	}
}

func FuzzTextIsText(f *testing.F) {
	for _, says := range hostile {
		f.Add(says)
	}
	f.Fuzz(func(t *testing.T, says string) { unlike(t, says) })
}

// TestTextIsShown: what is made harmless is still there to be read.
func TestTextIsShown(t *testing.T) {
	root, err := html.Parse(strings.NewReader(written(t, everywhere(t, "<b>a name</b>"))))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for node := range root.Descendants() {
		if node.Type == html.TextNode {
			n += strings.Count(node.Data, "<b>a name</b>")
		}
	}
	if n < 25 {
		t.Errorf("the text is shown %d times", n)
	}
}

// TestThePolicyAllowsTheStyleAlone: no script, and nothing from elsewhere.
func TestThePolicyAllowsTheStyleAlone(t *testing.T) {
	root, err := html.Parse(strings.NewReader(written(t, everywhere(t, "x"))))
	if err != nil {
		t.Fatal(err)
	}
	policy, sheet := "", ""
	for node := range root.Descendants() {
		switch {
		case node.Data == "meta" && slices.Contains(node.Attr, html.Attribute{Key: "http-equiv", Val: "Content-Security-Policy"}):
			policy = node.Attr[1].Val
		case node.Data == "style":
			sheet = node.FirstChild.Data
		case slices.Contains([]string{"script", "img", "link", "iframe"}, node.Data):
			t.Errorf("there is a %s", node.Data)
		}
		for _, a := range node.Attr {
			if strings.Contains(a.Val, "://") && a.Key != "xmlns" || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("%s leads to %s", a.Key, a.Val)
			}
		}
	}
	if sheet != style || strings.Contains(sheet, "url(") || strings.Contains(sheet, "@import") {
		t.Error("the style sheet is another one, or asks for something")
	}
	if want := "default-src 'none'; style-src '" + styleHash() + "'; base-uri 'none'; form-action 'none'"; policy != want {
		t.Errorf("policy %s, want %s", policy, want)
	}
}

// TestMoreThanIsListed says how many more there are, and where.
func TestMoreThanIsListed(t *testing.T) {
	r := everywhere(t, "x")
	r.Account.Gaps, r.Findings.Gaps = 1501, []evidence.ReasonCount{{Reason: "Deleted", Recordings: 1500}}
	r.Findings.Missing = slices.Repeat(r.Findings.Missing[:1], evidence.MostListed)
	r.Findings.Bags = slices.Repeat(r.Findings.Bags, evidence.MostListed+7)
	page := written(t, r)
	for _, want := range []string{
		`There are <strong><data value="1000">1,000</data></strong> more gaps. All of them are in <code>failures.csv</code>`,
		`The tables below list <strong><data value="1500">1,500</data></strong> gaps, which is a different number.`,
		`There are <data value="7">7</data> more bags in <code>bags.csv</code>.`,
		`There are <data value="1">1</data> more in <code>conversations.csv</code>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	if n := strings.Count(page, "<tr>"); n > 2*evidence.MostListed+mostIsolated+100 {
		t.Errorf("%d rows", n)
	}
}

// TestWhatIsSaidOfSignatures: what there is, with the commands for it, and what
// there is not.
func TestWhatIsSaidOfSignatures(t *testing.T) {
	const (
		signature, stamp = "openssl dgst -sha256 -verify signer.pub", "openssl ts -verify -data manifest-sha256.txt"
		warning, trusted = "this seal is not signed", "verify --key KEY_FROM_ITS_OWNER"
		attested         = "A time-stamping authority attests"
	)
	r := everywhere(t, "x")
	expect := func(what string, says ...string) {
		t.Helper()
		page := written(t, r)
		for _, text := range []string{signature, stamp, warning, trusted, attested} {
			if want := slices.Contains(says, text); strings.Contains(page, text) != want {
				t.Errorf("of a %s seal the page says %s: %v, want %v", what, text, !want, want)
			}
		}
	}
	expect("time-stamped", signature, stamp, trusted, attested)
	r.Timestamped = false
	expect("signed", signature, trusted)
	r.Account.SigningKey = ""
	expect("seal that is not signed", warning)
}

// TestStrangeTerms are shown as they are.
func TestStrangeTerms(t *testing.T) {
	r := everywhere(t, "x")
	r.Account.Export.Spec = []byte(`{"mediaTypes": "all"}`)
	page := written(t, r)
	if !strings.Contains(page, "{&#34;mediaTypes&#34;:&#34;all&#34;}") {
		t.Error("the terms are not shown")
	}
	wellFormed(t, page)
}
