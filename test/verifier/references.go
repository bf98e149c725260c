package main

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The lists of the files of a bag that are in a bucket.
const (
	referenceTable = "data/references.csv"
	fetchList      = "fetch.txt"
)

// readReferences adds the files to which a bag refers to its payload, as they are in the bucket:
// so everything else that is compared with the payload is compared with them, too.
func (v *verdict) readReferences(where string, b *bag) {
	b.locations = map[string]string{}
	lists := map[string]bool{}
	for _, name := range []string{referenceTable, fetchList} {
		_, err := os.Stat(filepath.Join(where, name))
		lists[name] = err == nil
	}
	if lists[referenceTable] != lists[fetchList] {
		v.fault(where, "has only one of %s and %s", referenceTable, fetchList)
	}
	if !lists[referenceTable] {
		return
	}
	sizes, lines := map[string]string{}, ""
	for _, f := range b.files {
		sizes[f["path"]] = f["size"]
	}
	for _, r := range v.table(filepath.Join(where, referenceTable), "path", "location", "etag", "encryption") {
		path := r["path"]
		_, twice := b.locations[path]
		_, stored := b.payload[path]
		if twice || stored || !strings.HasPrefix(path, "data/recordings/") {
			v.fault(where, "refers to %s, which is stored, or no recording, or referred to twice", path)
		}
		b.locations[path] = r["location"]
		lines += r["location"] + " " + sizes[path] + " " + path + "\n"
	}
	if body, err := os.ReadFile(filepath.Join(where, fetchList)); err != nil || string(body) != lines || lines == "" {
		v.fault(where, "%s does not list what %s and files.csv do: %v", fetchList, referenceTable, err)
	}
	for path, location := range b.locations {
		found, err := v.fetch(location)
		if err != nil {
			v.fault(where, "refers to %s, but %v", path, err)
			continue
		}
		b.payload[path] = found
	}
}

// checkJobs checks that every file in a bucket came from a recording bulk job of Genesys Cloud that the
// custody log reports from its request to its end.
func (v *verdict) checkJobs(where string, log []event) {
	requested, executed, fulfilled := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, e := range log {
		switch id := e.Details["request"]; e.Type {
		case "RecordingsRequested":
			requested[id] = e.Details["bulkJobPart"] != ""
		case "BulkJobExecutionRequested":
			executed[id] = true
		case "BulkJobEnded":
			fulfilled[id] = e.Details["state"] == "FULFILLED"
		}
	}
	for _, e := range log {
		if id := e.Details["request"]; e.Type == "RecordingReferenced" && (!requested[id] || !executed[id] || !fulfilled[id]) {
			v.fault(where, "the custody log reports that %s came from %q, which is not a bulk job that was executed and fulfilled", e.Details["path"], id)
		}
	}
}

// fetch hashes an object at s3://bucket/key, in the directory in which the buckets are.
func (v *verdict) fetch(location string) (stored, error) {
	if v.buckets == "" {
		return stored{}, fmt.Errorf("-buckets does not say where %s is", location)
	}
	at, err := url.Parse(location)
	if err != nil || at.Scheme != "s3" || at.Host == "" || at.RawQuery != "" || at.Fragment != "" || !fs.ValidPath(strings.TrimPrefix(at.Path, "/")) {
		return stored{}, fmt.Errorf("%q is not s3://bucket/key", location)
	}
	return digest(filepath.Join(v.buckets, at.Host, filepath.FromSlash(at.Path)))
}

// referenced is what an account says of a bucket.
type referenced struct {
	Bucket     string `json:"bucket"`
	Recordings int    `json:"recordings"`
	Files      int    `json:"files"`
	Bytes      int64  `json:"bytes"`
}

// takeReferenced compares what the account says of buckets with what the bags refer to.
func (c *census) takeReferenced(where string, a account) {
	found := map[string]referenced{}
	for _, b := range c.bags {
		counted := map[string]bool{}
		for _, f := range b.files {
			at, err := url.Parse(b.locations[f["path"]])
			if err != nil || at.Host == "" {
				continue
			}
			sum := found[at.Host]
			sum.Bucket, sum.Files = at.Host, sum.Files+1
			size, _ := strconv.ParseInt(f["size"], 10, 64)
			sum.Bytes += size
			if recording := at.Host + "/" + key(f); !counted[recording] {
				counted[recording] = true
				sum.Recordings++
			}
			found[at.Host] = sum
		}
	}
	for _, told := range a.Referenced {
		c.expect(told == found[told.Bucket], where, "says %v of bucket %s, there are %v", told, told.Bucket, found[told.Bucket])
		delete(found, told.Bucket)
	}
	for bucket := range found {
		c.fault(where, "does not know bucket %s, to which bags refer", bucket)
	}
}
