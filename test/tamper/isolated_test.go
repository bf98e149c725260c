package tamper

import (
	"fmt"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// The places of what is isolated.
const (
	isolated = "bags/" + specimen.Isolated
	ones     = "bags/" + specimen.IsolatedOnes
	again    = "bags/" + specimen.IsolatedAgain

	recording51 = "00000000-0000-4000-8000-000000000051"
	recording61 = "00000000-0000-4000-8000-000000000061"
	recording62 = "00000000-0000-4000-8000-000000000062"
	recording63 = "00000000-0000-4000-8000-000000000063"
	recording65 = "00000000-0000-4000-8000-000000000065"
	recording64 = "00000000-0000-4000-8000-000000000064"

	conversation2 = "00000000-0000-4000-8000-000000000002"
	conversation5 = "00000000-0000-4000-8000-000000000005"
	conversation6 = "00000000-0000-4000-8000-000000000006"
)

// after puts a line after the one that contains a text.
func (a archive) after(name, text, line string) {
	a.Helper()
	found := false
	a.lines(name, func(lines []string) []string {
		var out []string
		for _, l := range lines {
			out = append(out, l)
			if !found && strings.Contains(l, text) {
				found = true
				out = append(out, line+"\n")
			}
		}
		return out
	})
	if !found {
		a.Fatalf("%s does not contain %q", name, text)
	}
}

// row finds the line of a table that contains a text.
func (a archive) row(name, text string) string {
	a.Helper()
	for line := range strings.Lines(string(a.Read(name))) {
		if strings.Contains(line, text) {
			return strings.TrimSuffix(line, "\n")
		}
	}
	a.Fatalf("%s does not contain %q", name, text)
	return ""
}

// edit changes the line of a table that contains a text.
func (a archive) edit(name, text, old, new string) {
	a.Helper()
	line := a.row(name, text)
	if !strings.Contains(line, old) {
		a.Fatalf("%s: %q does not contain %q", name, line, old)
	}
	a.Replace(name, line, strings.Replace(line, old, new, 1))
}

// isolations are tamperings with what is isolated, by who has the key.
func isolations() []tampering {
	const (
		index, table = standard + "/data/index.csv", standard + "/data/conversations.csv"
		left         = "Excluded,MovedToIsolated,try again,0,false"
	)
	return []tampering{
		{name: "drop the bag of an isolated conversation", do: func(a archive) {
			a.drop(specimen.Isolated)
		}, kind: verify.Coverage, path: table, says: "but no bag accounts for it"},
		{name: "drop the bag of an isolated recording", do: func(a archive) {
			a.drop(specimen.IsolatedOnes)
		}, kind: verify.Coverage, path: index, says: recording64 + " is isolated, but no bag of lane Isolated accounts for it"},
		{name: "drop the line of an isolated recording", do: func(a archive) {
			a.without(again+"/data/index.csv", conversation6)
			a.without(again+"/data/files.csv", conversation6)
			a.Remove(again + "/data/recordings")
			a.without("seals/2/recordings.csv", specimen.IsolatedAgain)
			a.Forge(specimen.IsolatedAgain, 2)
		}, kind: verify.Coverage, path: retry + "/data/index.csv", says: "is isolated, but no bag of lane Isolated accounts for it"},
		{name: "hide that a recording was isolated", do: func(a archive) {
			a.without(index, recording64)
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: ones + "/data/index.csv", says: recording64 + " in lane Isolated, but no earlier bag states that it was isolated"},
		{name: "hide that a conversation was isolated", do: func(a archive) {
			a.without(table, conversation5)
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: isolated + "/data/conversations.csv", says: conversation5 + " in lane Isolated, but no bag states that it was isolated"},
		{name: "hide that a retried recording was isolated", do: func(a archive) {
			a.without(retry+"/data/index.csv", "MovedToIsolated")
			a.without("seals/2/recordings.csv", "MovedToIsolated")
			a.Forge(specimen.Retry, 2)
		}, kind: verify.Contradiction, path: again + "/data/index.csv", says: "already accounts for"},
		{name: "list an isolated recording in a seal", do: func(a archive) {
			a.after("seals/1/recordings.csv", recording61, strings.Join([]string{conversation6, recording64, "Call", "Standard", left, specimen.Standard}, ","))
			a.ForgeSeal(1)
		}, kind: verify.Contradiction, path: "seals/1/recordings.csv", says: "lines were added, removed or moved"},
		{name: "list an isolated recording last in a seal", do: func(a archive) {
			a.add("seals/1/recordings.csv", strings.Join([]string{conversation6, recording64, "Call", "Standard", left, specimen.Standard}, ",")+"\n")
			a.ForgeSeal(1)
		}, kind: verify.Contradiction, path: "seals/1/recordings.csv", says: "states that bag " + specimen.Standard + " lists recording_id " + recording64 + ", but it does not"},
		{name: "leave a retried and isolated recording out of a seal", do: func(a archive) {
			a.without("seals/2/recordings.csv", "MovedToIsolated")
			a.ForgeSeal(2)
		}, kind: verify.Contradiction, path: "seals/2/recordings.csv", says: "does not contain line 4 of " + retry + "/data/index.csv"},
		{name: "drop an isolated conversation from a seal", do: func(a archive) {
			a.without("seals/1/conversations.csv", conversation5)
			a.ForgeSeal(1)
		}, kind: verify.Contradiction, path: "seals/1/conversations.csv", says: "does not contain line 2 of " + isolated + "/data/conversations.csv"},
		{name: "count isolated recordings in the list of bags", do: func(a archive) {
			a.edit("seals/1/bags.csv", specimen.Standard, ",2,1,2,", ",2,3,2,")
			a.ForgeSeal(1)
		}, kind: verify.Contradiction, path: "seals/1/bags.csv", says: "states 3 excluded for bag " + specimen.Standard + ", but it has 1"},
		{name: "count isolated recordings in the account", do: func(a archive) {
			a.Replace("seals/1/account.json", "\"exported\": 2,\n      \"excluded\": 0", "\"exported\": 2,\n      \"excluded\": 2")
			a.ForgeSeal(1)
		}, kind: verify.Account, path: "seals/1/account.json", says: "states 2 recordings of lane Standard and medium Call excluded, but the bags and seals contain 0"},
		{name: "account for an isolated recording where it left too", do: func(a archive) {
			a.edit(index, recording64, "Excluded,MovedToIsolated", "Unavailable,Refused")
			a.after("seals/1/recordings.csv", recording61, a.row(index, recording64)+","+specimen.Standard)
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: ones + "/data/index.csv", says: recording64 + ", which another line already accounts for"},
		{name: "account for an isolated recording in two isolated bags", do: func(a archive) {
			a.after(again+"/data/index.csv", recording63, a.row(ones+"/data/index.csv", recording64))
			a.edit(again+"/data/index.csv", recording64, "Exported,,,2", "Unavailable,Refused,,0")
			a.Forge(specimen.IsolatedAgain, 2)
		}, kind: verify.Contradiction, path: again + "/data/index.csv", says: recording64 + ", which another line already accounts for"},
		{name: "say twice that a recording is isolated", do: func(a archive) {
			line := strings.Replace(a.row(index, recording64), "Standard", "LegalHold", 1)
			a.after(legalHold+"/data/index.csv", recording21, line)
			a.after(legalHold+"/data/conversations.csv", conversation2, a.row(ones+"/data/conversations.csv", conversation6))
			a.Forge(specimen.LegalHold, 1)
		}, kind: verify.Contradiction, path: legalHold + "/data/index.csv", says: recording64 + " is isolated, as line 8 of " + index + " already does"},
		{name: "say that an exported recording is isolated", do: func(a archive) {
			line := strings.Replace(a.row(index, recording64), "Standard", "LegalHold", 1)
			a.after(legalHold+"/data/index.csv", recording21, strings.Replace(line, recording64, recording61, 1))
			a.after(legalHold+"/data/conversations.csv", conversation2, a.row(ones+"/data/conversations.csv", conversation6))
			a.Forge(specimen.LegalHold, 1)
		}, kind: verify.Contradiction, path: legalHold + "/data/index.csv", says: recording61 + ", which another line already accounts for"},
		{name: "isolate a recording in another lane", do: func(a archive) {
			a.lane(specimen.IsolatedOnes, "LegalHold")
		}, kind: verify.Contradiction, path: ones + "/data/index.csv", says: "in lane LegalHold, but line 6 of " + index + " states that it is isolated"},
		{name: "isolate a conversation in another lane", do: func(a archive) {
			a.lane(specimen.Isolated, "LegalHold")
		}, kind: verify.Contradiction, path: table, says: conversation5 + " is isolated, but a bag of another lane accounts for it"},
		{name: "say that a moved conversation is isolated", do: func(a archive) {
			a.edit(table, conversation2, "MovedToHold", "MovedToIsolated")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: table, says: conversation2 + " is isolated, but a bag of another lane accounts for it"},
		{name: "say that an isolated conversation moved", do: func(a archive) {
			a.edit(table, conversation5, "MovedToIsolated", "MovedToHold")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: isolated + "/data/conversations.csv", says: "but no bag states that it was isolated"},
		{name: "account for an isolated conversation where it left", do: func(a archive) {
			a.edit(table, conversation5, ",0,false,", ",0,true,")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: table, says: "so another bag accounts for it"},
		{name: "account for an isolated conversation twice", do: func(a archive) {
			a.after(legalHold+"/data/conversations.csv", conversation2, a.row(isolated+"/data/conversations.csv", conversation5))
			a.Forge(specimen.LegalHold, 1)
		}, kind: verify.Contradiction, path: isolated + "/data/conversations.csv", says: conversation5 + ", which another line already accounts for"},
		{name: "keep an isolated conversation in another lane", do: func(a archive) {
			line := strings.NewReplacer("Excluded,MovedToIsolated,HTTP 504", "Exported,,").Replace(a.row(table, conversation5))
			a.after(legalHold+"/data/conversations.csv", conversation2, line)
			a.Forge(specimen.LegalHold, 1)
		}, kind: verify.Contradiction, path: isolated + "/data/conversations.csv", says: "a bag of another lane lists it without stating that it was isolated"},
		{name: "list a recording of an isolated conversation where it left", do: func(a archive) {
			a.after(index, recording64, strings.NewReplacer(conversation6, conversation5, recording64, recording51).Replace(a.row(index, recording64)))
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: index, says: "but conversations.csv states that the whole conversation is isolated"},
		{name: "exclude an isolated recording of which there is a file", do: func(a archive) {
			a.edit(index, recording62, "MovedToIsolated", "MediumNotRequested")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: index, says: "Excluded, but the bag contains 1 file of it"},
		{name: "hide a recording of which there is a file", do: func(a archive) {
			a.without(index, recording62)
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: index, says: "does not list recording " + conversation6 + "/" + recording62 + ", but the bag contains 1 file of it"},
		{name: "hide the file of an isolated recording", do: func(a archive) {
			a.edit(index, recording62, "try again,1", "try again,0")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: index, says: "states 0 files of recording " + conversation6 + "/" + recording62 + ", but the bag contains 1"},
		{name: "drop what had come of an isolated recording", do: func(a archive) {
			const file = "data/recordings/" + conversation6 + "/" + recording65 + "/01.wav"
			a.Remove(standard + "/" + file)
			a.without(standard+"/data/files.csv", file)
			a.Rewrite(standard+"/custody/events.jsonl", func(lines []string) []string { return leaveOut(lines, file) })
			a.edit(index, recording65, "try again,1", "try again,0")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: ones + "/data/index.csv", says: recording65 + " is Exported, but there is no file of it"},
		{name: "store a file of an isolated recording twice", do: func(a archive) {
			const folder = "data/recordings/" + conversation6 + "/" + recording62
			a.rename(ones+"/"+folder+"/02.wav", ones+"/"+folder+"/01.wav")
			for _, name := range []string{"/data/files.csv", "/custody/events.jsonl"} {
				a.Replace(ones+name, folder+"/02.wav", folder+"/01.wav")
			}
			a.Rewrite(ones+"/custody/events.jsonl", func(lines []string) []string { return lines })
			a.Forge(specimen.IsolatedOnes, 1)
		}, kind: verify.Contradiction, path: ones + "/data/index.csv", says: "this bag contains its file 01, but so does the bag of " + index},
		{name: "call an isolated recording unavailable", do: func(a archive) {
			a.edit(index, recording64, "Excluded,MovedToIsolated", "Unavailable,MovedToIsolated")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: index, says: "is Unavailable and isolated at once"},
		{name: "isolate what is isolated", do: func(a archive) {
			a.edit(again+"/data/index.csv", conversation6, "Exported,,,2", "Excluded,MovedToIsolated,,2")
			a.without("seals/2/recordings.csv", specimen.IsolatedAgain)
			a.Forge(specimen.IsolatedAgain, 2)
		}, kind: verify.Contradiction, path: again + "/data/index.csv", says: "but this bag is already of lane Isolated"},
		{name: "isolate a recording whose id is none", do: func(a archive) {
			a.edit(index, recording64, recording64, "none")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: index, says: "but its id is not valid"},
		{name: "retry what was isolated", do: func(a archive) {
			a.edit(ones+"/data/index.csv", recording64, ",2,false", ",2,true")
			a.edit("seals/1/recordings.csv", recording64, ",2,false", ",2,true")
			a.Forge(specimen.IsolatedOnes, 1)
		}, kind: verify.Contradiction, path: ones + "/data/index.csv", says: "no bag states that it was unavailable"},
		{name: "retry in the lane Isolated what was in another", do: func(a archive) {
			a.lane(specimen.Retry, "Isolated")
		}, kind: verify.Contradiction, path: retry + "/data/index.csv", says: "replaces the line of a bag of lane Standard about recording"},
	}
}

// drop drops a bag of the first seal with its lines there.
func (a archive) drop(name string) {
	a.Helper()
	a.Remove("bags/" + name)
	for _, table := range []string{"bags.csv", "bags-sha256.txt", "conversations.csv", "recordings.csv"} {
		a.without("seals/1/"+table, name)
	}
	a.Replace("seals/1/coverage.csv", " "+name, "")
	a.ForgeSeal(1)
}

// lane puts a bag into another lane, wherever that is said.
func (a archive) lane(name, lane string) {
	a.Helper()
	seal := 1
	if name == specimen.Retry {
		seal = 2
	}
	folder := fmt.Sprintf("seals/%d/", seal)
	for _, at := range []string{"Standard", "Isolated"} {
		a.Write("bags/"+name+"/bag-info.txt", []byte(strings.Replace(string(a.Read("bags/"+name+"/bag-info.txt")), "Lane: "+at, "Lane: "+lane, 1)))
		for _, table := range []string{"bags/" + name + "/data/index.csv", folder + "bags.csv", folder + "recordings.csv"} {
			a.lines(table, func(lines []string) []string {
				for i := range lines {
					if strings.HasPrefix(table, "bags/") || strings.Contains(lines[i], name) {
						lines[i] = strings.Replace(lines[i], ","+at+",", ","+lane+",", 1)
					}
				}
				return lines
			})
		}
	}
	a.Forge(name, seal)
}
