package tamper

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// thinned are tamperings with custody logs, by who has the key: something is missing,
// is told otherwise or at another time, or never happened.
func thinned() []tampering {
	malformed := func(tt tampering) tampering {
		tt.kind = verify.Malformed
		return tt
	}
	begun := specimen.Day.AddDate(0, 0, 2)
	return []tampering{
		inBagLog("hide what a bag was to hold", lose("SliceAssigned", ""), standardLog, "reports 0 times SliceAssigned"),
		inBagLog("hide who worked on a bag", lose("WorkBegun", ""), standardLog, "does not report which process worked on the bag"),
		inBagLog("hide that metadata was received", lose("MetadataReceived", conversation1), standardLog, "reports 0 outcomes of the query for the recordings of conversation "+conversation1),
		inBagLog("do not tell that a conversation was isolated", lose("ConversationIsolated", conversation5), standardLog, "reports 0 outcomes of the query for the recordings of conversation "+conversation5),
		inBagLog("hide that legal holds were asked for", lose("HoldChecked", ""), standardLog, "does not report a query for legal holds before transfer (HoldChecked)"),
		inBagLog("hide that a legal hold changed", lose("HoldChanged", ""), standardLog, "does not report that the legal hold of conversation "+conversation2+" changed"),
		inBagLog("hide a request", lose("RecordingsRequested", ""), standardLog, "but no line reports this request"),
		inBagLog("do not tell that a recording was isolated", lose("RecordingIsolated", recording62), standardLog, "does not report that it was isolated (RecordingIsolated), though"),
		inBagLog("make up a conversation", plant(logLine{Time: begun.Add(3 * time.Hour), Type: "MetadataReceived", Details: map[string]string{"conversation": conversation4}}), standardLog, "reports conversation "+conversation4+", but conversations.csv does not list it"),
		inBagLog("make up that a recording was isolated", plant(logLine{Time: begun.Add(9 * time.Hour), Type: "RecordingIsolated", Details: map[string]string{"conversation": conversation1, "recording": recording11}}), standardLog, "reports that recording "+conversation1+"/"+recording11+" was isolated, but index.csv differs"),
		inBagLog("make up that a recording was refused", plant(logLine{Time: begun.Add(9 * time.Hour), Type: "RecordingRefused", Details: map[string]string{"conversation": conversation1, "recording": recording13}}), standardLog, "reports that recording "+conversation1+"/"+recording13+" was refused, but index.csv differs"),
		inBagLog("make up that a legal hold changed", plant(logLine{Time: begun.Add(4 * time.Hour), Type: "HoldChanged", Details: map[string]string{"conversation": conversation1, "held": "true"}}), standardLog, "reports that the legal hold of conversation "+conversation1+" changed, but conversations.csv differs"),
		inBagLog("make up a restoration", plant(logLine{Time: begun.Add(6 * time.Hour), Type: "RecordingRestored", Details: map[string]string{"conversation": conversation1, "recording": recording13}}), standardLog, "was restored from the archive, but index.csv differs"),
		malformed(inBagLog("make up a kind of event", plant(logLine{Time: begun.Add(6 * time.Hour), Type: "CoffeeSpilt"}), standardLog, `reports "CoffeeSpilt", which is not an event of a bag`)),
		inBagLog("tell twice that a bag was sealed", plant(logLine{Time: begun.Add(10 * time.Hour), Type: "BagSealed"}), standardLog, "reports 2 times BagSealed"),
		inBagLog("assign fewer conversations", on("SliceAssigned", "", set("conversations", "3")), standardLog, `reports that "3" conversations were assigned to the bag, but conversations.csv lists 4`),
		inBagLog("answer fewer holds", on("HoldChecked", "", set("held", "0")), standardLog, `reports "0" conversations as held, but conversations.csv lists 1`),
		inBagLog("change the size in a log", on("RecordingStored", "01.wav", set("bytes", "1")), standardLog, `was stored with "1" bytes`),
		inBagLog("change the request in a log", on("RecordingStored", "01.wav", set("request", specimen.ID(999))), standardLog, "came from request"),
		inBagLog("change when a file was stored", on("RecordingStored", "02.wav", later(time.Second)), standardLog, "was stored at 2023-10-03T08:02:01Z, but files.csv states"),
		inBagLog("find a conversation before the export began", on("MetadataReceived", conversation1, later(-24*time.Hour)), standardLog, "reports MetadataReceived at 2023-10-02T03:00:00Z, before the export began at 2023-10-03T00:00:00Z"),
		inBagLog("ask for holds after the requests", on("HoldChecked", "", later(4*time.Hour)), standardLog, "reports RecordingsRequested at 2023-10-03T07:00:00Z, but HoldChecked, which must come first, at 2023-10-03T08:00:00Z"),
		inBagLog("request after the files came", on("RecordingsRequested", "", later(2*time.Hour)), standardLog, "before it was requested"),
		inBagLog("isolate after the bag was sealed", on("RecordingIsolated", recording62, later(2*time.Hour)), standardLog, "reports RecordingIsolated at 2023-10-03T11:00:00Z, after the bag was sealed at 2023-10-03T10:00:00Z"),
		inBagLog("seal a bag after its seal", on("BagSealed", "", later(48*time.Hour)), firstLog, "before bag "+specimen.Standard+", which was sealed at 2023-10-05T10:00:00Z"),

		inSealLog("hide a review", 1, lose("DaySurveyed", "Review"), firstLog, "does not report a review of 2023-10-01 before it was sealed (Review)"),
		inSealLog("hide a first survey", 1, lose("DaySurveyed", "First"), firstLog, "reports 0 first surveys of 2023-10-01"),
		inSealLog("hide a survey of a retry", 2, lose("DaySurveyed", ""), secondLog, `reports that the surveys of "2023-10-01" found 0 conversations, but the seal and its bags list 1`),
		inSealLog("survey a day twice for the first time", 1, on("DaySurveyed", "Review", set("purpose", "First")), firstLog, "reports 2 first surveys of 2023-10-01"),
		malformed(inSealLog("survey a day for fun", 1, on("DaySurveyed", "Review", set("purpose", "Fun")), firstLog, `for an unknown purpose: "Fun"`)),
		inSealLog("find more conversations", 1, on("DaySurveyed", "First", set("conversations", "5")), firstLog, `found 6 conversations, but the seal and its bags list 5`),
		inSealLog("find fewer open conversations", 1, on("DaySurveyed", "First", func(e *logLine) { e.Details["open"], e.Details["conversations"] = "0", "5" }), firstLog, `reports that 0 conversations of "2023-10-01" had not ended, but conversations.csv lists 1`),
		inSealLog("find conversations without an id", 1, on("DaySurveyed", "First", set("refused", "1")), firstLog, "reports 1 conversations with invalid ids, but conversations.csv lists 0"),
		malformed(inSealLog("do not say how many were found", 1, on("DaySurveyed", "First", set("conversations", "many")), firstLog, `with conversations: "many"`)),
		inSealLog("survey a day that is not covered", 1, on("DaySurveyed", "Review", set("day", "2023-10-02")), firstLog, `reports a survey of "2023-10-02", but the seals do not cover it`),
		inSealLog("survey a day before it had settled", 1, on("DaySurveyed", "First", later(-24*time.Hour)), firstLog, "before the day had settled at 2023-10-03T00:00:00Z"),
		inSealLog("change when a survey asked for holds", 1, on("DaySurveyed", "First", set("holdsAskedAt", "2023-10-03T01:02:00Z")), standardTable, "at 2023-10-03T01:01:00Z, but no log reports this"),
		inSealLog("change when a review asked for holds", 1, on("DaySurveyed", "Review", set("holdsAskedAt", "2023-10-03T12:02:00Z")), firstTable, `was queried at "2023-10-03T12:01:00Z" for the seal, but its log does not report this`),
		inSealLog("hide that conversations moved", 1, lose("ConversationsMoved", ""), standardTable, "no seal's log reports this (ConversationsMoved)"),
		inSealLog("hide that conversations were isolated", 1, lose("ConversationsIsolated", ""), standardTable, "no seal's log reports this (ConversationsIsolated)"),
		inSealLog("hide that recordings were isolated", 1, lose("RecordingsIsolated", ""), standardIndex, "no seal's log reports this (RecordingsIsolated)"),
		inSealLog("make up that recordings were isolated", 1, invent("RecordingsIsolated", "batch", specimen.LegalHold, 5, 0), firstLog, "reports that recordings of batch "+specimen.LegalHold+" were isolated, but its index.csv differs"),
		inSealLog("isolate recordings of a batch that there is not", 1, invent("RecordingsIsolated", "batch", "case-1-none", 5, 0), firstLog, "there is no bag of it"),
		inSealLog("make up that a batch was cut in two", 1, invent("BatchSplit", "batch", specimen.LegalHold, 5, 2), firstLog, "was cut in two, but there is a bag of it"),
		inSealLog("hide that somebody requested a retry", 2, lose("RetryRequested", ""), retry+"/data/index.csv", "no log reports a retry (RetryRequested)"),
		inSealLog("hide when the archive was begun", 1, lose("ArchiveBegun", ""), firstLog, "reports 0 times ArchiveBegun"),
		inSealLog("begin the archive at another time", 1, on("ArchiveBegun", "", later(time.Minute)), firstLog, "reports ArchiveBegun at 2023-10-03T00:01:00Z, but it was at 2023-10-03T00:00:00Z"),
		inSealLog("date the former seal back", 2, on("FormerSeal", "", later(-time.Minute)), secondLog, "reports FormerSeal at 2023-10-03T23:59:00Z, but it was at 2023-10-04T00:00:00Z"),
		inSealLog("seal an export twice", 1, plant(logLine{Time: begun.Add(13 * time.Hour), Type: "ExportSealed"}), firstLog, "reports 2 times ExportSealed"),
		inSealLog("seal before the bags", 1, on("ExportSealed", "", later(-20*time.Hour)), firstLog, "reports that the export was sealed at 2023-10-03T04:00:00Z, before bag"),
		malformed(inSealLog("make up a kind of event of an export", 1, plant(logLine{Time: begun.Add(11 * time.Hour), Type: "CourtAdjourned"}), firstLog, `reports "CourtAdjourned", which is not an event of an export`)),
		inSealLog("make up that a legal hold changed at sealing", 1, plant(logLine{Time: begun.Add(12 * time.Hour), Type: "HoldChanged", Details: map[string]string{"conversation": conversation1, "held": "true"}}), firstLog, "changed, but conversations.csv differs"),
		inSealLog("make up a comparison with a second source", 1, plant(logLine{Time: begun.Add(12 * time.Hour), Type: "SecondSourceCompared"}), "seals/1/account.json", "though the seal contains one"),
		{name: "hide that a recording was restored from the archive", do: func(a archive) {
			a.relog(ones+"/custody/events.jsonl", lose("RecordingRestored", ""))
			a.fit(specimen.IsolatedOnes)
		}, kind: verify.Contradiction, path: ones + "/custody/events.jsonl", says: "but not its outcome"},
		{name: "restore a recording before it was asked for", do: func(a archive) {
			a.relog(ones+"/custody/events.jsonl", on("RestorationRequested", "", later(90*time.Minute)))
			a.fit(specimen.IsolatedOnes)
		}, kind: verify.Contradiction, path: ones + "/custody/events.jsonl", says: "ended at 2023-10-03T06:00:00Z, before it was requested at 2023-10-03T06:30:00Z"},
	}
}

