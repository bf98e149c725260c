package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"
)

// fixture writes an archive as the format documents it, and the truth beside it.
type fixture struct {
	*testing.T
	archive, truth string
	// buckets is where buckets are to which bags refer, empty if none does.
	buckets string
	data    dataset
	log     journal
	bags    []*madeBag
	former  map[string]any
	totals  map[string]int
	// orphans is what accounts say about orphaned recordings.
	orphans map[string]any
}

// madeBag is a bag to be made.
type madeBag struct {
	name, lane string
	// retried is what its lines about recordings say of that.
	retried       string
	conversations [][]string
	index         [][]string
	files         [][]string
	restored      [][]string
	// references are the lines of references.csv.
	references [][]string
	// told are events besides those about files.
	told []event
}

var morning = time.Date(2023, 10, 1, 8, 0, 0, 0, time.UTC)

// id makes a UUID that is easy to read.
func id(kind, n int) string { return fmt.Sprintf("%08d-0000-4000-8000-%012d", kind, n) }

func sum(content []byte) string {
	digest := sha256.Sum256(content)
	return hex.EncodeToString(digest[:])
}

func (f *fixture) write(path string, content []byte) {
	f.Helper()
	full := filepath.Join(f.archive, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o750); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(full, content, 0o600); err != nil {
		f.Fatal(err)
	}
}

func table(columns []string, rows [][]string) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write(columns)
	_ = w.WriteAll(rows)
	return out.Bytes()
}

// events writes a custody log.
func events(list ...event) []byte {
	var out bytes.Buffer
	previous := strings.Repeat("0", 64)
	for i, e := range list {
		e.Sequence, e.Previous, e.Actor, e.Time = i+1, previous, "test", morning.Add(time.Duration(i)*time.Second)
		line, _ := json.Marshal(e)
		previous = sum(line)
		fmt.Fprintf(&out, "%s\n", line)
	}
	return out.Bytes()
}

// manifestOf lists what lies below a directory of the archive.
func (f *fixture) manifestOf(directory string, take func(path string) bool) []byte {
	f.Helper()
	found := (&verdict{}).walk(filepath.Join(f.archive, directory))
	var lines []string
	for path, s := range found {
		if take(path) {
			lines = append(lines, s.sha256+"  "+path+"\n")
		}
	}
	sort.Strings(lines)
	return []byte(strings.Join(lines, ""))
}

// bag begins a bag.
func (f *fixture) bag(name, lane string) *madeBag {
	b := &madeBag{name: name, lane: lane}
	f.bags = append(f.bags, b)
	return b
}

// conversation puts a conversation into a bag; ids are those of its recordings.
func (f *fixture) conversation(b *madeBag, id, home, disposition, reason string, ids ...string) {
	b.conversations = append(b.conversations, []string{id, fmt.Sprint(len(ids)), home, disposition, reason, "", "another column"})
	var listed []map[string]string
	for _, r := range ids {
		listed = append(listed, map[string]string{"id": r})
	}
	body, _ := json.Marshal(listed)
	f.write("bags/"+b.name+"/data/metadata/"+id+".json", body)
	if home == "true" {
		f.totals["batched"]++
	}
}

// leaves has a conversation leave a bag for the lane Isolated: it could not be read.
func (f *fixture) leaves(b *madeBag, id string) {
	b.conversations = append(b.conversations, []string{id, "0", "false", excluded, movedToIsolated, "", "another column"})
}

// recording puts a recording into a bag, with its files; those without content are in
// another bag.
func (f *fixture) recording(b *madeBag, of, id, medium, disposition, reason string, files ...string) {
	n := 0
	defer func() {
		b.index = append(b.index, []string{of, id, medium, b.lane, disposition, reason, fmt.Sprint(n), b.retried})
	}()
	for i, content := range files {
		if content == "" {
			continue
		}
		n++
		path := fmt.Sprintf("data/recordings/%s/%s/%02d.wav", of, id, i+1)
		if f.buckets != "" && strings.HasSuffix(id, "11") {
			f.refer(b, path, content)
		} else {
			f.write("bags/"+b.name+"/"+path, []byte(content))
		}
		b.files = append(b.files, []string{path, of, id, fmt.Sprint(len(content)), sum([]byte(content))})
	}
}

