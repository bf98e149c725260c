package tamper

import (
	"strings"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// onBoth changes the lines about restored recordings of a bag, and its seal.
func (a archive) onBoth(old, new string) {
	a.Helper()
	a.edit(ones+"/data/retention.csv", recording64, old, new)
	a.edit("seals/1/retention.csv", recording64, old, new)
}

// restorations are tamperings with what is said of restored recordings, by who has the
// key.
func restorations() []tampering {
	const (
		table, log, sealed = ones + "/data/retention.csv", ones + "/custody/events.jsonl", "seals/1/retention.csv"
		answer             = ones + "/data/metadata/" + conversation6 + ".restored.json"
	)
	forged := func(name string, do func(a archive), kind verify.Kind, path, says string) tampering {
		return tampering{name: name, do: func(a archive) {
			do(a)
			a.Forge(specimen.IsolatedOnes, 1)
		}, kind: kind, path: path, says: says}
	}
	return []tampering{
		forged("hide that a delete date changed", func(a archive) { a.onBoth(",deleteDate", ",") },
			verify.Contradiction, table, `states that "" of recording `+conversation6+"/"+recording64+` changed, but by its dates it is "deleteDate"`),
		forged("hide that a delete date changed, and how", func(a archive) {
			a.onBoth("2032-10-01T00:00:00.000Z,,,,,deleteDate", "2033-10-01T00:00:00.000Z,,,,,")
		}, verify.Contradiction, table, "states that the deleteDate of recording "),
		forged("hide what Genesys Cloud answered, too", func(a archive) {
			a.onBoth("2032-10-01T00:00:00.000Z,,,,,deleteDate", "2033-10-01T00:00:00.000Z,,,,,")
			a.Replace(answer, "2032", "2033")
		}, verify.Contradiction, log, `reports that "deleteDate" of recording `),
		forged("hide the event, too", func(a archive) {
			a.onBoth("2032-10-01T00:00:00.000Z,,,,,deleteDate", "2033-10-01T00:00:00.000Z,,,,,")
			a.Replace(answer, "2032", "2033")
			a.Rewrite(log, func(lines []string) []string { return leaveOut(lines, "RetentionChanged") })
		}, verify.Contradiction, log, `reports "2032-10-01T00:00:00.000Z" as the deleteDate of recording `),
		forged("make up that a date changed", func(a archive) { a.onBoth(",deleteDate", ",deleteDate exportDate") },
			verify.Contradiction, table, `by its dates it is "deleteDate"`),
		forged("say that dates were not read", func(a archive) {
			a.onBoth("2023-10-11T00:00:00.000Z,2033-10-01T00:00:00.000+0000,2032-10-01T00:00:00.000Z,,,,,deleteDate", "unknown,2033-10-01T00:00:00.000+0000,unknown,,unknown,,unknown,unknown")
		}, verify.Contradiction, log, "differ about whether the dates of recording"),
		forged("say that another archive date was asked for", func(a archive) { a.onBoth("2023-10-11T00:00:00Z", "2023-10-12T00:00:00Z") },
			verify.Contradiction, log, "reports that the archive date 2023-10-11T00:00:00Z was requested"),
		forged("say no archive date that was asked for", func(a archive) { a.onBoth("2023-10-11T00:00:00Z", "") }, verify.Malformed, table, "does not state a requested archive date"),
		forged("drop a restored recording", func(a archive) {
			a.without(table, recording64)
			a.Remove(sealed)
		}, verify.Contradiction, log, "but retention.csv does not list it"),
		forged("drop the table of restored recordings", func(a archive) {
			a.Remove(table)
			a.Remove(sealed)
		}, verify.Contradiction, log, "but retention.csv does not list it"),
		forged("drop the events of a restoration", func(a archive) {
			a.Rewrite(log, func(lines []string) []string {
				return leaveOut(leaveOut(lines, "RestorationRequested"), "RetentionChanged")
			})
		}, verify.Contradiction, log, "does not report a request to restore recording "+conversation6+"/"+recording64),
		forged("plant a restored recording", func(a archive) {
			line := strings.Replace(a.row(table, recording64), recording64, recording61, 1)
			a.after(table, recording64, line)
			a.after(sealed, recording64, line+","+specimen.IsolatedOnes)
		}, verify.Contradiction, table, "which index.csv does not list"),
		forged("list a restored recording twice", func(a archive) {
			a.after(table, recording64, a.row(table, recording64))
			a.after(sealed, recording64, a.row(sealed, recording64))
		}, verify.Contradiction, table, "a second time"),
		forged("drop what Genesys Cloud said of restored recordings", func(a archive) { a.Remove(answer) }, verify.Missing, answer, "is missing"),
		forged("rename a restored recording in an answer", func(a archive) { a.Replace(answer, recording64, recording61) },
			verify.Contradiction, table, "after the restoration, but data/metadata/"),
		{name: "drop a seal's table of restored recordings", do: func(a archive) {
			a.Remove(sealed)
			a.ForgeSeal(1)
		}, kind: verify.Contradiction, path: sealed, says: "does not contain line 2 of " + table},
		{name: "plant a restored recording in a seal", do: func(a archive) {
			a.add("seals/2/retention.csv", a.row(sealed, recording64)+"\n")
			a.ForgeSeal(2)
		}, kind: verify.Contradiction, path: "seals/2/retention.csv", says: "states that bag " + specimen.IsolatedOnes + " lists recording_id " + recording64 + ", but it does not"},
		{name: "list a restored recording of no bag in a seal", do: func(a archive) {
			a.add(sealed, strings.Repeat(",", 12)+"\n")
			a.ForgeSeal(1)
		}, kind: verify.Contradiction, path: sealed, says: "which is in no bag"},
		{name: "change a date in a seal's table", do: func(a archive) {
			a.edit(sealed, recording64, "2032-10-01", "2033-10-01")
			a.ForgeSeal(1)
		}, kind: verify.Contradiction, path: sealed, says: `states delete_date_after "2033-10-01T00:00:00.000Z" for recording_id ` + recording64},
	}
}
