package tamper

import (
	"strings"

	"github.com/gcexport/recording-export-operator/internal/verify"
)

// orphanages are tamperings with what is said of recordings that are attached to no
// conversation, by who has the key.
func orphanages() []tampering {
	const (
		table, account, log = "seals/1/orphans.csv", "seals/1/account.json", "seals/1/events.jsonl"
		orphan, undated     = "00000000-0000-4000-8000-000000000071", "00000000-0000-4000-8000-000000000072"
		counted             = "\"listed\": 2,\n    \"undated\": 1"
	)
	both := func(a archive, old, new string) {
		a.Replace(account, old, new)
		a.Replace("seals/2/account.json", old, new)
	}
	forged := func(name string, do func(a archive), kind verify.Kind, path, says string) tampering {
		return tampering{name: name, do: func(a archive) {
			do(a)
			a.ForgeSeal(1)
		}, kind: kind, path: path, says: says}
	}
	return []tampering{
		forged("drop an orphaned recording", func(a archive) { a.without(table, orphan) },
			verify.Account, account, "states 2 recordings attached to no conversation, but orphans.csv of the seals so far lists 1"),
		forged("drop an orphaned recording, and count it nowhere", func(a archive) {
			a.without(table, orphan)
			both(a, counted, strings.Replace(counted, "2", "1", 1))
		}, verify.Contradiction, log, "reports 2 recordings attached to no conversation, 1 undated, but orphans.csv lists 1, 1 undated"),
		forged("plant an orphaned recording", func(a archive) {
			a.after(table, orphan, strings.Replace(a.row(table, orphan), orphan, recording11, 1))
		}, verify.Account, account, "orphans.csv of the seals so far lists 3"),
		forged("plant an orphaned recording of another day", func(a archive) { a.edit(table, orphan, "2023-10-01T", "2023-10-02T") },
			verify.Coverage, table, "which was created at 2023-10-02T01:00:00Z, but this seal lists those from 2023-10-01T00:00:00Z until 2023-10-02T00:00:00Z"),
		forged("list an orphaned recording twice", func(a archive) { a.after(table, orphan, a.row(table, orphan)) }, verify.Contradiction, table, "a second time"),
		forged("change the size of an orphaned recording", func(a archive) { a.edit(table, orphan, ",7,", ",8,") }, verify.Altered, table, "was changed: line"),
		forged("change the name of an orphaned recording", func(a archive) { a.edit(table, orphan, orphan, recording11) }, verify.Altered, table, "was changed: line"),
		forged("hide when an orphaned recording was created", func(a archive) { a.edit(table, orphan, "2023-10-01T01:00:00Z", "") },
			verify.Account, account, "states 1 undated recordings attached to no conversation, but orphans.csv of the seals so far lists 2"),
		forged("make up when an orphaned recording was created", func(a archive) { a.edit(table, undated, ",,", ",yesterday,") },
			verify.Malformed, table, "as the time of creation of recording "+undated+": this is not a time"),
		forged("drop the table of orphaned recordings", func(a archive) { a.Remove(table) }, verify.Missing, table, "account.json states that recordings attached to no conversation are listed"),
		forged("say nothing of orphaned recordings", func(a archive) { both(a, `"orphans"`, `"others"`) },
			verify.Contradiction, account, "does not count recordings attached to no conversation, though the seal lists them"),
		forged("say nothing of orphaned recordings, and list none", func(a archive) {
			both(a, `"orphans"`, `"others"`)
			a.Remove(table)
		}, verify.Contradiction, account, "though the seal lists them, or its log reports them"),
		forged("say nothing of orphaned recordings any more", func(a archive) { a.Replace("seals/2/account.json", `"orphans"`, `"others"`) },
			verify.Contradiction, "seals/2/account.json", "the previous seal does"),
		forged("drop the event about orphaned recordings", func(a archive) {
			a.Rewrite(log, func(lines []string) []string { return leaveOut(lines, "OrphansListed") })
		}, verify.Contradiction, log, "does not report that recordings attached to no conversation were listed"),
		forged("say that orphaned recordings were not listed", func(a archive) {
			a.Replace(account, `"undated": 1,`, `"undated": 1, "notListed": {"from": "2023-10-01T00:00:00Z", "until": "2023-10-02T00:00:00Z", "why": "x"},`)
		}, verify.Contradiction, table, "account.json states that they are not listed"),
		forged("say that some orphaned recordings were not listed", func(a archive) {
			a.Replace(account, `"undated": 1,`, `"undated": 1, "notListed": {"from": "2023-10-01T12:00:00Z", "until": "2023-10-02T00:00:00Z", "why": "x"},`)
			a.Remove(table)
		}, verify.Coverage, account, "does not state for the whole time"),
		forged("say why orphaned recordings were not listed", func(a archive) {
			a.Replace(account, `"undated": 1,`, `"undated": 1, "notListed": {"from": "2023-10-01T00:00:00Z", "until": "2023-10-02T00:00:00Z", "why": "x"},`)
			a.Remove(table)
		}, verify.Contradiction, log, "does not report why recordings attached to no conversation are not listed"),
		{name: "list orphaned recordings in another seal", do: func(a archive) {
			a.Write("seals/2/orphans.csv", a.Read(table))
			a.ForgeSeal(2)
		}, kind: verify.Account, path: "seals/2/account.json", says: "states 2 recordings attached to no conversation, but orphans.csv of the seals so far lists 4"},
	}
}