var (
	conversationColumns = []string{"conversation_id", "recordings", "home", "disposition", "reason", "retried", "new"}
	indexColumns        = []string{"conversation_id", "recording_id", "medium", "lane", "disposition", "reason", "files", "retried"}
	fileColumns         = []string{"path", "conversation_id", "recording_id", "size", "sha256"}
)

// finish completes a bag.
func (f *fixture) finish(b *madeBag) {
	f.Helper()
	folder := "bags/" + b.name
	f.write(folder+"/data/conversations.csv", table(conversationColumns, b.conversations))
	f.write(folder+"/data/index.csv", table(indexColumns, b.index))
	f.write(folder+"/data/files.csv", table(fileColumns, b.files))
	if len(b.restored) > 0 {
		f.write(folder+"/data/retention.csv", table(restoredColumns, b.restored))
	}
	var told []event
	for _, line := range b.conversations {
		kind := "MetadataReceived"
		if line[4] == movedToIsolated {
			kind = "ConversationIsolated"
		}
		told = append(told, event{Type: kind, Details: map[string]string{"conversation": line[0]}})
	}
	for _, line := range b.index {
		if line[5] == movedToIsolated {
			told = append(told, event{Type: "RecordingIsolated", Details: map[string]string{"conversation": line[0], "recording": line[1]}})
		}
	}
	told = append(append(told, b.told...), b.jobs()...)
	for _, line := range b.files {
		told = append(told, b.stored(line[0], line[4]))
	}
	f.writeReferences(b)
	f.write(folder+"/custody/events.jsonl", events(append(told, event{Type: "BagSealed"})...))
	f.write(folder+"/bagit.txt", []byte("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"))
	f.remanifest(folder)
}

// remanifest writes a bag's size and manifests again, as a forger would who knows
// how bags are made.
func (f *fixture) remanifest(folder string) {
	f.Helper()
	payload := func(path string) bool { return strings.HasPrefix(path, "data/") }
	count, size := 0, int64(0)
	for path, s := range (&verdict{}).walk(filepath.Join(f.archive, folder)) {
		if payload(path) {
			count, size = count+1, size+s.size
		}
	}
	manifest := f.manifestOf(folder, payload)
	for path, s := range f.referencedOf(folder) {
		count, size = count+1, size+s.size
		manifest = fmt.Appendf(manifest, "%s  %s\n", s.sha256, path)
	}
	f.write(folder+"/bag-info.txt", fmt.Appendf(nil, "External-Identifier: x\nPayload-Oxum: %d.%d\n", size, count))
	f.write(folder+"/manifest-sha256.txt", manifest)
	f.write(folder+"/"+tagManifest, f.manifestOf(folder, func(path string) bool { return !payload(path) && path != tagManifest }))
}

