package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// seal is a seal as it is stored.
type seal struct {
	number        int
	account       account
	conversations []row
	recordings    []row
	bags          []row
	restored      []row
	// digest is the SHA-256 of the seal's manifest.
	digest string
	// takenOver are the take-overs that the log reports.
	takenOver []takeOver
}

// takeOver tells that the archive went from one cluster to another.
type takeOver struct {
	From string    `json:"from"`
	To   string    `json:"to"`
	At   time.Time `json:"at"`
}

// account is what account.json tells, as far as it is judged.
type account struct {
	Export struct {
		ClusterID string `json:"clusterId"`
	} `json:"export"`
	TakenOver  []takeOver `json:"takenOver"`
	SigningKey string     `json:"signingKey"`
	Former     *struct {
		Number int    `json:"number"`
		Digest string `json:"digest"`
	} `json:"former"`
	Conversations struct {
		Surveyed    int `json:"surveyed"`
		Batched     int `json:"batched"`
		Excluded    int `json:"excluded"`
		Unavailable int `json:"unavailable"`
	} `json:"conversations"`
	Recordings []struct {
		Exported    int `json:"exported"`
		Excluded    int `json:"excluded"`
		Unavailable int `json:"unavailable"`
	} `json:"recordings"`
	Bags  int   `json:"bags"`
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
	Gaps  int   `json:"gaps"`
	// Referenced is what is in buckets outside the archive.
	Referenced []referenced `json:"referenced"`
	// Until is the end of what the seals cover so far.
	Until   time.Time      `json:"until"`
	Orphans *orphanAccount `json:"orphans"`
	Checks  []struct {
		Says  string `json:"says"`
		Left  int64  `json:"left"`
		Right int64  `json:"right"`
		Holds bool   `json:"holds"`
	} `json:"checks"`
}

// readSeals checks every seal by itself, and that each names the former one.
func (v *verdict) readSeals(archive string) []seal {
	entries, err := os.ReadDir(filepath.Join(archive, "seals"))
	if err != nil || len(entries) == 0 {
		v.fault("seals", "there is none: %v", err)
		return nil
	}
	var seals []seal
	for n := 1; n <= len(entries); n++ {
		seals = append(seals, v.readSeal(archive, n))
		v.checkFormer(seals)
		v.checkTakenOver(seals)
	}
	v.seals = len(seals)
	return seals
}

func (v *verdict) readSeal(archive string, number int) seal {
	where := filepath.Join(archive, "seals", strconv.Itoa(number))
	const manifest = "manifest-sha256.txt"
	found := v.walk(where)
	s := seal{number: number, digest: found[manifest].sha256}
	for _, name := range append(signatureFiles, manifest) {
		delete(found, name)
	}
	v.compare(where+"/"+manifest, v.manifest(filepath.Join(where, manifest)), found)
	body, err := os.ReadFile(filepath.Join(where, "account.json"))
	if err == nil {
		err = json.Unmarshal(body, &s.account)
	}
	if err != nil {
		v.fault(where, "has no account: %v", err)
	}
	v.checkSignature(where, where, s.account.SigningKey)
	for _, check := range s.account.Checks {
		if !check.Holds || check.Left != check.Right {
			v.fault(where, "does not add up: %s: %d, %d", check.Says, check.Left, check.Right)
		}
	}
	s.bags = v.table(filepath.Join(where, "bags.csv"), "bag", "lane", "tagmanifest_sha256", "exported", "excluded", "unavailable", "files", "bytes")
	s.conversations = v.table(filepath.Join(where, "conversations.csv"), "conversation_id", "recordings", "disposition", "reason", "bag")
	s.recordings = v.table(filepath.Join(where, "recordings.csv"), "conversation_id", "recording_id", "disposition", "reason", "retried", "bag")
	if _, there := found["retention.csv"]; there {
		s.restored = v.table(filepath.Join(where, "retention.csv"), append([]string{"bag"}, restoredColumns...)...)
	}
	for _, e := range v.chain(filepath.Join(where, "events.jsonl")) {
		if e.Type == "ArchiveTakenOver" {
			s.takenOver = append(s.takenOver, takeOver{e.Details["from"], e.Details["to"], e.Time})
		}
	}
	v.checkBagDigests(where, s)
	if _, there := found["artifacts-sha256.txt"]; there {
		for name := range v.manifest(filepath.Join(where, "artifacts-sha256.txt")) {
			if !strings.HasPrefix(name, ".work/") || !fs.ValidPath(name) {
				v.fault(where, "artifacts-sha256.txt names %q", name)
			}
		}
	}
	return s
}

