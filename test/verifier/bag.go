package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// bag is a bag as it is stored.
type bag struct {
	name          string
	conversations []row
	index         []row
	files         []row
	restored      []row
	// payload is what lies below data/, and what it refers to.
	payload map[string]stored
	// locations are where files are to which it refers, by their paths.
	locations map[string]string
	// digest is the SHA-256 of the tag manifest.
	digest string
}

const tagManifest = "tagmanifest-sha256.txt"

// readBag checks a bag by itself: that it is a BagIt bag with nothing missing
// and nothing planted, and that its tables, its log and its files agree.
func (v *verdict) readBag(archive, name string) bag {
	where := filepath.Join(archive, "bags", name)
	b := bag{name: name, payload: map[string]stored{}}
	tags := map[string]stored{}
	for path, f := range v.walk(where) {
		if strings.HasPrefix(path, "data/") {
			b.payload[path] = f
		} else {
			tags[path] = f
		}
	}
	b.files = v.table(filepath.Join(where, "data/files.csv"), "path", "conversation_id", "recording_id", "size", "sha256")
	v.readReferences(where, &b)
	b.digest = tags[tagManifest].sha256
	v.compare("bags/"+name+"/manifest-sha256.txt", v.manifest(filepath.Join(where, "manifest-sha256.txt")), b.payload)
	delete(tags, tagManifest)
	v.compare("bags/"+name+"/"+tagManifest, v.manifest(filepath.Join(where, tagManifest)), tags)
	v.declaration(where)
	v.info(where, b.payload)
	b.conversations = v.table(filepath.Join(where, "data/conversations.csv"), "conversation_id", "recordings", "home", "disposition", "reason")
	b.index = v.table(filepath.Join(where, "data/index.csv"), "conversation_id", "recording_id", "medium", "lane", "disposition", "reason", "files")
	v.checkPayload(b)
	log := v.checkLog(where, b)
	b.restored = v.readRetention(where, b, log)
	v.checkTold(where, b, log)
	return b
}

func (v *verdict) declaration(where string) {
	body, err := os.ReadFile(filepath.Join(where, "bagit.txt"))
	if err != nil || string(body) != "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n" {
		v.fault(where, "has no bagit.txt as RFC 8493 wants it: %v", err)
	}
}

// info compares bag-info.txt with the payload, by Payload-Oxum, and the key that
// it names with the signature.
func (v *verdict) info(where string, payload map[string]stored) {
	body, err := os.ReadFile(filepath.Join(where, "bag-info.txt"))
	if err != nil {
		v.fault(where, "bag-info.txt cannot be read: %v", err)
	}
	var size int64
	for _, f := range payload {
		size += f.size
	}
	want := fmt.Sprintf("Payload-Oxum: %d.%d", size, len(payload))
	if !contains(strings.Split(string(body), "\n"), want) {
		v.fault(where, "bag-info.txt does not say %q", want)
	}
	_, after, _ := strings.Cut("\n"+string(body), "\nSigning-Key-Sha256: ")
	key, _, _ := strings.Cut(after, "\n")
	v.checkSignature(where, filepath.Join(where, "custody"), key)
}

// recordingPath is data/recordings/<conversation>/<recording>/<nn>.<extension>.
var recordingPath = regexp.MustCompile(`^data/recordings/([0-9a-fA-F-]{36})/([0-9a-fA-F-]{36})/(\d\d+)\.[a-z0-9]+$`)

// checkPayload compares the tables with what lies below data/: each recording's
// file is in files.csv with its digest, index.csv counts it, and nothing else
// is there but tables and metadata.
func (v *verdict) checkPayload(b bag) {
	where := "bags/" + b.name
	counted := map[string]int{}
	listed := map[string]string{}
	for _, f := range b.files {
		path := f["path"]
		parts := recordingPath.FindStringSubmatch(path)
		if parts == nil || parts[1] != f["conversation_id"] || parts[2] != f["recording_id"] {
			v.fault(where, "files.csv names %q, which is not where that recording's file belongs", path)
		}
		if f["size"] != strconv.FormatInt(b.payload[path].size, 10) {
			v.fault(where, "files.csv says %s bytes of %s, it has %d", f["size"], path, b.payload[path].size)
		}
		listed[path] = f["sha256"]
		counted[f["conversation_id"]+"/"+f["recording_id"]]++
	}
	recordings := map[string]stored{}
	for path, f := range b.payload {
		switch {
		case strings.HasPrefix(path, "data/recordings/"):
			recordings[path] = f
		case strings.HasPrefix(path, "data/metadata/"), path == "data/conversations.csv", path == "data/index.csv", path == "data/files.csv", path == retentionTable, path == referenceTable:
		default:
			v.fault(where, "contains %s, which no bag has", path)
		}
	}
	v.compare(where+"/data/files.csv", listed, recordings)
	for _, r := range b.index {
		id := r["conversation_id"] + "/" + r["recording_id"]
		// Of a recording that is isolated, some files may have come before.
		holds := r["disposition"] != excluded || isolated(r)
		if holds && r["files"] != strconv.Itoa(counted[id]) {
			v.fault(where, "index.csv says %s files of %s, there are %d", r["files"], id, counted[id])
		}
		// All files of a recording that is isolated may be in the bag that it left.
		if r["disposition"] == exported && counted[id] == 0 && r["lane"] != isolatedLane {
			v.fault(where, "index.csv calls %s exported, but there is no file", id)
		}
		if holds || counted[id] == 0 {
			delete(counted, id)
		}
	}
	for id := range counted {
		v.fault(where, "has files of %s, which index.csv does not list as exported", id)
	}
}

// checkLog compares what the custody log says about files with what there is, and
// returns its events.
func (v *verdict) checkLog(where string, b bag) []event {
	told, log := map[string]string{}, v.chain(filepath.Join(where, "custody/events.jsonl"))
	for _, e := range log {
		if e.Type == "RecordingStored" || e.Type == "RecordingReferenced" {
			told[e.Details["path"]] = e.Details["sha256"]
			if e.Details["location"] != b.locations[e.Details["path"]] {
				v.fault(where, "the custody log reports %s where it is not", e.Details["path"])
			}
		}
	}
	v.checkJobs(where, log)
	for path, sum := range told {
		if b.payload[path].sha256 != sum {
			v.fault(where, "the custody log reports %s with a digest that it has not", path)
		}
	}
	for _, f := range b.files {
		if _, ok := told[f["path"]]; !ok {
			v.fault(where, "the custody log does not report %s", f["path"])
		}
	}
	return log
}

// metadata returns the ids of the recordings that Genesys Cloud listed for a
// conversation, and whether the bag says.
func (v *verdict) metadata(archive string, b bag, conversation string) (ids []string, told bool) {
	path := "data/metadata/" + conversation + ".json"
	if _, there := b.payload[path]; !there {
		return nil, false
	}
	body, err := os.ReadFile(filepath.Join(archive, "bags", b.name, path))
	var listed []struct {
		ID string `json:"id"`
	}
	if err == nil {
		err = json.Unmarshal(body, &listed)
	}
	if err != nil {
		v.fault("bags/"+b.name, "%s is not metadata: %v", path, err)
	}
	for _, r := range listed {
		ids = append(ids, r.ID)
	}
	return ids, true
}