// seal seals the bags that no seal contains yet, with conversations that are in none.
func (f *fixture) seal(number int, others ...[]string) {
	f.Helper()
	folder := fmt.Sprintf("seals/%d", number)
	conversations := others
	var bags, recordings, restored [][]string
	var digests bytes.Buffer
	for _, b := range f.bags {
		f.finish(b)
		tag, err := os.ReadFile(filepath.Join(f.archive, "bags", b.name, tagManifest))
		if err != nil {
			f.Fatal(err)
		}
		counts, size := map[string]int{}, 0
		for _, r := range b.index {
			if r[5] != movedToIsolated {
				counts[r[4]]++
			}
			if r[5] != movedToIsolated || r[7] == "true" {
				recordings = append(recordings, []string{r[0], r[1], r[4], r[5], r[7], b.name})
			}
		}
		for _, line := range b.restored {
			restored = append(restored, append(line[:len(line):len(line)], b.name))
		}
		for _, line := range b.files {
			n := 0
			_, _ = fmt.Sscan(line[3], &n)
			size += n
		}
		for _, c := range b.conversations {
			if c[2] == "true" {
				conversations = append(conversations, []string{c[0], c[1], "false", c[3], c[4], c[5], b.name})
			}
		}
		bags = append(bags, []string{b.name, b.lane, sum(tag), fmt.Sprint(counts[exported]), fmt.Sprint(counts[excluded]), fmt.Sprint(counts[unavailable]), fmt.Sprint(len(b.files)), fmt.Sprint(size)})
		fmt.Fprintf(&digests, "%s  ../../bags/%s/%s\n", sum(tag), b.name, tagManifest)
		f.totals["bags"]++
		f.totals["files"] += len(b.files)
		f.totals["bytes"] += size
	}
	f.bags = nil
	f.write(folder+"/bags.csv", table([]string{"bag", "lane", "tagmanifest_sha256", "exported", "excluded", "unavailable", "files", "bytes"}, bags))
	f.write(folder+"/bags-sha256.txt", digests.Bytes())
	f.write(folder+"/conversations.csv", table([]string{"conversation_id", "recordings", "held_at_survey", "disposition", "reason", "retried", "bag"}, conversations))
	f.write(folder+"/recordings.csv", table([]string{"conversation_id", "recording_id", "disposition", "reason", "retried", "bag"}, recordings))
	if len(restored) > 0 {
		f.write(folder+"/retention.csv", table(append(restoredColumns[:len(restoredColumns):len(restoredColumns)], "bag"), restored))
	}
	told := []event{{Type: "ExportSealed"}}
	if number > 1 {
		told = append([]event{{Type: "ArchiveTakenOver", Details: map[string]string{"from": "old", "to": "new"}}}, told...)
	}
	f.write(folder+"/events.jsonl", events(told...))
	f.account(folder, number)
}

// account writes a seal's account and manifest.
func (f *fixture) account(folder string, number int) {
	f.Helper()
	t := f.totals
	var over []takeOver
	if number > 1 {
		over = append(over, takeOver{"old", "new", morning})
	}
	var refers []map[string]any
	if f.buckets != "" {
		refers = append(refers, map[string]any{"bucket": bucketOfCase, "files": 2, "recordings": 1, "bytes": 6})
	}
	body, _ := json.Marshal(map[string]any{
		"referenced": refers,
		"export":     map[string]string{"clusterId": "old"}, "takenOver": over,
		"former":        f.former,
		"conversations": map[string]int{"surveyed": t["surveyed"], "batched": t["surveyed"] - t["unbatched"], "unavailable": t["unbatched"]},
		"recordings":    []map[string]int{{exported: t[exported], excluded: t[excluded], unavailable: t[unavailable]}},
		"until":         morning.Add(time.Hour),
		"orphans":       f.orphans,
		"bags":          t["bags"], "files": t["files"], "bytes": t["bytes"], "gaps": t["gaps"],
		"checks": []map[string]any{{"says": "all = all", "left": 1, "right": 1, "holds": true}},
	})
	f.write(folder+"/account.json", body)
	f.resign(folder)
	manifest, err := os.ReadFile(filepath.Join(f.archive, folder, "manifest-sha256.txt"))
	if err != nil {
		f.Fatal(err)
	}
	f.former = map[string]any{"number": number, "digest": sum(manifest)}
}

// resign writes a seal's manifest again.
func (f *fixture) resign(folder string) {
	f.Helper()
	f.write(folder+"/manifest-sha256.txt", f.manifestOf(folder, func(path string) bool { return path != "manifest-sha256.txt" }))
}

// knows adds a conversation to the truth; recordings have a medium, a state and
// the contents of their files.
func (f *fixture) knows(n int, start time.Time, recordings ...recording) string {
	c := conversation{ID: id(1, n), Start: start, End: start.Add(time.Minute), Recordings: recordings}
	f.data.Conversations = append(f.data.Conversations, c)
	return c.ID
}