// invent adds an event of an entry of the plan to the log of the first seal.
func invent(kind, detail, about string, entry, batches int) func([]logLine) []logLine {
	details := map[string]string{detail: about, "entry": strconv.Itoa(entry), "batches": strconv.Itoa(batches)}
	if kind == "RetryRequested" {
		details["seals"], details["days"] = "1", "0"
	}
	return plant(logLine{Time: specimen.Day.AddDate(0, 0, 2).Add(11 * time.Hour), Type: kind, Details: details})
}

// both makes two changes of a log.
func both(one, other func([]logLine) []logLine) func([]logLine) []logLine {
	return func(events []logLine) []logLine { return other(one(events)) }
}

// invented are tamperings with the events of the plan, and with others that made things
// up which no table showed, by who has the key.
func invented() []tampering {
	const group, other, half = "standard-20231001t000000z", "held-20231001t000000z-d1", "case-1-legalhold-20231001t000000z"
	placed := func(bag, conversations, files string) func([]logLine) []logLine {
		return plant(logLine{Time: specimen.Day.AddDate(0, 0, 2).Add(12 * time.Hour), Type: "LegalHoldPlaced", Details: map[string]string{"bag": bag, "conversations": conversations, "files": files}})
	}
	retry := func(name, detail, value, says string) tampering {
		return inSealLog(name, 2, on("RetryRequested", "", set(detail, value)), secondLog, says)
	}
	changed := inSealLog("make up that the key changed", 2, plant(logLine{Time: specimen.Day.AddDate(0, 0, 3).Add(3 * time.Hour), Type: evidence.SigningKeyChanged, Details: map[string]string{"from": "a", "to": "b"}}), secondLog, "reports that the key changed from a to b at 2023-10-04T03:00:00Z, but account.json and the previous seal do not")
	changed.kind = verify.KeyChanged
	unnumbered := inSealLog("make up an event of no entry of the plan", 1, plant(logLine{Time: specimen.Day.AddDate(0, 0, 2).Add(11 * time.Hour), Type: "BatchSplit", Details: map[string]string{"batch": half}}), firstLog, `reports BatchSplit with entry: ""`)
	unnumbered.kind = verify.Malformed
	return []tampering{
		unnumbered, changed,
		inSealLog("make up that another batch was cut in two", 1, invent("BatchSplit", "batch", half, 5, 2), firstLog, "reports that BatchSplit (entry 5 of the plan) led to 2 batches, but the seal names 0"),
		inSealLog("cut a batch in two that led to nothing", 1, invent("BatchSplit", "batch", half, 5, 0), firstLog, "reports that BatchSplit led to 0 batches, but it leads to at least 2"),
		inSealLog("cut something in two that is not a batch", 1, invent("BatchSplit", "batch", "case-1", 5, 2), firstLog, "reports that batch case-1 was cut in two, but this is not a name of a batch"),
		inSealLog("cut a batch in two before there was one", 1, invent("BatchSplit", "batch", half+"-d7", 5, 2), firstLog, "was cut in two, but this is not a name of a batch"),
		inSealLog("hide that conversations moved behind a batch that was cut in two", 1, both(lose("ConversationsMoved", ""), invent("BatchSplit", "batch", half, 1, 1)), standardTable, "no seal's log reports this (ConversationsMoved)"),
		inSealLog("pass a bag off as a half", 1, both(lose("ConversationsMoved", ""), invent("BatchSplit", "batch", "case-1-standard-20231001t000000z-2", 1, 2)), "seals/1/bags.csv", "names batch "+specimen.LegalHold+" as a half of batch case-1-standard-20231001t000000z-2, but that is of another lane"),
		inSealLog("make up that conversations moved", 1, invent("ConversationsMoved", "group", other, 5, 0), firstLog, "reports ConversationsMoved of group "+other+", but no bag of that group states this"),
		inSealLog("make up that conversations were isolated", 1, invent("ConversationsIsolated", "group", other, 5, 1), firstLog, "reports ConversationsIsolated of group "+other+", but no bag of that group states this"),
		inSealLog("tell twice that conversations moved", 1, invent("ConversationsMoved", "group", group, 5, 0), firstLog, "reports ConversationsMoved of "+group),
		inSealLog("report one entry of the plan twice", 1, on("ConversationsIsolated", "", set("entry", "4")), firstLog, "reports entry 4 of the plan, which "+firstLog+" already reports"),
		inSealLog("skip an entry of the plan", 1, on("DaySurveyed", "Review", set("entry", "5")), firstLog, "reports entry 3 of the plan, but the next one is 2"),
		inSealLog("add an entry to the plan", 1, invent("ConversationsMoved", "group", other, 5, 0), secondLog, "reports entry 6 of the plan, but the next one is 7"),
		inSealLog("lead to more batches by a survey", 1, on("DaySurveyed", "First", set("batches", "2")), firstLog, "reports that the first surveys led to 2 batches, but the seal names 1"),
		inSealLog("lead to a batch of lane Isolated by moving", 1, on("ConversationsIsolated", "", func(e *logLine) { e.Type = "ConversationsMoved"; e.Details["group"] = other }), "seals/1/bags.csv", "names batch "+specimen.Isolated+", which by its name follows from entry 3 of the plan, but the seal's log reports no such entry"),
		inSealLog("retry before there was a seal", 1, invent("RetryRequested", "token", "again", 5, 0), firstLog, "reports a retry after 1 seals, but this is seal 1"),
		inSealLog("retry twice at a time", 2, both(on("DaySurveyed", "", set("entry", "9")), invent("RetryRequested", "token", "once more", 8, 0)), secondLog, "reports 2 times RetryRequested"),
		inSealLog("make up a retry that led to nothing", 2, invent("RetryRequested", "token", "once more", 9, 0), secondLog, "reports a retry without batches, but seal 1 has gaps that a retry can fill"),
		retry("retry after a seal that there was not", "seals", "2", "reports a retry after 2 seals, but this is seal 2"),
		retry("hide what a retry led to", "batches", "0", "reports that RetryRequested (entry 6 of the plan) led to 0 batches, but the seal names 1"),
		retry("hide that a day was to be surveyed for a retry", "days", "0", "reports 1 surveys for retries (Retry), but the retries need 0"),
		inSealLog("hold files of a bag that there is not", 1, placed("case-1-none", "1", "1"), firstLog, "there is no such bag"),
		inSealLog("hold files of a bag without a held conversation", 1, placed(specimen.Standard, "1", "1"), firstLog, `of "1" conversations of bag `+specimen.Standard+" were put under legal hold, but by the tables 0 were"),
		inSealLog("hold files of a bag of a lane that is held", 1, placed(specimen.LegalHold, "1", "1"), firstLog, "by the tables 0 were"),
		inSealLog("hold more files than there are", 1, placed(specimen.Standard, "1", "1000"), firstLog, `reports that "1000" files of bag `+specimen.Standard),
		inSealLog("hold files of a bag twice", 1, both(placed(specimen.Standard, "1", "1"), placed(specimen.Standard, "1", "1")), firstLog, "reports a second time that files of bag "+specimen.Standard),
		{name: "hold files of one bag only", do: func(a archive) {
			const at, moved = "2023-10-03T12:01:00Z", "false," + "2023-10-03T12:01:00Z"
			for _, id := range []string{conversation1, conversation5} {
				a.edit(firstTable, id, moved, "true,"+at)
			}
			a.relog(firstLog, both(placed(specimen.Standard, "1", "1"), func(events []logLine) []logLine {
				for id, bag := range map[string]string{conversation1: specimen.Standard, conversation5: specimen.Isolated} {
					events = plant(logLine{Time: specimen.Day.AddDate(0, 0, 2).Add(12 * time.Hour), Type: "HoldChanged", Details: map[string]string{"conversation": id, "held": "true", "bag": bag}})(events)
				}
				return events
			}))
			a.fitSeal(1)
		}, kind: verify.Contradiction, path: firstLog, says: "does not report that files of bag " + specimen.Isolated + " were put under legal hold (LegalHoldPlaced), but does so for other bags"},
		inBagLog("refuse a restoration of a recording that there is not", plant(logLine{Time: specimen.Day.AddDate(0, 0, 2).Add(6 * time.Hour), Type: "RestorationRefused", Details: map[string]string{"conversation": conversation1, "recording": recording51}}), standardLog, "reports that the restoration of recording "+conversation1+"/"+recording51+" was refused, but index.csv does not list it"),
		inBagLog("request fewer recordings than came", on("RecordingsRequested", "", set("recordings", "1")), standardLog, "reports request "+specimen.ID(903)+" for 1 recordings, but files of"),
		inBagLog("report a request twice", func(events []logLine) []logLine {
			return append(events, events[slices.IndexFunc(events, func(e logLine) bool { return e.Type == "RecordingsRequested" })])
		}, standardLog, "reports request "+specimen.ID(903)+" a second time"),
	}
}

