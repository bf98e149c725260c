package tamper

import (
	"os"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// The places of the archive that refers to files in a bucket.
const (
	fetchList  = standard + "/fetch.txt"
	references = standard + "/data/references.csv"
	payload    = standard + "/manifest-sha256.txt"
	bucket     = "s3://" + specimen.Bucket + "/"
)

// object is the file in the bucket of a file of recording 11.
func (a archive) object(nn int) string {
	return a.Object(specimen.Key(conversation1, recording11, nn))
}

// inBucket changes the object of the first file of recording 11.
func (a archive) inBucket(change func(name string) error) {
	a.Helper()
	if err := change(a.object(1)); err != nil {
		a.Fatal(err)
	}
}

// relist makes everything fit again after a change of a bag's lists, except for the lists.
func (a archive) relist(change func()) {
	a.Helper()
	before := specimen.Sum(a.Read(standard + "/tagmanifest-sha256.txt"))
	change()
	a.SignBag(specimen.Standard)
	after := specimen.Sum(a.Read(standard + "/tagmanifest-sha256.txt"))
	for _, table := range []string{"bags.csv", "bags-sha256.txt"} {
		a.Replace("seals/1/"+table, before, after)
	}
	a.ForgeSeal(1)
}

// elsewhere changes where a file is in all lists of its bag, and in its log.
func (a archive) elsewhere(old, new string) {
	a.Helper()
	a.Replace(fetchList, old, new)
	a.Replace(references, old, new)
	a.Rewrite(standard+"/custody/events.jsonl", func(lines []string) []string {
		return strings.Split(strings.Replace(strings.Join(lines, "\n"), old, new, 1), "\n")
	})
}

// referring marks tamperings with an archive that refers to files in a bucket.
func referring(list []tampering) []tampering {
	for i := range list {
		list[i].refers = true
	}
	return list
}

// unreferenced are tamperings of who can write to the archive or to the bucket.
func unreferenced() []tampering {
	return referring([]tampering{
		{name: "flip a byte of an object", do: func(a archive) {
			a.inBucket(func(name string) error { return os.WriteFile(name, []byte("R"), 0o600) })
		}, kind: verify.Altered, path: standard + first, says: "it is outside the archive, at " + bucket},
		{name: "delete an object", do: func(a archive) { a.inBucket(os.Remove) }, kind: verify.Missing, path: standard + first, says: "but nothing is there"},
		{name: "swap two objects", do: func(a archive) {
			a.inBucket(func(name string) error {
				content, err := os.ReadFile(a.object(2))
				if err != nil {
					return err
				}
				return os.WriteFile(name, content, 0o600)
			})
		}, kind: verify.Altered, path: standard + first, says: "these are the bytes of " + second[1:]},
		{name: "delete fetch.txt", do: func(a archive) { a.Remove(fetchList) }, kind: verify.Missing, path: fetchList, says: "lists 2 files outside the archive"},
		{name: "delete the table of references", do: func(a archive) { a.Remove(references) }, kind: verify.Contradiction, path: fetchList, says: "line 1 lists " + first[1:] + ", but data/references.csv does not"},
		{name: "store a file that is referenced", do: func(a archive) {
			a.inBucket(func(name string) error {
				content, err := os.ReadFile(name)
				a.Write(standard+first, content)
				return err
			})
		}, kind: verify.Contradiction, path: fetchList, says: "is also in the bag"},
		{name: "change a location", do: func(a archive) { a.Replace(fetchList, "-1.wav", "-2.wav") }, kind: verify.Altered, path: fetchList, says: "was changed"},
		{name: "plant a fetch.txt", do: func(a archive) { a.Write("bags/"+specimen.Isolated+"/fetch.txt", nil) }, kind: verify.Planted, path: specimen.Isolated + "/fetch.txt", says: "tagmanifest-sha256.txt"},
	})
}

// misreferenced are tamperings by who has the key.
func misreferenced() []tampering {
	line := func(name string, do func(text string) string, kind verify.Kind, says string) tampering {
		return tampering{name: name, do: func(a archive) {
			a.change(fetchList, do)
			a.Forge(specimen.Standard, 1)
		}, kind: kind, path: fetchList, says: says}
	}
	replaced := func(old, new string) func(string) string {
		return func(text string) string { return strings.Replace(text, old, new, 1) }
	}
	row := func(name string, do func(text string) string, kind verify.Kind, says string) tampering {
		return tampering{name: name, do: func(a archive) {
			a.change(references, do)
			a.Forge(specimen.Standard, 1)
		}, kind: kind, path: references, says: says}
	}
	return referring([]tampering{
		line("fetch a file twice", func(text string) string { return text + text[:strings.Index(text, "\n")+1] }, verify.Contradiction, "line 3 lists "+first[1:]+" a second time"),
		line("fetch a file that the table does not list", replaced("/02.wav", "/03.wav"), verify.Contradiction, "line 2 lists "+strings.Replace(second[1:], "02.wav", "03.wav", 1)+", but data/references.csv does not"),
		line("leave a file out of fetch.txt", func(text string) string { return text[:strings.Index(text, "\n")+1] }, verify.Contradiction, "does not list "+second[1:]+", but data/references.csv does"),
		line("fetch from another location", replaced("-1.wav", "-3.wav"), verify.Contradiction, "-3.wav, but data/references.csv states "+bucket),
		line("fetch in another order", func(text string) string { return strings.Join(exchange(strings.SplitAfter(text, "\n")), "") }, verify.Contradiction, "lists files in another order"),
		line("change a length", func(text string) string { return strings.Replace(text, ".wav ", ".wav 1", 1) }, verify.Contradiction, "but files.csv states"),
		line("leave a length open", func(text string) string {
			from, _, _ := strings.Cut(text, " ")
			return from + " - " + first[1:] + "\n"
		}, verify.Malformed, "has a length that is not a number of bytes"),
		line("write a length otherwise", replaced(".wav ", ".wav 0"), verify.Malformed, "has a length that is not a number of bytes"),
		line("divide fields with a tab", replaced(" ", "\t"), verify.Malformed, "with a blank between them"),
		line("change line ends of fetch.txt", func(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }, verify.Malformed, "escapes something else"),
		line("cut the end of fetch.txt off", func(text string) string { return strings.TrimSuffix(text, "\n") }, verify.Malformed, "cut off"),
		line("escape what needs no escaping", replaced("/01.wav", "/%301.wav"), verify.Malformed, "escapes something else than line breaks and percent signs"),
		line("leave a percent sign as it is", replaced("/01.wav", "/%.wav"), verify.Malformed, "does not escape one of them"),
		line("escape a line break", replaced("/01.wav", "/01.wav%0Afetch"), verify.Malformed, "has a path that is not that of a recording"),
		line("escape a percent sign", replaced("/01.wav", "/01%25.wav"), verify.Malformed, "has a path that is not that of a recording"),
		line("fetch a file to another place", replaced(" data/", " ../data/"), verify.Malformed, "has a path that is not that of a recording"),
		line("fetch a table", replaced(first[1:], "data/index.csv"), verify.Malformed, "has a path that is not that of a recording"),
		line("fetch over HTTP", replaced(bucket, "https://"+specimen.Bucket+".s3.amazonaws.com/"), verify.Malformed, "does not begin with the location of an object"),
		line("fetch from this machine", replaced(bucket, "file:///etc/"), verify.Malformed, "does not begin with the location of an object"),
		line("write a location otherwise", replaced("year=", "ye%61r="), verify.Malformed, "does not begin with the location of an object"),
		line("leave the bucket", replaced("/year=2023/", "/../year=2023/"), verify.Malformed, "does not begin with the location of an object"),
		line("write a line without end", func(text string) string { return text + strings.Repeat("x", 1<<16) }, verify.Malformed, "after line 2"),
		line("empty fetch.txt", func(string) string { return "" }, verify.Contradiction, "does not list "+first[1:]),
		{name: "write a fetch.txt for nothing", do: func(a archive) {
			a.Write("bags/"+specimen.Isolated+"/fetch.txt", nil)
			a.Forge(specimen.Isolated, 1)
		}, kind: verify.Malformed, path: specimen.Isolated + "/fetch.txt", says: "is empty"},
		{name: "write a table of references for nothing", do: func(a archive) {
			a.Write("bags/"+specimen.Isolated+"/data/references.csv", []byte("path,location,etag,encryption\n"))
			a.Forge(specimen.Isolated, 1)
		}, kind: verify.Malformed, path: specimen.Isolated + "/data/references.csv", says: "is empty"},
		row("refer to a file twice", func(text string) string {
			return text + text[strings.Index(text, "\n")+1:]
		}, verify.Contradiction, "line 4 lists "+first[1:]+" a second time"),
		row("refer to a table", replaced(first[1:], "data/index.csv"), verify.Malformed, "is not the path of a recording"),
		row("refer to a location that is none", replaced(bucket, "https://example.com/"), verify.Malformed, "is not the location of an object"),
		row("pass one object off as two files", replaced("-2.wav", "-1.wav"), verify.Contradiction, "where "+first[1:]+" is"),
		row("make up an encryption", replaced("KMS", "ROT13"), verify.Malformed, "in a way that is not known"),
		row("refer to a file that is stored", func(text string) string {
			return text + "data/recordings/" + conversation6 + "/" + recording61 + "/01.wav," + bucket + "x,,\n"
		}, verify.Contradiction, "is also in the bag"),
		row("name the columns of the references otherwise", replaced("etag", "checksum"), verify.Malformed, "does not name the column etag"),
		{name: "leave a referenced file out of the manifest", do: func(a archive) {
			a.relist(func() { a.without(payload, first[1:]) })
		}, kind: verify.Contradiction, path: fetchList, says: "lists " + first[1:] + ", but manifest-sha256.txt does not"},
		{name: "leave a referenced file out of files.csv", do: func(a archive) {
			a.without(standard+"/data/files.csv", first[1:])
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: references, says: "lists " + first[1:] + ", but files.csv does not"},
		{name: "state another location than the log", do: func(a archive) {
			a.Replace(fetchList, "-1.wav", "-3.wav")
			a.Replace(references, "-1.wav", "-3.wav")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: standard + "/custody/events.jsonl", says: "reports that " + first[1:] + " is at "},
		{name: "refer to an object that is not there", do: func(a archive) {
			a.elsewhere("-1.wav", "-3.wav")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Missing, path: standard + first, says: "but nothing is there"},
		{name: "refer to a bucket that the account does not know", do: func(a archive) {
			a.elsewhere(bucket, "s3://another-bucket/")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Account, path: "seals/1/account.json", says: "does not know bucket another-bucket"},
		{name: "report that a referenced file was stored", do: func(a archive) {
			a.Rewrite(standard+"/custody/events.jsonl", func(lines []string) []string {
				return strings.Split(strings.Replace(strings.Join(lines, "\n"), "RecordingReferenced", "RecordingStored", 1), "\n")
			})
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: standard + "/custody/events.jsonl", says: "reports RecordingStored of " + first[1:] + ", but data/references.csv states otherwise"},
		inBagLog("hide how a bulk job ended", lose("BulkJobEnded", ""), standardLog, "but not how it ended"),
		inBagLog("execute a bulk job that found another number", on("BulkJobExecutionRequested", "", set("recordings", "9999")), standardLog, `though it had found "9999" recordings`),
		inBagLog("have files of a bulk job that failed", on("BulkJobEnded", "", set("state", "FAILED")), standardLog, "but not that this job was executed and FULFILLED"),
		inBagLog("hide that a bulk job was executed", lose("BulkJobExecutionRequested", ""), standardLog, "but not that this job was executed and FULFILLED"),
		inBagLog("refer to files of a batch request", on("RecordingsRequested", "", func(e *logLine) { delete(e.Details, "bulkJobPart") }), standardLog, "was not a recording bulk job"),
		{name: "hide in the account what is referenced", do: func(a archive) {
			a.change("seals/1/account.json", func(text string) string {
				before, after, _ := strings.Cut(text, "\n  \"referenced\"")
				_, after, _ = strings.Cut(after, "\n  ],")
				return before + after
			})
			a.Retell(1)
			a.ForgeSeal(1)
		}, kind: verify.Account, path: "seals/1/account.json", says: "does not know bucket " + specimen.Bucket},
		{name: "count more referenced recordings than there are", do: func(a archive) {
			a.Replace("seals/1/account.json", "\"recordings\": 2,\n      \"files\"", "\"recordings\": 3,\n      \"files\"")
			a.Retell(1)
			a.ForgeSeal(1)
		}, kind: verify.Account, path: "seals/1/account.json", says: "3 recordings in bucket " + specimen.Bucket},
		{name: "lead a load file elsewhere", do: func(a archive) {
			a.Replace("seals/1/loadfile.csv", bucket, "s3://another-bucket/")
			a.ForgeSeal(1)
		}, kind: verify.Contradiction, path: "seals/1/loadfile.csv", says: "NATIVE_PATH"},
	})
}