func made(n int, medium, state string, contents ...string) recording {
	r := recording{ID: id(2, n), Medium: medium, FileState: state}
	for _, content := range contents {
		r.Files = append(r.Files, file{Size: int64(len(content)), SHA256: sum([]byte(content))})
	}
	return r
}

// answers has Genesys Cloud have answered the same so often.
func (f *fixture) answers(route, path string, times int) {
	for range times {
		f.log.Entries = append(f.log.Entries, entry{Route: route, Status: 200, Path: path})
	}
}

// tell writes the truth down.
func (f *fixture) tell() {
	f.Helper()
	for name, value := range map[string]any{"dataset": f.data, "journal": f.log} {
		body, err := json.Marshal(value)
		if err != nil {
			f.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(f.truth, name+".json"), body, 0o600); err != nil {
			f.Fatal(err)
		}
	}
}

// newFixture makes a sound archive: two seals, the second with a recording that
// was unavailable before and a conversation that had moved, made by another cluster,
// which has taken the archive over. Conversation 7 is isolated, and so are recordings
// 82, of which one of two files had come, 83, which was retried, and 84, of which all had
// come.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	return makeFixture(t, false)
}

// makeFixture makes the same archive, in which recording 11 may be in a bucket.
func makeFixture(t *testing.T, refers bool) *fixture {
	t.Helper()
	root := t.TempDir()
	f := &fixture{T: t, archive: filepath.Join(root, "archive", "case"), truth: root, totals: map[string]int{}}
	if refers {
		f.buckets = filepath.Join(root, "buckets")
	}
	spec, _ := json.Marshal(order{MediaTypes: []string{"Call", "Screen"}, HoldScope: "Include", Start: morning, End: morning.Add(time.Hour)})
	record, _ := json.Marshal(map[string]any{"spec": json.RawMessage(spec), "specDigest": sum(spec)})
	f.write("export.json", record)

	plain := f.knows(1, morning, made(11, "Call", "AVAILABLE", "one", "two"), made(12, "Chat", "AVAILABLE", "chat"), made(13, "Call", "ARCHIVED", "old"))
	held := f.knows(2, morning.Add(time.Minute), made(21, "Call", "RESTORED", "held"), made(22, "Screen", "AVAILABLE", "screen"))
	open := f.knows(3, morning.Add(2*time.Minute))
	f.data.Conversations[2].End = time.Time{}
	late := f.knows(4, morning.Add(3*time.Minute), made(41, "Call", "AVAILABLE", "late"))
	moves := f.knows(5, morning.Add(4*time.Minute), made(51, "Call", "AVAILABLE", "moves"))
	f.knows(6, morning.Add(time.Hour), made(61, "Call", "AVAILABLE", "of the next window"))
	bad := f.knows(7, morning.Add(5*time.Minute), made(71, "Call", "AVAILABLE", "bad"), made(72, "Chat", "AVAILABLE", "chat"))
	mixed := f.knows(8, morning.Add(6*time.Minute), made(81, "Call", "AVAILABLE", "good"), made(82, "Call", "AVAILABLE", "first", "second"), made(83, "Call", "AVAILABLE", "at last"), made(84, "Call", "AVAILABLE", "only"))
	ids := []string{id(2, 81), id(2, 82), id(2, 83), id(2, 84)}

	b := f.bag("case-standard", "Standard")
	f.conversation(b, plain, "true", exported, "", id(2, 11), id(2, 12), id(2, 13))
	f.recording(b, plain, id(2, 11), "Call", exported, "", "one", "two")
	f.recording(b, plain, id(2, 12), "Chat", excluded, "MediumNotRequested")
	f.recording(b, plain, id(2, 13), "Call", unavailable, "Archived")
	f.conversation(b, late, "true", exported, "", id(2, 41))
	f.recording(b, late, id(2, 41), "Call", unavailable, "NotDelivered")
	f.conversation(b, moves, "true", excluded, movedToHold, id(2, 51))
	f.recording(b, moves, id(2, 51), "Call", excluded, movedToHold)
	f.leaves(b, bad)
	f.conversation(b, mixed, "true", exported, "", ids...)
	f.recording(b, mixed, id(2, 81), "Call", exported, "", "good")
	f.recording(b, mixed, id(2, 82), "Call", excluded, movedToIsolated, "first")
	f.recording(b, mixed, id(2, 83), "Call", unavailable, "Refused")
	f.recording(b, mixed, id(2, 84), "Call", excluded, movedToIsolated, "only")
	b = f.bag("case-legalhold", "LegalHold")
	f.conversation(b, held, "true", exported, "", id(2, 21), id(2, 22))
	f.recording(b, held, id(2, 21), "Call", exported, "", "held")
	b = f.bag("case-legalholdscreen", "LegalHoldScreen")
	f.conversation(b, held, "false", exported, "", id(2, 21), id(2, 22))
	f.recording(b, held, id(2, 22), "Screen", exported, "", "screen")
	b = f.bag("case-isolated-d3", isolatedLane)
	f.conversation(b, bad, "true", exported, "", id(2, 71), id(2, 72))
	f.recording(b, bad, id(2, 71), "Call", exported, "", "bad")
	f.recording(b, bad, id(2, 72), "Chat", excluded, "MediumNotRequested")
	b = f.bag("case-isolated-d4", isolatedLane)
	f.conversation(b, mixed, "false", exported, "", ids...)
	f.recording(b, mixed, id(2, 82), "Call", exported, "", "", "second")
	f.restores(b, mixed, id(2, 82), "2031-01-01T00:00:00.000Z", "2030-01-01T00:00:00.000Z", "deleteDate")
	f.recording(b, mixed, id(2, 84), "Call", exported, "", "")
	f.totals["surveyed"], f.totals["unbatched"], f.totals["gaps"] = 7, 1, 4
	f.totals[exported], f.totals[excluded], f.totals[unavailable] = 7, 3, 3
	f.orphaned(1, morning.Add(time.Minute))
	f.orphaned(2, morning.Add(-time.Minute))
	f.orphaned(3, morning.Add(2*time.Minute))
	f.seal(1, []string{open, "0", "false", unavailable, "ConversationOpen", "", ""})

	b = f.bag("case-standard-d1", "Standard")
	b.retried = "true"
	f.recording(b, late, id(2, 41), "Call", exported, "", "late")
	f.conversation(b, mixed, "false", exported, "", ids...)
	f.recording(b, mixed, id(2, 83), "Call", excluded, movedToIsolated)
	b = f.bag("case-legalhold-d2", "LegalHold")
	f.conversation(b, moves, "true", exported, "", id(2, 51))
	f.recording(b, moves, id(2, 51), "Call", exported, "", "moves")
	b = f.bag("case-isolated-d5", isolatedLane)
	f.conversation(b, mixed, "false", exported, "", ids...)
	f.recording(b, mixed, id(2, 83), "Call", exported, "", "at last")
	f.restores(b, mixed, id(2, 83), "2031-01-01T00:00:00.000Z", "2031-01-01T00:00:00Z", "")
	f.totals["gaps"], f.totals[exported], f.totals[unavailable] = 2, 10, 1
	f.seal(2)

	f.log = journal{Requests: 9, Entries: []entry{
		{Route: startJob, Status: 202, Path: jobs}, {Route: startJob, Status: 503, Path: jobs},
		{Route: endJob, Status: 204, Path: jobs + "/1"},
		{Route: metadataRoute, Status: 200, Path: "/metadata/1"}, {Route: metadataRoute, Status: 500, Path: "/metadata/1"},
		{Route: mediaRoute, Status: 200, Path: "/media/1"},
		{Route: requestRoute, Status: 200, IDs: 6},
	}}
	f.answers(metadataRoute, "/api/v2/conversations/"+mixed+"/recordingmetadata", 3)
	f.answers(mediaRoute, "/media/"+mixed+"/"+id(2, 82)+"/1", 2)
	f.tell()
	return f
}