// reworded are tamperings with the texts of a seal whose account says that they are in the
// words of another version, by who has the key.
func reworded() []tampering {
	in := func(name string, version string, texts int, file, old, new string, kind verify.Kind, path, says string) tampering {
		return tampering{name: name, do: func(a archive) {
			a.account(1, func(account *evidence.Account) { account.Tool.Version, account.Texts = version, texts })
			a.fitSeal(1)
			a.Replace("seals/1/"+file, old, new)
			a.ForgeSeal(1)
		}, kind: kind, path: "seals/1/" + path, says: says}
	}
	const page, draft, gaps = "report.html", "certification.txt", `<strong id="gaps"><data value="3">`
	return []tampering{
		in("keep the texts from being compared", "", 1, page, gaps, gaps, verify.Contradiction, "account.json", "the words of version 1, but version  of the exporter uses the words of version 2"),
		in("do not say in which words the texts are", "v9", 0, page, gaps, gaps, verify.Malformed, "account.json", "does not state the version of the words"),
		in("change a figure of a report in other words", "v9", 1, page, gaps, `<strong id="gaps"><data value="0">`, verify.Contradiction, page, "shows 0 as gaps, but the account counts 3"),
		in("change a figure at the top of a report in other words", "v9", 1, page, `id="key-gaps"><data value="3">`, `id="key-gaps"><data value="1">`, verify.Contradiction, page, "shows 1 as key-gaps, but the account counts 3"),
		in("leave a figure out of a report in other words", "v9", 1, page, gaps, `<strong><data value="0">`, verify.Contradiction, page, "does not show the figure gaps of the account"),
		in("change a figure of a certification in other words", "v9", 1, draft, "1 unavailable", "0 unavailable", verify.Contradiction, draft, "of its conversations, but the account counts"),
		{name: "drop a certification in other words", do: func(a archive) {
			a.account(1, func(account *evidence.Account) { account.Tool.Version, account.Texts = "v9", 1 })
			a.fitSeal(1)
			a.Remove("seals/1/certification.txt")
			a.ForgeSeal(1)
		}, kind: verify.Missing, path: "seals/1/certification.txt", says: "is missing"},
		{name: "sign a bag with another key", do: func(a archive) {
			mine, folder := a.Signer, standard+"/"
			a.Replace(folder+"bag-info.txt", mine.ID(), a.thief.ID())
			before := specimen.Sum(a.Read(folder + "tagmanifest-sha256.txt"))
			a.Signer = a.thief
			a.Rebag(specimen.Standard)
			a.Signer = mine
			for _, table := range []string{"seals/1/bags.csv", "seals/1/bags-sha256.txt"} {
				a.Replace(table, before, specimen.Sum(a.Read(folder+"tagmanifest-sha256.txt")))
			}
			a.fitSeal(1)
		}, kind: verify.KeyChanged, path: folderOfSigner, says: "account.json of seal 1 names key"},
		{name: "name a key that signs no bag", do: func(a archive) {
			a.account(1, func(account *evidence.Account) { account.BagKeys = []string{a.thief.ID()} })
			a.fitSeal(1)
		}, kind: verify.KeyChanged, path: "seals/1/account.json", says: "no bag of the seal is signed with it"},
	}
}

