package report

import (
	"html/template"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// view is what the page shows. Its strings are of type text, or of our own.
type view struct {
	Style     template.CSS
	StyleHash string

	Name, Namespace, Organization, Cluster, SpecDigest text
	Number                                             amount
	SealedAt, Begun, From, Until                       text
	Tool                                               text
	Verdict                                            verdict
	Asked                                              []fact
	Attributes                                         []fact
	Terms                                              text

	Picture  picture
	Lanes    []text
	NoBag    bool
	Periods  []period
	Every    text
	NoTracks bool
	// Undated gaps are of conversations of which nobody knows when they started.
	Undated int64

	Conversations evidence.ConversationAccount
	Recordings    []recordingRow
	Holdings      []laneRow
	Referenced    []referencedRow
	Totals        evidence.Counts
	Account       evidence.Account
	Size          text
	Checks        []check

	Gaps, Excluded []reasonRow
	Counted        int64
	Missing        []missingRow
	MissingMore    int64

	Holds      []holdRow
	HoldsMore  int64
	Moves      []eventRow
	Isolated   *isolated
	Restored   *restored
	Retries    []eventRow
	Retried    evidence.Counts
	Second     *second
	Orphans    *orphans
	Surveys    text
	Seals      []sealRow
	SealsSay   text
	Bags       []bagRow
	BagsMore   int64
	TakenOver  []takeOverRow
	SigningKey text
	// KeyChange is nil if the seal before is signed with the same key.
	KeyChange *keyChangeRow
	// Timestamped reports whether an authority attests the seal's time.
	Timestamped bool
}

// view collects what the page shows.
func (r Report) view() view {
	a, f := r.Account, r.Findings
	asked := readTerms(a.Export.Spec)
	v := view{
		Style: template.CSS(style), StyleHash: styleHash(), //nolint:gosec // it is embedded
		Name: clean(a.Export.Name, longName), Namespace: clean(a.Export.Namespace, longName),
		Organization: clean(a.Export.OrganizationID, longName), Cluster: clean(a.Export.ClusterID, longName),
		SpecDigest: clean(a.Export.SpecDigest, longName), Number: amount(a.Number),
		SealedAt: when(a.SealedAt), Begun: when(a.Export.CreatedAt), From: when(a.From), Until: when(a.Until),
		Tool: madeBy(a.Tool), Verdict: asked.addLimits(judge(a, asked.End), a), Asked: asked.facts(), Attributes: asked.attributes(), Terms: clean(compact(a.Export.Spec), longTerms),
		Conversations: a.Conversations, Totals: a.Totals(), Account: a, Size: size(a.Bytes),
		Gaps: reasonRows(f.Gaps), Excluded: reasonRows(f.Excluded), Retried: f.Retried, SigningKey: clean(a.SigningKey, longName), Timestamped: r.Timestamped,
	}
	v.drawn(r, asked.End)
	v.counted(a)
	v.referenced(a)
	v.compared(f, a)
	v.orphans(f, a)
	v.listed(f, a)
	v.happened(f)
	if c := a.KeyChange; c != nil {
		v.KeyChange = &keyChangeRow{when(c.NoticedAt), clean(c.From, longName), clean(c.To, longName)}
	}
	for _, t := range a.TakenOver {
		v.TakenOver = append(v.TakenOver, takeOverRow{when(t.At), clean(t.From, longName), clean(t.To, longName)})
	}
	return v
}

// drawn draws the timeline, and its table.
func (v *view) drawn(r Report, end time.Time) {
	a := r.Account
	all := tracks(r.Findings)
	v.NoTracks = len(all) == 0
	v.Picture = draw(all, a.From, a.Until, end)
	v.Picture.Says = words("From %s until %s: %s, %s.", minute(a.From), minute(a.Until), of(a.Bags, "bag", "bags"), of(a.Gaps, "gap", "gaps"))
	for _, t := range all {
		if t.lane == noBag {
			v.NoBag = true
			continue
		}
		v.Lanes = append(v.Lanes, t.name)
	}
	v.Periods, v.Every = periods(all, a.From, a.Until)
}

// counted shows the account.
func (v *view) counted(a evidence.Account) {
	for _, r := range a.Recordings {
		v.Recordings = append(v.Recordings, recordingRow{laneIn(lanes, r.Lane), mediumIn(media, r.Medium), r.Counts})
	}
	for _, c := range a.Checks {
		v.Checks = append(v.Checks, check{clean(c.Says, longText), amount(c.Left), amount(c.Right), c.IsEqual})
	}
	for _, l := range a.Lanes {
		v.Holdings = append(v.Holdings, laneRow{laneIn(lanes, l.Lane), size(l.Bytes), amount(l.Bags), amount(l.Files), amount(l.Bytes), amount(l.Gaps)})
	}
}

// compared shows how the account compares with a second source.
func (v *view) compared(f evidence.Findings, a evidence.Account) {
	if a.SecondSource == nil {
		return
	}
	s := second{Source: clean(a.SecondSource.Source, longName), At: when(a.SecondSource.At), SecondSource: *a.SecondSource}
	for _, d := range f.Differences {
		s.Differences = append(s.Differences, differenceRow{differenceIn(d.Difference), whyDiffers(d.Reason), clean(d.Reason, longName), amount(d.Recordings)})
	}
	for _, u := range f.Unknown {
		s.Unknown = append(s.Unknown, unknownRow{
			clean(u.ConversationID, longName), clean(u.RecordingID, longName), when(u.Created), whyDiffers(u.Reason), amount(u.Seal),
		})
	}
	s.UnknownMore = s.NotInAccount - int64(len(f.Unknown))
	v.Second = &s
}

// listed lists what is missing, and the bags of the seal.
func (v *view) listed(f evidence.Findings, a evidence.Account) {
	for _, g := range f.Gaps {
		v.Counted += g.Recordings + g.Conversations
	}
	for _, m := range f.Missing {
		v.Missing = append(v.Missing, missing(m))
	}
	v.MissingMore = v.Counted - int64(len(f.Missing))
	v.Undated = v.Counted
	for _, p := range v.Periods {
		v.Undated -= int64(p.Gaps)
	}
	for _, b := range f.Bags {
		if b.Seal != a.Number {
			continue
		}
		if len(v.Bags) == evidence.MostListed {
			v.BagsMore++
			continue
		}
		v.Bags = append(v.Bags, bagRow{
			clean(b.Name, longName), laneIn(shortLanes, b.Lane), short(b.Start), short(b.End), clean(b.Digest, longName), b.Counts, amount(b.Gaps),
		})
	}
	v.SealsSay = "The seals of this export"
	if len(f.Seals) < a.Number {
		v.SealsSay = words("The last %d of the %s seals of this export", len(f.Seals), amount(a.Number))
	}
	for _, s := range f.Seals {
		v.Seals = append(v.Seals, sealRow{amount(s.Number), clean(s.Digest, longName)})
	}
}

func missing(m evidence.Missing) missingRow {
	what := text("The conversation’s recordings")
	if m.RecordingID != "" {
		what = "One recording: " + mediumIn(oneOf, m.Medium)
	}
	return missingRow{
		when(m.Start), clean(m.ConversationID, longName), clean(m.RecordingID, longName), what, why(m.Reason),
		clean(m.Reason, longName), clean(m.Detail, longText), clean(m.Bag, longName),
		evidence.Said(m.Reason, m.Detail),
	}
}

// happened tells what happened on the way.
func (v *view) happened(f evidence.Findings) {
	for _, h := range f.HoldChanges {
		v.Holds = append(v.Holds, holdRow{
			clean(h.ConversationID, longName), when(h.Start), answered(h.AtSurvey), answeredLater(h.BeforeTransfer), answeredLater(h.AtSealing), clean(h.Bag, longName),
		})
	}
	v.HoldsMore = f.HoldsChanged - int64(len(f.HoldChanges))
	v.Moves = eventRows(f.Moves, "group")
	v.Isolated = isolation(f)
	v.restored(f.Restorations)
	v.Retries = eventRows(f.Retries, "token")
	switch {
	case f.Surveys == 1:
		v.Surveys = "The program queried Genesys Cloud for the conversations of the window once, on " + when(f.FirstSurvey) + "."
	case f.Surveys > 1:
		v.Surveys = words("The program queried Genesys Cloud for the conversations of the window %s, from %s to %s.",
			of(f.Surveys, "time", "times"), when(f.FirstSurvey), when(f.LastSurvey))
	}
}

// restored reports restorations, and in short if dates changed that were to stay.
func (v *view) restored(found evidence.Restorations) {
	v.Restored = restorations(found)
	if found.Changed > 0 {
		v.Verdict.Then = append(v.Verdict.Then, words("During the restoration of recordings from the archive of Genesys Cloud, dates of %s changed there that should have stayed the same, such as the date of deletion. Section 8 lists them.",
			of(found.Changed, "recording", "recordings")))
	}
}

// answered says what Genesys Cloud answered about a legal hold, and when.
func answered(answer evidence.HoldAnswer) text {
	says := text("not under hold")
	if answer.Held {
		says = "under hold"
	}
	if answer.At.IsZero() {
		return says
	}
	return says + " on " + when(answer.At)
}

// answeredLater is the same of an answer that may not have been requested.
func answeredLater(answer evidence.HoldAnswer) text {
	if answer.At.IsZero() {
		return "not queried"
	}
	return answered(answer)
}

// madeBy says which program made the archive.
func madeBy(tool evidence.Tool) text {
	if tool.Name == "" {
		return "not known"
	}
	says := clean(tool.Name, longName) + ", version " + clean(tool.Version, longName)
	if tool.Image != "" {
		says += ", from the image " + clean(tool.Image, longText)
	}
	if tool.Executable != "" {
		says += "; SHA-256 of its executable: " + clean(tool.Executable, longName)
	}
	return says
}

// eventRows lists the last events: there may be one a day for years.
func eventRows(events []evidence.Event, detail string) []eventRow {
	var rows []eventRow
	for _, e := range events[max(0, len(events)-mostEvents):] {
		rows = append(rows, eventRow{when(e.Time), clean(e.Details[detail], longName)})
	}
	return rows
}

// mostEvents bounds lists of events.
const mostEvents = 100

func reasonRows(counts []evidence.ReasonCount) []reasonRow {
	var rows []reasonRow
	for _, c := range counts {
		rows = append(rows, reasonRow{clean(c.Reason, longName), why(c.Reason), amount(c.Recordings), amount(c.Conversations)})
	}
	return rows
}
