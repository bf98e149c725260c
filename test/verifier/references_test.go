package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const bucketOfCase = "recordings-of-case"

// refer puts a file into the bucket instead of a bag.
func (f *fixture) refer(b *madeBag, path, content string) {
	f.Helper()
	key := "org/month=1/" + sum([]byte(path))[:8] + ".wav"
	f.write("../../"+filepath.Base(f.buckets)+"/"+bucketOfCase+"/"+key, []byte(content))
	b.references = append(b.references, []string{path, "s3://" + bucketOfCase + "/" + key, "", ""})
}

// writeReferences writes the lists of what a bag refers to.
func (f *fixture) writeReferences(b *madeBag) {
	f.Helper()
	if len(b.references) == 0 {
		return
	}
	var fetch strings.Builder
	for _, r := range b.references {
		fetch.WriteString(r[1] + " " + b.sizeOf(r[0]) + " " + r[0] + "\n")
	}
	f.write("bags/"+b.name+"/data/references.csv", table([]string{"path", "location", "etag", "encryption"}, b.references))
	f.write("bags/"+b.name+"/fetch.txt", []byte(fetch.String()))
}

func (b *madeBag) sizeOf(path string) string {
	for _, line := range b.files {
		if line[0] == path {
			return line[3]
		}
	}
	return ""
}

// stored reports that a file is there, in the bag or in the bucket.
func (b *madeBag) stored(path, digest string) event {
	for _, r := range b.references {
		if r[0] == path {
			return event{Type: "RecordingReferenced", Details: map[string]string{"path": path, "sha256": digest, "location": r[1], "request": bulkJobOfCase}}
		}
	}
	return event{Type: "RecordingStored", Details: map[string]string{"path": path, "sha256": digest}}
}

// bulkJobOfCase is the bulk job that brought files into the bucket.
const bulkJobOfCase = "job-1"

// jobs reports the bulk job, if there was one.
func (b *madeBag) jobs() []event {
	if len(b.references) == 0 {
		return nil
	}
	return []event{
		{Type: "RecordingsRequested", Details: map[string]string{"request": bulkJobOfCase, "bulkJobPart": "0-1"}},
		{Type: "BulkJobExecutionRequested", Details: map[string]string{"request": bulkJobOfCase}},
		{Type: "BulkJobEnded", Details: map[string]string{"request": bulkJobOfCase, "state": "FULFILLED"}},
	}
}

// tellOtherwise changes a detail of the events of one type in the log of a bag.
func (f *fixture) tellOtherwise(folder, kind, detail, value string) {
	f.Helper()
	name := folder + "/custody/events.jsonl"
	log := (&verdict{}).chain(filepath.Join(f.archive, name))
	for _, e := range log {
		if e.Type == kind {
			e.Details[detail] = value
		}
	}
	f.write(name, events(log...))
}

// referencedOf are the files to which a bag refers, as its tables list them.
func (f *fixture) referencedOf(folder string) map[string]stored {
	f.Helper()
	files, v := map[string]stored{}, &verdict{}
	if _, err := os.Stat(filepath.Join(f.archive, folder, referenceTable)); err != nil {
		return files
	}
	for _, r := range v.table(filepath.Join(f.archive, folder, referenceTable)) {
		for _, line := range v.table(filepath.Join(f.archive, folder, "data/files.csv")) {
			if line["path"] == r["path"] {
				size, _ := strconv.ParseInt(line["size"], 10, 64)
				files[r["path"]] = stored{size, line["sha256"]}
			}
		}
	}
	return files
}

// TestAnArchiveThatRefersToABucket is judged with what is there.
func TestAnArchiveThatRefersToABucket(t *testing.T) {
	t.Parallel()
	f := makeFixture(t, true)
	if status, says := f.judge("-buckets", f.buckets); status != exitSound || !strings.Contains(says, "12 files in 8 bags") {
		t.Errorf("status %d:\n%s", status, says)
	}
	if status, says := f.judge(); status != exitViolated || !strings.Contains(says, "-buckets does not say where s3://"+bucketOfCase) {
		t.Errorf("status %d:\n%s", status, says)
	}
}

// TestReferencesThatDoNotFit changes one thing at a time.
func TestReferencesThatDoNotFit(t *testing.T) {
	t.Parallel()
	const standard = "bags/case-standard"
	object := func(f *fixture) string {
		found, err := filepath.Glob(filepath.Join(f.buckets, bucketOfCase, "org", "month=1", "*.wav"))
		if err != nil || len(found) != 2 {
			f.Fatal(found, err)
		}
		return found[0]
	}
	tests := map[string]struct {
		change func(*fixture)
		says   string
	}{
		"an object changes": {func(f *fixture) { _ = os.WriteFile(object(f), []byte("0ne"), 0o600) }, "another digest"},
		"an object is gone": {func(f *fixture) { _ = os.Remove(object(f)) }, "no such file"},
		"a location changes": {func(f *fixture) {
			f.replace(standard+"/fetch.txt", bucketOfCase, "another")
			f.forge("case-standard", "1")
		}, "does not list what"},
		"a length changes": {func(f *fixture) {
			f.replace(standard+"/fetch.txt", " 3 ", " 4 ")
			f.forge("case-standard", "1")
		}, "does not list what"},
		"a list is gone": {func(f *fixture) {
			f.remove(standard + "/fetch.txt")
			f.forge("case-standard", "1")
		}, "has only one of"},
		"the log says another location": {func(f *fixture) {
			f.replace(standard+"/data/references.csv", ".wav", ".mp3")
			f.replace(standard+"/fetch.txt", ".wav ", ".mp3 ")
			f.forge("case-standard", "1")
		}, "where it is not"},
		"the job failed": {func(f *fixture) {
			f.tellOtherwise(standard, "BulkJobEnded", "state", "CANCELLED")
		}, "not a bulk job that was executed and fulfilled"},
		"the request was not a job": {func(f *fixture) {
			f.tellOtherwise(standard, "RecordingsRequested", "bulkJobPart", "")
		}, "not a bulk job that was executed and fulfilled"},
		"the job was not executed": {func(f *fixture) {
			f.tellOtherwise(standard, "BulkJobExecutionRequested", "request", "job-2")
		}, "not a bulk job that was executed and fulfilled"},
		"a file is stored, too": {func(f *fixture) {
			f.write(standard+"/data/recordings/"+id(1, 1)+"/"+id(2, 11)+"/01.wav", []byte("one"))
		}, "which is stored"},
		"the account counts otherwise": {func(f *fixture) {
			f.replace("seals/2/account.json", `"files":2,"recordings":1`, `"files":1,"recordings":1`)
			f.resign("seals/2")
		}, "of bucket " + bucketOfCase},
		"the account says nothing": {func(f *fixture) {
			f.replace("seals/2/account.json", `"referenced"`, `"others"`)
			f.resign("seals/2")
		}, "does not know bucket " + bucketOfCase},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := makeFixture(t, true)
			tt.change(f)
			if status, says := f.judge("-buckets", f.buckets); status != exitViolated || !strings.Contains(says, tt.says) {
				t.Errorf("status %d, does not say %q:\n%s", status, tt.says, says)
			}
		})
	}
}