// folderOfSigner is where the key of the bag Standard is.
const folderOfSigner = standard + "/custody/signer.pub"

// retold are tamperings with what repeats or sums up the account, by who has the key.
func retold() []tampering {
	inSeal := func(name string, do func(a archive), kind verify.Kind, path, says string) tampering {
		return tampering{name: name, do: func(a archive) {
			do(a)
			a.fitSeal(1)
		}, kind: kind, path: path, says: says}
	}
	const failures = "seals/1/failures.csv"
	text := func(name, file, old, new string) tampering {
		return tampering{name: name, do: func(a archive) {
			a.Replace("seals/1/"+file, old, new)
			a.ForgeSeal(1)
		}, kind: verify.Contradiction, path: "seals/1/" + file, says: "differs from the text that"}
	}
	return []tampering{
		inSeal("leave a gap out of the failures", func(a archive) { a.without(failures, recording13) }, verify.Contradiction, failures, "by the bags it is"),
		inSeal("leave the last gap out of the failures", func(a archive) { a.without(failures, conversation4) }, verify.Contradiction, failures, "does not list something that the bags list: "+conversation4),
		inSeal("add a failure", func(a archive) { a.add(failures, a.row(failures, conversation4)+"\n") }, verify.Contradiction, failures, "lists something that the bags do not list: "+conversation4),
		inSeal("give another reason for a failure", func(a archive) { a.edit(failures, recording13, "FileError", "Deleted") }, verify.Contradiction, failures, `states reason "Deleted", but by the bags it is "FileError"`),
		{name: "drop the failures", do: func(a archive) {
			a.Remove(failures)
			a.ForgeSeal(1)
		}, kind: verify.Missing, path: failures, says: "it lists the unavailable items"},
		inSeal("drop the coverage", func(a archive) { a.Remove("seals/1/coverage.csv") }, verify.Missing, "seals/1/coverage.csv", "it states which bags cover which part of the window"),
		inSeal("count no conversation in no bag", func(a archive) { a.edit("seals/1/coverage.csv", specimen.Standard, "-d4,1", "-d4,0") }, verify.Contradiction, "seals/1/coverage.csv", "counts 0 conversations in no bag, but conversations.csv lists 1"),
		inSeal("say that there were no conversations", func(a archive) {
			a.edit("seals/1/coverage.csv", specimen.Standard, strings.Split(a.row("seals/1/coverage.csv", specimen.Standard), ",")[2], "no conversations")
		}, verify.Contradiction, "seals/1/coverage.csv", "for a part of the window with 4 bags"),
		inSeal("say that a bag is of another part of the window", func(a archive) {
			a.edit("seals/1/bags.csv", specimen.LegalHold, "2023-10-01T00:00:00Z", "2023-10-01T12:00:00Z")
		}, verify.Contradiction, "seals/1/bags.csv", "states that bag "+specimen.LegalHold+" covers the window from 2023-10-01T12:00:00Z"),
		inSeal("plant one load file", func(a archive) { a.Write("seals/1/loadfile.csv", []byte("CONTROL_NUMBER\n")) }, verify.Missing, "seals/1", "but the exporter makes both"),
		inSeal("plant a load file without a line", func(a archive) {
			a.Write("seals/1/loadfile.csv", []byte("CONTROL_NUMBER,EXPORT,BAG,CONVERSATION_ID,RECORDING_ID,MEDIUM,LANE,CONVERSATION_START,FILE_SIZE,SHA256,NATIVE_PATH\n"))
		}, verify.Contradiction, "seals/1/loadfile.csv", "does not list something that the bags list: case-1-1-0000001"),
		inSeal("plant a load file for Concordance", func(a archive) { a.Write("seals/1/loadfile.dat", []byte("nothing\n")) }, verify.Contradiction, "seals/1/loadfile.dat", "line 1 differs from what the bags list"),
		text("change a number of the report", "report.html", `<strong id="gaps"><data value="3">3</data>`, `<strong id="gaps"><data value="0">0</data>`),
		text("change a word of the report", "report.html", "</body>", "<p>All is well.</p></body>"),
		text("change a number of the certification", "certification.txt", "1 unavailable", "0 unavailable"),
		text("change a word of the certification", "certification.txt", "true and", "nice and"),
		text("certify for another export", "certification.txt", "legal/case-1", "legal/case-2"),
		{name: "drop the certification", do: func(a archive) {
			a.Remove("seals/1/certification.txt")
			a.ForgeSeal(1)
		}, kind: verify.Missing, path: "seals/1/certification.txt", says: "is missing"},
		{name: "drop the sums", do: func(a archive) {
			a.account(1, func(account *evidence.Account) { account.Checks = nil })
			a.fitSeal(1)
		}, kind: verify.Account, path: "seals/1/account.json", says: "contains 0 sums that do not follow from its numbers: 3 sums do"},
		{name: "sum up something else", do: func(a archive) {
			a.account(1, func(account *evidence.Account) { account.Checks[1].Left, account.Checks[1].Right = 7, 7 })
			a.fitSeal(1)
		}, kind: verify.Account, path: "seals/1/account.json", says: "contains 3 sums that do not follow from its numbers"},
		{name: "wait for conversations forever", do: func(a archive) {
			a.account(1, func(account *evidence.Account) { account.Conversations.Deferred = 1 })
			a.fitSeal(1)
		}, kind: verify.Account, path: "seals/1/account.json", says: "states that 1 conversations have not ended yet"},
		{name: "draw the account up before the export began", do: func(a archive) {
			a.account(1, func(account *evidence.Account) { account.SealedAt = specimen.Day })
			a.fitSeal(1)
		}, kind: verify.Contradiction, path: "seals/1/account.json", says: "was made at 2023-10-01T00:00:00Z, before the export began"},
		{name: "draw the account up before the log ends", do: func(a archive) {
			a.account(1, func(account *evidence.Account) { account.SealedAt = account.SealedAt.Add(-time.Hour) })
			a.fitSeal(1)
		}, kind: verify.Contradiction, path: "seals/1/account.json", says: "reports that the export was sealed at 2023-10-04T00:00:00Z"},
		{name: "make up a second source", do: func(a archive) {
			a.account(2, func(account *evidence.Account) { account.SecondSource = &evidence.SecondSource{Source: "Retention"} })
			a.fitSeal(2)
		}, kind: verify.Contradiction, path: "seals/2/account.json", says: "the log reports 0 of them"},
		{name: "hide of which part of the window a bag is", do: func(a archive) {
			a.without(standard+"/bag-info.txt", "Window: ")
			a.fit(specimen.Standard)
		}, kind: verify.Malformed, path: standard + "/bag-info.txt", says: "as the part of the window of the bag"},
	}
}
