package tamper

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// The places of what an insider contradicts.
const (
	standardLog   = standard + "/custody/events.jsonl"
	standardIndex = standard + "/data/index.csv"
	standardTable = standard + "/data/conversations.csv"
	firstLog      = "seals/1/events.jsonl"
	secondLog     = "seals/2/events.jsonl"
	firstTable    = "seals/1/conversations.csv"
	recording12   = "00000000-0000-4000-8000-000000000012"
	conversation4 = "00000000-0000-4000-8000-000000000004"
)

// fit makes everything fit that follows from a bag of the first seal: its manifests, its
// seal, the texts about it, and the seal after that.
func (a archive) fit(bag string) {
	a.Helper()
	a.Forge(bag, 1)
	a.fitSeal(1)
}

// fitSeal makes everything fit that follows from a seal.
func (a archive) fitSeal(seal int) {
	a.Helper()
	a.ForgeSeal(seal)
	for n := seal; n <= 2; n++ {
		a.Retell(n)
		a.ForgeSeal(n)
	}
}

// relabel changes what is said of a recording of the bag Standard, wherever it is said.
func (a archive) relabel(recording, old, new string) {
	a.Helper()
	for _, table := range []string{standardIndex, "seals/1/recordings.csv"} {
		a.edit(table, recording, old, new)
	}
	disposition, is, _ := strings.Cut(new, ",")
	if _, was, _ := strings.Cut(old, ","); strings.HasPrefix(old, "Unavailable") && disposition == "Unavailable" {
		a.edit("seals/1/failures.csv", recording, was, is)
	}
	a.fit(specimen.Standard)
}

// retell changes what is said of conversation 1, in the bag Standard and in its seal.
func (a archive) retell(old, new string) {
	a.Helper()
	for _, table := range []string{standardTable, firstTable} {
		line := a.row(table, conversation1)
		a.Replace(table, line, strings.Replace(line, old, new, 1))
	}
	a.fit(specimen.Standard)
}

// logLine is an event of a custody log.
type logLine struct {
	Sequence int               `json:"sequence"`
	Time     time.Time         `json:"time"`
	Type     string            `json:"type"`
	Actor    string            `json:"actor"`
	Details  map[string]string `json:"details,omitempty"`
	Previous string            `json:"previous"`
}

// relog changes the events of a custody log, puts them in the order of time and makes
// the chain fit again.
func (a archive) relog(log string, change func(events []logLine) []logLine) {
	a.Helper()
	var events []logLine
	for line := range strings.Lines(string(a.Read(log))) {
		var e logLine
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			a.Fatal(err)
		}
		events = append(events, e)
	}
	events = change(events)
	slices.SortStableFunc(events, func(x, y logLine) int { return x.Time.Compare(y.Time) })
	previous := strings.Repeat("0", 64)
	var out bytes.Buffer
	for i, e := range events {
		e.Sequence, e.Previous = i+1, previous
		line, err := json.Marshal(e)
		if err != nil {
			a.Fatal(err)
		}
		previous = specimen.Sum(line)
		out.Write(append(line, '\n'))
	}
	a.Write(log, out.Bytes())
}

// on changes the events of a type that contain a text in a detail; of any type if it is empty.
func on(kind, text string, change func(e *logLine)) func([]logLine) []logLine {
	return func(events []logLine) []logLine {
		for i := range events {
			if events[i].Type == kind && strings.Contains(fmt.Sprint(events[i].Details), text) {
				change(&events[i])
			}
		}
		return events
	}
}

// lose drops the events of a type that contain a text in a detail.
func lose(kind, text string) func([]logLine) []logLine {
	return func(events []logLine) []logLine {
		return slices.DeleteFunc(events, func(e logLine) bool { return e.Type == kind && strings.Contains(fmt.Sprint(e.Details), text) })
	}
}

// plant adds an event.
func plant(e logLine) func([]logLine) []logLine {
	return func(events []logLine) []logLine {
		e.Actor = "specimen"
		return append(events, e)
	}
}