// checkBagDigests checks what "sha256sum -c" checks in the seal's folder.
func (v *verdict) checkBagDigests(where string, s seal) {
	listed := v.manifest(filepath.Join(where, "bags-sha256.txt"))
	for path, sum := range listed {
		name, ok := strings.CutPrefix(path, "../../bags/")
		name, manifest, cut := strings.Cut(name, "/")
		if !ok || !cut || manifest != tagManifest || !segment.MatchString(name) || name == ".." {
			v.fault(where, "bags-sha256.txt names %q", path)
			continue
		}
		found, err := digest(filepath.Join(where, filepath.FromSlash(path)))
		if err != nil || found.sha256 != sum {
			v.fault(where, "bags-sha256.txt does not fit %s: %v", path, err)
		}
	}
	for _, b := range s.bags {
		if sum := listed["../../bags/"+b["bag"]+"/"+tagManifest]; sum != b["tagmanifest_sha256"] {
			v.fault(where, "bags.csv and bags-sha256.txt differ about %s", b["bag"])
		}
	}
}

// checkFormer checks that the last seal names the one before it.
func (v *verdict) checkFormer(seals []seal) {
	last := seals[len(seals)-1]
	former := last.account.Former
	switch {
	case last.number == 1 && former != nil:
		v.fault("seals/1", "names a former seal")
	case last.number == 1:
	case former == nil:
		v.fault("seals", "seal %d names no former one", last.number)
	case former.Number != last.number-1 || former.Digest != seals[len(seals)-2].digest:
		v.fault("seals", "seal %d names another former one than seal %d", last.number, last.number-1)
	}
}

// checkTakenOver checks that the last seal lists the take-overs of those before it
// and of its own log, each from the cluster that had the archive then.
func (v *verdict) checkTakenOver(seals []seal) {
	last := seals[len(seals)-1]
	var told []takeOver
	for _, s := range seals {
		told = append(told, s.takenOver...)
	}
	listed, owner := last.account.TakenOver, last.account.Export.ClusterID
	for i, t := range listed {
		if t.From != owner || i >= len(told) || told[i].From != t.From || told[i].To != t.To || !told[i].At.Equal(t.At) {
			v.fault("seals", "seal %d lists a take-over from %s to %s that is not told, or not from the owner", last.number, t.From, t.To)
		}
		owner = t.To
	}
	if len(listed) != len(told) {
		v.fault("seals", "seal %d lists %d take-overs, the logs report %d", last.number, len(listed), len(told))
	}
}

// checkSealed compares a seal's tables with the bags that it seals. Isolated items
// are not counted, and listed only if they were retried: their gap is closed.
func (v *verdict) checkSealed(s seal, bags map[string]bag) {
	where := "seals/" + strconv.Itoa(s.number)
	listed := map[string]int{}
	for _, r := range s.recordings {
		listed[r["bag"]+" "+key(r)+" "+r["disposition"]+" "+r["reason"]]++
	}
	for _, line := range s.bags {
		b := bags[line["bag"]]
		counts := map[string]int{}
		for _, r := range b.index {
			if !isolated(r) {
				counts[r["disposition"]]++
			} else if r["retried"] != "true" {
				continue
			}
			listed[b.name+" "+key(r)+" "+r["disposition"]+" "+r["reason"]]--
		}
		var bytes int64
		for _, f := range b.files {
			bytes += b.payload[f["path"]].size
		}
		for column, n := range map[string]int64{
			"exported": int64(counts[exported]), "excluded": int64(counts[excluded]), "unavailable": int64(counts[unavailable]),
			"files": int64(len(b.files)), "bytes": bytes,
		} {
			if line[column] != strconv.FormatInt(n, 10) {
				v.fault(where, "bags.csv says %s %s of %s, it has %d", line[column], column, b.name, n)
			}
		}
		if line["tagmanifest_sha256"] != b.digest {
			v.fault(where, "bags.csv has another digest of %s than it has", b.name)
		}
	}
	for line, n := range listed {
		if n != 0 {
			v.fault(where, "recordings.csv and the bags differ by %d about %s", n, line)
		}
	}
}

// key names the recording of a line.
func key(r row) string { return r["conversation_id"] + "/" + r["recording_id"] }
