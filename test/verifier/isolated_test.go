package main

import (
	"strings"
	"testing"
)

// TestWhatIsIsolated changes one thing about what is isolated at a time, and makes
// everything above fit.
func TestWhatIsIsolated(t *testing.T) {
	t.Parallel()
	const (
		standard = "bags/case-standard/data/"
		retry    = "bags/case-standard-d1/data/index.csv"
		some     = "bags/case-isolated-d4/data/"
		last     = "bags/case-isolated-d5/data/index.csv"
		gone     = ",0,false,Excluded,MovedToIsolated"
	)
	bad, mixed := id(1, 7), id(1, 8)
	lane := func(number, bag, to string) func(*fixture) {
		return func(f *fixture) {
			f.replace("seals/"+number+"/bags.csv", bag+","+map[bool]string{true: isolatedLane, false: "Standard"}[strings.Contains(bag, "isolated")], bag+","+to)
			f.resignAll(number)
		}
	}
	tests := map[string]struct {
		change func(*fixture)
		says   string
	}{
		"a conversation did not leave": {func(f *fixture) {
			f.replace(standard+"conversations.csv", bad+gone, bad+",0,false,Excluded,MovedToHold")
			f.forge("case-standard", "1")
		}, "conversation " + bad + " is in the lane Isolated, but never left another"},
		"a conversation is at home where it left": {func(f *fixture) {
			f.replace(standard+"conversations.csv", bad+gone, bad+",0,true,Excluded,MovedToIsolated")
			f.forge("case-standard", "1")
		}, "conversation " + bad + " cannot be isolated here"},
		"a conversation is exported where it left": {func(f *fixture) {
			f.replace(standard+"conversations.csv", bad+gone, bad+",0,false,Exported,MovedToIsolated")
			f.forge("case-standard", "1")
		}, "conversation " + bad + " cannot be isolated here"},
		"a conversation is listed by another bag too": {func(f *fixture) {
			f.replace("bags/case-legalhold/data/conversations.csv", ",another column\n", ",another column\n"+bad+",2,false,Exported,,,\n")
			f.forge("case-legalhold", "1")
		}, "conversation " + bad + " is isolated, but this bag lists it too"},
		"a conversation came to another lane": {lane("1", "case-isolated-d3", "LegalHold"), "conversation " + bad + " is isolated, but at home in no bag of that lane"},
		"a recording is listed where its conversation left": {func(f *fixture) {
			f.replace(standard+"index.csv", mixed+","+id(2, 83), bad+","+id(2, 71)+",Call,Standard,Excluded,MovedToIsolated,0,\n"+mixed+","+id(2, 83))
			f.forge("case-standard", "1")
		}, "conversation " + bad + " is isolated, but recording " + id(2, 71) + " is listed"},
		"a recording did not leave": {func(f *fixture) {
			f.replace(standard+"index.csv", ",MovedToIsolated,", ",DuplicateID,")
			f.forge("case-standard", "1")
		}, id(2, 82) + " is in the lane Isolated, but never left another"},
		"a recording came to another lane": {lane("1", "case-isolated-d4", "LegalHold"), id(2, 82) + " is isolated, but listed in another lane"},
		"a recording came to two bags": {func(f *fixture) {
			f.replace(last, mixed, mixed+","+id(2, 82)+",Call,Isolated,Unavailable,Refused,0,\n"+mixed)
			f.forge("case-isolated-d5", "2")
		}, id(2, 82) + " is listed twice"},
		"a recording came to no bag": {func(f *fixture) {
			f.replace(last, id(2, 83), id(2, 89))
			f.forge("case-isolated-d5", "2")
		}, id(2, 83) + " is isolated, but no bag of that lane lists it"},
		"a recording left the lane Isolated": {func(f *fixture) {
			f.replace(last, ",Exported,,", ",Excluded,MovedToIsolated,")
			f.forge("case-isolated-d5", "2")
		}, id(2, 83) + " cannot be isolated here"},
		"a recording left twice": {func(f *fixture) {
			f.replace(retry, id(2, 83), id(2, 81))
			f.forge("case-standard-d1", "2")
		}, id(2, 81) + " is isolated, but listed before"},
		"a recording left that was not retried": {func(f *fixture) {
			f.replace(retry, "MovedToIsolated,0,true", "MovedToIsolated,0,")
			f.forge("case-standard-d1", "2")
		}, id(2, 83) + " is isolated, but listed before"},
		"a retry in the lane Isolated": {lane("2", "case-standard-d1", isolatedLane), id(2, 41) + " is retried in another lane than it was in"},
		"files of a recording that did not leave": {func(f *fixture) {
			f.replace(standard+"index.csv", ",MovedToIsolated,", ",MediumNotRequested,")
			f.forge("case-standard", "1")
		}, "has files of " + mixed + "/" + id(2, 82) + ", which index.csv does not list as exported"},
		"a file that is not counted where it left": {func(f *fixture) {
			f.replace(standard+"index.csv", ",MovedToIsolated,1", ",MovedToIsolated,0")
			f.forge("case-standard", "1")
		}, "says 0 files of " + mixed + "/" + id(2, 82) + ", there are 1"},
		"another file where it left": {func(f *fixture) {
			f.write(standard+"recordings/"+mixed+"/"+id(2, 82)+"/01.wav", []byte("f1rst"))
			f.replace(standard+"files.csv", sum([]byte("first")), sum([]byte("f1rst")))
			f.replace("bags/case-standard/custody/events.jsonl", sum([]byte("first")), sum([]byte("f1rst")))
			f.forge("case-standard", "1")
		}, "is not byte for byte what there is"},
		"a file both where it left and where it came": {func(f *fixture) {
			folder := "data/recordings/" + mixed + "/" + id(2, 82)
			f.remove("bags/case-isolated-d4/" + folder + "/02.wav")
			f.write("bags/case-isolated-d4/"+folder+"/01.wav", []byte("first"))
			f.replace(some+"files.csv", folder+"/02.wav,"+mixed+","+id(2, 82)+",6,"+sum([]byte("second")), folder+"/01.wav,"+mixed+","+id(2, 82)+",5,"+sum([]byte("first")))
			f.write("bags/case-isolated-d4/custody/events.jsonl", events(
				event{Type: "RecordingStored", Details: map[string]string{"path": folder + "/01.wav", "sha256": sum([]byte("first"))}}, event{Type: "BagSealed"}))
			f.forge("case-isolated-d4", "1")
		}, "contains data/recordings/" + mixed + "/" + id(2, 82) + "/01.wav, and so does case-isolated-d4"},
		"a recording of which no file is anywhere": {func(f *fixture) {
			f.replace(last, ",Exported,,1", ",Exported,,0")
			f.remove("bags/case-isolated-d5/data/recordings/" + mixed + "/" + id(2, 83) + "/01.wav")
			f.write("bags/case-isolated-d5/data/files.csv", table(fileColumns, nil))
			f.write("bags/case-isolated-d5/custody/events.jsonl", events(event{Type: "BagSealed"}))
			f.forge("case-isolated-d5", "2")
		}, id(2, 83) + " is exported, but nowhere"},
		"a part where it came": {func(f *fixture) {
			f.remove(some + "recordings/" + mixed + "/" + id(2, 82) + "/02.wav")
			f.forge("case-isolated-d4", "1")
		}, "lists data/recordings/" + mixed + "/" + id(2, 82) + "/02.wav, which is missing"},
		"a row that left is counted": {func(f *fixture) {
			f.replace("seals/1/bags.csv", ",2,2,3,", ",2,3,3,")
			f.resignAll("1")
		}, "bags.csv says 3 excluded of case-standard, it has 2"},
		"a row that left is sealed": {func(f *fixture) {
			f.replace("seals/1/recordings.csv", mixed+","+id(2, 83), mixed+","+id(2, 82)+",Excluded,MovedToIsolated,,case-standard\n"+mixed+","+id(2, 83))
			f.resignAll("1")
		}, "recordings.csv and the bags differ by 1 about case-standard " + mixed + "/" + id(2, 82)},
		"a row that was retried and left is not sealed": {func(f *fixture) {
			f.replace("seals/2/recordings.csv", mixed+","+id(2, 83)+",Excluded,MovedToIsolated,true,case-standard-d1\n", "")
			f.resignAll("2")
		}, "recordings.csv and the bags differ by -1 about case-standard-d1 " + mixed + "/" + id(2, 83)},
		"a conversation that left is sealed": {func(f *fixture) {
			f.replace("seals/1/conversations.csv", bad, bad+",0,false,Excluded,MovedToIsolated,,case-standard\n"+bad)
			f.resignAll("1")
		}, "conversation " + bad + " is listed twice"},
		"the account counts what left": {func(f *fixture) {
			f.replace("seals/2/account.json", `"Excluded":3`, `"Excluded":4`)
			f.resign("seals/2")
		}, "says 4 recordings Excluded"},
		"metadata was asked for without need": {func(f *fixture) {
			f.answers(metadataRoute, "/api/v2/conversations/"+mixed+"/recordingmetadata", 1)
			f.tell()
		}, "was answered 4 times, 3 are allowed"},
		"metadata of a whole conversation was asked for again": {func(f *fixture) {
			f.answers(metadataRoute, "/api/v2/conversations/"+bad+"/recordingmetadata", 2)
			f.tell()
		}, "was answered 2 times, 1 are allowed"},
		"a file was fetched without need": {func(f *fixture) {
			f.answers(mediaRoute, "/media/"+mixed+"/"+id(2, 83)+"/1", 2)
			f.tell()
		}, "was answered 2 times, 1 are allowed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			tt.change(f)
			if status, says := f.judge(); status != exitViolated || !strings.Contains(says, tt.says) {
				t.Errorf("status %d, does not say %q:\n%s", status, tt.says, says)
			}
		})
	}
}