func set(detail, value string) func(*logLine) {
	return func(e *logLine) { e.Details[detail] = value }
}

func later(by time.Duration) func(*logLine) {
	return func(e *logLine) { e.Time = e.Time.Add(by) }
}

// inBagLog tampers with the log of the bag Standard.
func inBagLog(name string, change func([]logLine) []logLine, path, says string) tampering {
	return tampering{name: name, do: func(a archive) {
		a.relog(standardLog, change)
		a.fit(specimen.Standard)
	}, kind: verify.Contradiction, path: path, says: says}
}

// inSealLog tampers with the log of a seal.
func inSealLog(name string, seal int, change func([]logLine) []logLine, path, says string) tampering {
	return tampering{name: name, do: func(a archive) {
		a.relog(fmt.Sprintf("seals/%d/events.jsonl", seal), change)
		a.fitSeal(seal)
	}, kind: verify.Contradiction, path: path, says: says}
}

// terms changes the record of the export, wherever it stands.
func (a archive) terms(change func(record *evidence.ExportRecord)) {
	a.Helper()
	write := func(name string, value any, indent string) {
		content, err := json.MarshalIndent(value, "", indent)
		if indent == "" {
			content, err = json.Marshal(value)
		}
		if err != nil {
			a.Fatal(err)
		}
		if indent != "" {
			content = append(content, '\n')
		}
		a.Write(name, content)
	}
	forge := func(record *evidence.ExportRecord) {
		var spec bytes.Buffer
		if err := json.Compact(&spec, record.Spec); err != nil {
			a.Fatal(err)
		}
		record.Spec = spec.Bytes()
		change(record)
		record.SpecDigest = specimen.Sum(record.Spec)
	}
	var record evidence.ExportRecord
	if err := json.Unmarshal(a.Read("export.json"), &record); err != nil {
		a.Fatal(err)
	}
	forge(&record)
	write("export.json", record, "")
	for seal := 1; seal <= 2; seal++ {
		a.account(seal, func(account *evidence.Account) { forge(&account.Export) })
	}
	a.fitSeal(1)
}

// account changes the account of a seal.
func (a archive) account(seal int, change func(account *evidence.Account)) {
	a.Helper()
	name := fmt.Sprintf("seals/%d/account.json", seal)
	var account evidence.Account
	err := json.Unmarshal(a.Read(name), &account)
	change(&account)
	content, failed := json.MarshalIndent(account, "", "  ")
	if err != nil || failed != nil {
		a.Fatal(err, failed)
	}
	a.Write(name, append(content, '\n'))
}

// term changes one term.
func term(name, old, new, path, says string) tampering {
	kind := verify.Contradiction
	if path == "export.json" {
		kind = verify.Malformed
	}
	return tampering{name: name, do: func(a archive) {
		a.terms(func(record *evidence.ExportRecord) {
			if !bytes.Contains(record.Spec, []byte(old)) {
				a.Fatalf("%s does not contain %s", record.Spec, old)
			}
			record.Spec = bytes.Replace(record.Spec, []byte(old), []byte(new), 1)
		})
	}, kind: kind, path: path, says: says}
}

