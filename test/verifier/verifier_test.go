package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// judge runs the verifier.
func (f *fixture) judge(flags ...string) (status int, says string) {
	f.Helper()
	var out bytes.Buffer
	arguments := append([]string{"-archive", f.archive, "-alone", filepath.Dir(f.archive), "-truth", f.truth}, flags...)
	status = run(arguments, &out, &out)
	return status, out.String()
}

func TestASoundArchive(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	want := "complete: 10 recordings, 2 gaps, 12 files in 8 bags under 2 seals, 9 calls, 0 orphaned jobs\n"
	if status, says := f.judge(); status != exitSound || says != want {
		t.Errorf("status %d:\n%s", status, says)
	}
}

// TestTheTruthOverHTTP is the same as from files.
func TestTheTruthOverHTTP(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	folder := f.truth
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, asked := strings.CutPrefix(r.URL.Path, "/_simulator/")
		if !asked || r.URL.Query().Get("full") != "true" {
			http.NotFound(w, r)
			return
		}
		http.ServeFile(w, r, filepath.Join(folder, name+".json"))
	}))
	t.Cleanup(server.Close)
	f.truth = server.URL
	if status, says := f.judge(); status != exitSound {
		t.Errorf("status %d:\n%s", status, says)
	}
	f.truth += "/elsewhere"
	if status, says := f.judge(); status != exitUsage {
		t.Errorf("status %d:\n%s", status, says)
	}
}

// replace changes a file of the archive.
func (f *fixture) replace(path, old, new string) {
	f.Helper()
	body, err := os.ReadFile(filepath.Join(f.archive, path))
	if err != nil {
		f.Fatal(err)
	}
	if !bytes.Contains(body, []byte(old)) {
		f.Fatalf("%s does not contain %q", path, old)
	}
	f.write(path, bytes.Replace(body, []byte(old), []byte(new), 1))
}

// forge makes everything fit again that lies above a bag: what is left to be
// caught is what the bag says.
func (f *fixture) forge(bag string, number string) {
	f.Helper()
	folder, seal := "bags/"+bag, "seals/"+number
	before, err := digest(filepath.Join(f.archive, folder, tagManifest))
	if err != nil {
		f.Fatal(err)
	}
	f.remanifest(folder)
	after, err := digest(filepath.Join(f.archive, folder, tagManifest))
	if err != nil {
		f.Fatal(err)
	}
	f.replace(seal+"/bags.csv", before.sha256, after.sha256)
	f.replace(seal+"/bags-sha256.txt", before.sha256, after.sha256)
	f.resignAll(number)
}

// resignAll makes a seal, and the one that names it, fit again.
func (f *fixture) resignAll(number string) {
	f.Helper()
	manifest := filepath.Join(f.archive, "seals", number, "manifest-sha256.txt")
	before, _ := digest(manifest)
	f.resign("seals/" + number)
	after, _ := digest(manifest)
	if number == "1" {
		f.replace("seals/2/account.json", before.sha256, after.sha256)
		f.resign("seals/2")
	}
}

func (f *fixture) remove(path string) {
	f.Helper()
	if err := os.Remove(filepath.Join(f.archive, path)); err != nil {
		f.Fatal(err)
	}
}