// misjudged are tamperings with what became of recordings and conversations, and with
// the terms, by who has the key.
func misjudged() []tampering {
	const derived = "by its metadata (fileState ERROR) and the spec its possible dispositions are: Unavailable FileError"
	var list []tampering
	for reason, name := range map[string]string{
		"Deleted": "call a broken recording deleted", "Archived": "call a broken recording archived", "NotReady": "call a broken recording not ready",
		"Refused": "call a broken recording refused", "NotDelivered": "call a broken recording not delivered", "UnknownMedium": "call a medium unknown",
		"InvalidID": "call an id invalid", "RestorationQuota": "blame the quota of restorations", "NotRestored": "blame a restoration",
		"MetadataUnreadable": "call metadata unreadable", "RecordingUnknown": "call a recording unknown", "ConversationOpen": "call a conversation open",
		"Lost": "make up a reason",
	} {
		list = append(list, tampering{name: name, do: func(a archive) {
			a.relabel(recording13, "Unavailable,FileError,ERROR", "Unavailable,"+reason+",ERROR")
		}, kind: verify.Contradiction, path: standardIndex, says: "Unavailable " + reason + ", but " + derived})
	}
	for reason, name := range map[string]string{
		"HoldScope": "blame the scope, which takes all", "DuplicateID": "call a recording a duplicate", "Irrelevant": "make up why a recording is excluded",
	} {
		list = append(list, tampering{name: name, do: func(a archive) {
			a.relabel(recording12, "Excluded,MediumNotRequested", "Excluded,"+reason)
		}, kind: verify.Contradiction, path: standardIndex, says: "Excluded " + reason + ", but by its metadata (fileState AVAILABLE) and the spec its possible dispositions are: Excluded MediumNotRequested"})
	}
	return append(list, []tampering{
		{name: "call a requested medium not requested", do: func(a archive) {
			a.relabel(recording13, "Unavailable,FileError,ERROR", "Excluded,MediumNotRequested,")
		}, kind: verify.Contradiction, path: standardIndex, says: "Excluded MediumNotRequested, but " + derived},
		{name: "call an available recording deleted", do: func(a archive) {
			a.relabel(recording11, "Exported,", "Unavailable,Deleted")
		}, kind: verify.Contradiction, path: standardIndex, says: "Unavailable Deleted, but by its metadata (fileState AVAILABLE)"},
		{name: "make up what Genesys Cloud said", do: func(a archive) {
			a.relabel(recording13, "Unavailable,FileError,ERROR", "Unavailable,FileError,gone")
		}, kind: verify.Contradiction, path: standardIndex, says: `states "gone" for recording ` + conversation1 + "/" + recording13 + `, but its metadata has fileState "ERROR"`},
		{name: "change a medium", do: func(a archive) {
			a.edit(standardIndex, recording13, ",Call,", ",Chat,")
			a.edit("seals/1/recordings.csv", recording13, ",Call,", ",Chat,")
			a.fit(specimen.Standard)
		}, kind: verify.Contradiction, path: standardIndex, says: `states medium "Chat" for recording ` + conversation1 + "/" + recording13 + `, but by its metadata it is "Call"`},
		{name: "change what Genesys Cloud said", do: func(a archive) {
			a.Replace(standard+metadata1, `"fileState":"ERROR"`, `"fileState":"AVAILABLE"`)
			a.fit(specimen.Standard)
		}, kind: verify.Contradiction, path: standardIndex, says: "by its metadata (fileState AVAILABLE) and the spec its possible dispositions are: Exported"},
		{name: "call a conversation unreadable", do: func(a archive) {
			a.retell("Exported,", "Unavailable,MetadataUnreadable")
		}, kind: verify.Contradiction, path: standardTable, says: "Unavailable MetadataUnreadable, but its possible dispositions are: Exported"},
		{name: "call a conversation not found", do: func(a archive) {
			a.retell("Exported,", "Unavailable,ConversationNotFound")
		}, kind: verify.Contradiction, path: standardTable, says: "Unavailable ConversationNotFound, but its possible dispositions are: Exported"},
		{name: "leave a conversation out by its legal hold", do: func(a archive) {
			a.retell("Exported,", "Excluded,HoldScope")
		}, kind: verify.Contradiction, path: standardTable, says: "is Excluded HoldScope, but its possible dispositions are: Exported"},
		{name: "move a conversation the other way", do: func(a archive) {
			a.edit(standardTable, conversation2, "MovedToHold", "MovedFromHold")
			a.fit(specimen.Standard)
		}, kind: verify.Contradiction, path: standardTable, says: "Excluded MovedFromHold, but its possible dispositions are: Exported, Excluded MovedToHold"},
		{name: "leave an open conversation out by its legal hold", do: func(a archive) {
			a.edit(firstTable, conversation4, "Unavailable,ConversationOpen", "Excluded,HoldScope")
			a.fitSeal(1)
		}, kind: verify.Contradiction, path: firstTable, says: "which is in no bag, is Excluded HoldScope, but its possible dispositions are: Unavailable ConversationOpen"},
		{name: "make up why a conversation is in no bag", do: func(a archive) {
			a.edit(firstTable, conversation4, "ConversationOpen", "Boring")
			a.edit("seals/1/failures.csv", conversation4, "ConversationOpen", "Boring")
			a.fitSeal(1)
		}, kind: verify.Contradiction, path: firstTable, says: "is Unavailable Boring, but its possible dispositions are: Unavailable ConversationOpen"},
		term("ask for another medium", `["Call"]`, `["Chat"]`, standardIndex, "states that recording "+conversation1+"/"+recording11+" is Exported, but by its metadata (fileState AVAILABLE) and the spec its possible dispositions are: Excluded MediumNotRequested"),
		term("ask for more media", `["Call"]`, `["Call","Chat"]`, standardIndex, "states that recording "+conversation1+"/"+recording12+" is Excluded MediumNotRequested"),
		term("ask for held conversations only", `"holdScope":"Include"`, `"holdScope":"Only"`, standardTable, "it does not belong in lane Standard"),
		term("ask for no held conversations", `"holdScope":"Include"`, `"holdScope":"Exclude"`, legalHold+"/data/conversations.csv", "it does not belong in lane LegalHold"),
		term("ask that archived recordings be listed only", `"archived":"Restore"`, `"archived":"List"`, standardIndex, "states that recording "+conversation6+"/"+recording64+" is Excluded MovedToIsolated, but by its metadata (fileState ARCHIVED) and the spec its possible dispositions are: Unavailable Archived"),
		term("ask for a second source", `"secondSource":"None"`, `"secondSource":"Retention"`, "seals/1/account.json", "does not contain a comparison with a second source, but export.json requests one"),
		term("wait longer for open conversations", `"openDeadline":"24h0m0s"`, `"openDeadline":"720h0m0s"`, firstTable, "open, but no survey after the deadline 2023-10-31T04:00:00Z reports this"),
		term("wait longer for a day to settle", `"settleAfter":"24h0m0s"`, `"settleAfter":"48h0m0s"`, firstLog, "before the day had settled at 2023-10-04T00:00:00Z"),
		term("ask for a scope that there is not", `"holdScope":"Include"`, `"holdScope":"Some"`, "export.json", `states holdScope "Some", which is not a known value`),
		term("ask for a medium that there is not", `["Call"]`, `["Call","Fax"]`, "export.json", `names an unknown medium: "Fax"`),
		term("ask for no medium", `["Call"]`, `[]`, "export.json", "does not state the requested media"),
		{name: "begin the export later", do: func(a archive) {
			a.terms(func(record *evidence.ExportRecord) {
				record.CreatedAt = specimen.Day.AddDate(0, 0, 2).Add(3 * time.Hour)
			})
		}, kind: verify.Contradiction, path: standardLog, says: "reports SliceAssigned at 2023-10-03T02:00:00Z, before the export began at 2023-10-03T03:00:00Z"},
	}...)
}

// misheld are tamperings with the answers about legal holds, by who has the key.
func misheld() []tampering {
	const checked, surveyed, sealed = "2023-10-03T04:00:00Z", "2023-10-03T01:01:00Z", "2023-10-03T12:01:00Z"
	answers := "false," + surveyed + ",false," + checked
	return []tampering{
		{name: "say that a conversation of lane Standard was held", do: func(a archive) {
			a.retell("false,"+surveyed, "true,"+surveyed)
		}, kind: verify.Contradiction, path: standardTable, says: "whose legal hold was true in the survey: by the spec it does not belong in lane Standard"},
		{name: "say that a conversation was held before transfer", do: func(a archive) {
			a.retell(",false,"+checked, ",true,"+checked)
		}, kind: verify.Contradiction, path: standardLog, says: "does not report that the legal hold of conversation " + conversation1 + " changed"},
		{name: "keep a held conversation in lane Standard", do: func(a archive) {
			a.relog(standardLog, plant(logLine{Time: specimen.Day.AddDate(0, 0, 2).Add(4 * time.Hour), Type: "HoldChanged", Details: map[string]string{"conversation": conversation1, "held": "true", "moved": "false"}}))
			a.relog(standardLog, on("HoldChecked", "", set("held", "2")))
			a.retell(",false,"+checked, ",true,"+checked)
		}, kind: verify.Contradiction, path: standardTable, says: "keeps conversation " + conversation1 + " in lane Standard, though its legal hold had changed before transfer"},
		{name: "say that a moved conversation was not held", do: func(a archive) {
			a.edit(standardTable, conversation2, ",true,"+checked, ",false,"+checked)
			a.fit(specimen.Standard)
		}, kind: verify.Contradiction, path: standardTable, says: "is Excluded MovedToHold, but its possible dispositions are: Exported"},
		{name: "say no answer of before transfer", do: func(a archive) {
			a.retell(",false,"+checked, ",,")
		}, kind: verify.Contradiction, path: standardLog, says: `reports "0" conversations as unknown, but conversations.csv lists 1`},
		{name: "make up an answer of before transfer", do: func(a archive) {
			a.retell(",false,"+checked, ",maybe,"+checked)
		}, kind: verify.Malformed, path: standardTable, says: `states "maybe" for the legal hold`},
		{name: "change when holds were asked for before transfer", do: func(a archive) {
			a.retell(",false,"+checked, ",false,2023-10-03T05:00:00Z")
		}, kind: verify.Contradiction, path: standardTable, says: `was answered at "2023-10-03T05:00:00Z" before transfer`},
		{name: "change when the survey asked for holds", do: func(a archive) {
			a.retell("false,"+surveyed, "false,2023-10-03T01:02:00Z")
		}, kind: verify.Contradiction, path: standardTable, says: "queried the legal hold of conversation " + conversation1 + " at 2023-10-03T01:02:00Z, but no log reports this"},
		{name: "do not say when the survey asked for holds", do: func(a archive) {
			a.retell("false,"+surveyed, "false,")
		}, kind: verify.Contradiction, path: standardTable, says: "does not state when the survey queried the legal hold of conversation " + conversation1},
		{name: "say that a conversation was held at sealing", do: func(a archive) {
			a.edit(firstTable, conversation1, "false,"+sealed, "true,"+sealed)
			a.fitSeal(1)
		}, kind: verify.Contradiction, path: firstLog, says: "does not report that the legal hold of conversation " + conversation1 + " changed"},
		{name: "hide the answer at sealing", do: func(a archive) {
			a.edit(firstTable, conversation1, "false,"+sealed, ",")
			a.fitSeal(1)
		}, kind: verify.Contradiction, path: firstTable, says: "does not state the answer of the review of 2023-10-01 about the legal hold of conversation " + conversation1},
		{name: "change when holds were asked for at sealing", do: func(a archive) {
			a.edit(firstTable, conversation1, "false,"+sealed, "false,2023-10-09T00:00:00Z")
			a.fitSeal(1)
		}, kind: verify.Contradiction, path: firstTable, says: `was queried at "2023-10-09T00:00:00Z" for the seal, but its log does not report this`},
		{name: "make up an answer at sealing", do: func(a archive) {
			a.edit(firstTable, conversation1, "false,"+sealed, "perhaps,"+sealed)
			a.fitSeal(1)
		}, kind: verify.Malformed, path: firstTable, says: `states "perhaps" for the legal hold`},
		{name: "answer otherwise in a seal than in its bag", do: func(a archive) {
			a.edit(firstTable, conversation1, answers, strings.Replace(answers, ",false,", ",true,", 1))
			a.fitSeal(1)
		}, kind: verify.Contradiction, path: firstTable, says: `states held_before_transfer "true"`},
		{name: "move a conversation to another day", do: func(a archive) {
			a.retell("2023-10-01T01:00:00Z", "2023-09-30T01:00:00Z")
		}, kind: verify.Contradiction, path: standardTable, says: "the bag covers another part of the window"},
	}
}