// TestEveryMutationIsCaught changes one thing of a sound archive, or of the
// truth, at a time. Where it says so, a forger has made everything above fit.
func TestEveryMutationIsCaught(t *testing.T) {
	t.Parallel()
	const (
		standard = "bags/case-standard"
		first    = "data/recordings/00000001-0000-4000-8000-000000000001/00000002-0000-4000-8000-000000000011/01.wav"
	)
	tests := map[string]struct {
		change func(*fixture)
		says   string
	}{
		"a recording changes": {func(f *fixture) { f.write(standard+"/"+first, []byte("0ne")) }, "another digest"},
		"a recording changes, forged": {func(f *fixture) {
			f.write(standard+"/"+first, []byte("0ne"))
			f.replace(standard+"/data/files.csv", sum([]byte("one")), sum([]byte("0ne")))
			f.replace(standard+"/custody/events.jsonl", sum([]byte("one")), sum([]byte("0ne")))
			f.forge("case-standard", "1")
		}, "not byte for byte"},
		"a recording is missing":      {func(f *fixture) { f.remove(standard + "/" + first) }, "is missing"},
		"a file is planted":           {func(f *fixture) { f.write(standard+"/data/recordings/x.wav", nil) }, "does not list"},
		"a tag file is planted":       {func(f *fixture) { f.write(standard+"/custody/more.jsonl", nil) }, "does not list"},
		"a payload is planted forged": {func(f *fixture) { f.write(standard+"/data/x", nil); f.forge("case-standard", "1") }, "which no bag has"},
		"a file beside the archive":   {func(f *fixture) { f.write("../escape", nil) }, "outside the archive"},
		"a file beside the bags":      {func(f *fixture) { f.write("note.txt", nil) }, "does not belong"},
		"a link": {func(f *fixture) {
			if err := os.Symlink("/etc/passwd", filepath.Join(f.archive, standard, "data", "link")); err != nil {
				f.Fatal(err)
			}
		}, "neither a file nor a directory"},
		"a name that tools stumble over": {func(f *fixture) { f.write(standard+"/data/a b", nil) }, "is not a name"},
		"no declaration":                 {func(f *fixture) { f.remove(standard + "/bagit.txt") }, "no bagit.txt"},
		"another size":                   {func(f *fixture) { f.replace(standard+"/bag-info.txt", "Payload-Oxum: ", "Payload-Oxum: 1") }, "Payload-Oxum"},
		"an event changes": {func(f *fixture) {
			f.replace(standard+"/custody/events.jsonl", "RecordingStored", "RecordingFound")
			f.forge("case-standard", "1")
		}, "breaks at line 9"},
		"an event is cut off": {func(f *fixture) {
			f.write(standard+"/custody/events.jsonl", events(event{Type: "BagSealed"}))
			f.forge("case-standard", "1")
		}, "does not report"},
		"a bag that no seal contains": {func(f *fixture) { f.finish(f.bag("case-standard-2", "Standard")) }, "is in 0 seals"},
		"a bag in two seals": {func(f *fixture) {
			one, _ := os.ReadFile(filepath.Join(f.archive, "seals/1/bags.csv"))
			f.write("seals/2/bags.csv", one)
			f.resign("seals/2")
		}, "is in 2 seals"},
		"a bag is gone": {func(f *fixture) {
			if err := os.RemoveAll(filepath.Join(f.archive, standard)); err != nil {
				f.Fatal(err)
			}
		}, "is sealed, but missing"},
		"a seal changes": {func(f *fixture) { f.replace("seals/1/recordings.csv", "Archived", "Deleted") }, "another digest"},
		"a seal changes, forged": {func(f *fixture) {
			f.replace("seals/1/recordings.csv", "Archived", "Deleted")
			f.resignAll("1")
		}, "recordings.csv and the bags differ"},
		"a former seal changes": {func(f *fixture) {
			f.replace("seals/1/events.jsonl", "\n", "\n")
			f.replace("seals/1/account.json", `"bags":5`, `"bags":2`)
			f.resign("seals/1")
		}, "another former one"},
		"no seal": {func(f *fixture) {
			if err := os.RemoveAll(filepath.Join(f.archive, "seals")); err != nil {
				f.Fatal(err)
			}
		}, "seals: there is none"},
		"the account is wrong": {func(f *fixture) { f.replace("seals/2/account.json", `"gaps":2`, `"gaps":0`); f.resign("seals/2") }, "says 0 gaps"},
		"the account does not add up": {func(f *fixture) {
			f.replace("seals/2/account.json", `"right":1`, `"right":2`)
			f.resign("seals/2")
		}, "does not add up"},
		"a take-over is not listed": {func(f *fixture) {
			f.replace("seals/2/account.json", `"takenOver":[{"from":"old","to":"new","at":"2023-10-01T08:00:00Z"}]`, `"takenOver":[]`)
			f.resign("seals/2")
		}, "lists 0 take-overs, the logs report 1"},
		"a take-over by another": {func(f *fixture) {
			f.replace("seals/2/account.json", `"to":"new"`, `"to":"other"`)
			f.resign("seals/2")
		}, "lists a take-over from old to other that is not told"},
		"a take-over from another": {func(f *fixture) {
			f.replace("seals/2/account.json", `"clusterId":"old"`, `"clusterId":"older"`)
			f.resign("seals/2")
		}, "or not from the owner"},
		"the order changes":          {func(f *fixture) { f.replace("export.json", "Include", "Exclude") }, "another spec"},
		"a column is gone":           {func(f *fixture) { f.replace("seals/1/conversations.csv", "disposition", "fate"); f.resignAll("1") }, "no column disposition"},
		"a conversation is unlisted": {func(f *fixture) { f.knows(9, morning.Add(9*time.Minute)); f.tell() }, "is not listed"},
		"a conversation too much":    {func(f *fixture) { f.data.Conversations[0].Start = morning.Add(-time.Hour); f.tell() }, "not of the window"},
		"a recording is unlisted": {func(f *fixture) {
			f.data.Conversations[0].Recordings = append(f.data.Conversations[0].Recordings, made(19, "Call", "AVAILABLE", "lost"))
			f.tell()
		}, "19 is not listed"},
		"a recording that could be had": {func(f *fixture) { f.data.Conversations[0].Recordings[2].FileState = "AVAILABLE"; f.tell() }, "could be had"},
		"a recording that must not be there": {func(f *fixture) {
			f.data.Conversations[0].Recordings[0].Medium = "Email"
			f.tell()
		}, "is exported, must not be"},
		"a result is lost": {func(f *fixture) {
			r := &f.data.Conversations[1].Recordings[0]
			r.Files = append(r.Files, file{Size: 1, SHA256: sum([]byte("x"))})
			f.tell()
		}, "contains 1 files"},
		"a recording in two bags": {func(f *fixture) {
			// The bag of the second seal no longer says that it replaces a line.
			f.replace("bags/case-standard-d1/data/index.csv", "1,true", "1,")
			f.replace("seals/2/recordings.csv", "true", "")
			f.forge("case-standard-d1", "2")
		}, "is listed twice"},
		"a conversation that did not end in time": {func(f *fixture) { f.data.Conversations[2].End = morning.Add(time.Hour); f.tell() }, "is unavailable because of ConversationOpen"},
		"an analytics job left":                   {func(f *fixture) { f.log.Entries = append(f.log.Entries, entry{Route: startJob, Status: 202}); f.tell() }, "1 analytics jobs were left"},
		"metadata requested again": {func(f *fixture) {
			f.log.Entries = append(f.log.Entries, entry{Route: metadataRoute, Status: 200, Path: "/metadata/1"})
			f.tell()
		}, "was answered 2 times"},
		"recordings requested again": {func(f *fixture) {
			f.log.Entries = append(f.log.Entries, entry{Route: requestRoute, Status: 200, IDs: 12})
			f.tell()
		}, "recordings were requested"},
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

// TestAllowances are for what crashes and permanent faults leave behind.
func TestAllowances(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.log.Entries = append(f.log.Entries,
		entry{Route: startJob, Status: 202}, entry{Route: metadataRoute, Status: 200, Path: "/metadata/1"})
	f.data.Conversations[0].Recordings[2].FileState = "AVAILABLE"
	f.tell()
	if status, says := f.judge("-orphans", "1", "-asks", "2", "-unavailable", id(2, 13)); status != exitSound {
		t.Errorf("status %d:\n%s", status, says)
	}
	status, says := f.judge("-orphans", "1", "-asks", "2", "-unavailable", id(2, 13)+","+id(2, 11))
	if status != exitViolated || !strings.Contains(says, "is exported, must not be") {
		t.Errorf("status %d:\n%s", status, says)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{nil, {"-archive", "x"}, {"-truth", "x", "-archive", "x", "more"}, {"-no"}, {"-archive", "x", "-truth", "/nowhere"}} {
		var out bytes.Buffer
		if status := run(arguments, &out, &out); status != exitUsage {
			t.Errorf("%q: status %d", arguments, status)
		}
	}
}

// TestTheVerifierSharesNoCode: neither it nor its tests depend on anything but
// the standard library.
func TestTheVerifierSharesNoCode(t *testing.T) {
	t.Parallel()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-test", "-json=ImportPath,Standard,ForTest", ".")
	output, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := 0
	for decoder := json.NewDecoder(bytes.NewReader(output)); decoder.More(); packages++ {
		var p struct {
			ImportPath string
			Standard   bool
		}
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		path, _, _ := strings.Cut(p.ImportPath, " ")
		if own := strings.HasSuffix(strings.TrimSuffix(path, ".test"), "/test/verifier"); !p.Standard && !own {
			t.Errorf("depends on %s", p.ImportPath)
		}
	}
	if packages < 10 {
		t.Errorf("only %d packages: the test shows nothing", packages)
	}
}

// TestWhatMayFollow: a second line about the same thing is sound only after one that
// says that it moved, that it was unavailable and is retried, or that it had not ended.
func TestWhatMayFollow(t *testing.T) {
	retried, plain := row{"retried": "true"}, row{"retried": "false"}
	for name, tt := range map[string]struct {
		line, former row
		want         bool
	}{
		"it moved":             {plain, row{"reason": movedToHold}, true},
		"it is retried":        {retried, row{"disposition": unavailable, "reason": "Refused"}, true},
		"it is not retried":    {plain, row{"disposition": unavailable, "reason": "Refused"}, false},
		"it had not ended":     {plain, row{"disposition": unavailable, "reason": "ConversationOpen"}, true},
		"it had been exported": {retried, row{"disposition": exported}, false},
	} {
		if got := replaces(tt.line, tt.former); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
