package verify

import (
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// reference is where a file of a bag is that is outside the archive.
type reference struct {
	// location is empty if it is not one.
	location, bucket string
	// size by fetch.txt, -1 if that does not list the file.
	size int64
	line int
}

// encryptions are the words for how a file outside the archive is encrypted.
var encryptions = []string{"", "KMS", "PGP"}

var referenceColumns = []string{"path", "location", "etag", "encryption"}

// readReferences reads which files of a bag are outside the archive, by their paths:
// references.csv and fetch.txt list the same ones in the same order, and none of them is in
// the bag.
func (v *verifier) readReferences(b *bag, found hashedFiles) map[string]reference {
	files, order := v.readReferenceTable(b, found)
	at := b.bagPath(evidence.FetchList)
	if _, there := found[evidence.FetchList]; !there {
		if len(order) > 0 {
			v.reportMissing(at, "is missing, though %s lists %d files outside the archive", evidence.ReferencesTable, len(order))
		}
		return files
	}
	var fetched []string
	seen := map[string]bool{}
	for _, line := range v.readFetchList(at) {
		of, listed := files[line.path]
		switch {
		case seen[line.path]:
			v.fault(Contradiction, at, "line %d lists %s a second time", line.number, cut(line.path))
			continue
		case found.has(line.path):
			v.fault(Contradiction, at, "line %d lists %s, which is also in the bag: a file is either stored or referenced", line.number, cut(line.path))
		case !listed:
			v.fault(Contradiction, at, "line %d lists %s, but %s does not", line.number, cut(line.path), evidence.ReferencesTable)
		case of.location != "" && of.location != line.location:
			v.fault(Contradiction, at, "line %d states that %s is at %s, but %s states %s", line.number, cut(line.path), line.location, evidence.ReferencesTable, of.location)
		}
		seen[line.path], fetched = true, append(fetched, line.path)
		if listed {
			of.size = line.size
			files[line.path] = of
		}
	}
	v.compareOrder(at, files, order, fetched)
	return files
}

// compareOrder compares the order of references.csv with that of fetch.txt, and reports what
// only the former lists.
func (v *verifier) compareOrder(at string, files map[string]reference, order, fetched []string) {
	if !v.wasRead(at) {
		return
	}
	for _, name := range order {
		if files[name].size < 0 {
			v.fault(Contradiction, at, "does not list %s, but %s does", cut(name), evidence.ReferencesTable)
		}
	}
	if len(fetched) == 0 && len(order) == 0 {
		v.fault(Malformed, at, "is empty: the exporter does not write it for a bag whose files are all stored")
	}
	if len(order) == len(fetched) && !slices.Equal(order, fetched) {
		v.fault(Contradiction, at, "lists files in another order than %s", evidence.ReferencesTable)
	}
}

// readReferenceTable reads references.csv, and the order in which it lists files.
func (v *verifier) readReferenceTable(b *bag, found hashedFiles) (files map[string]reference, order []string) {
	at, owners := b.bagPath(evidence.ReferencesTable), map[string]string{}
	files = map[string]reference{}
	if !found.has(evidence.ReferencesTable) {
		return files, nil
	}
	for row := range v.rows(at, referenceColumns...) {
		name, location := row.Get("path"), row.Get("location")
		bucket, _, err := evidence.ParseS3Location(location)
		other, shared := owners[location]
		switch _, twice := files[name]; {
		case twice:
			v.fault(Contradiction, at, "line %d lists %s a second time", row.Line, cut(name))
			continue
		case !recordingPath.MatchString(name):
			v.fault(Malformed, at, "line %d lists %q, which is not the path of a recording", row.Line, cut(name))
			continue
		case err != nil:
			v.fault(Malformed, at, "line %d states that %s is at %q, which is not the location of an object (s3://bucket/key)", row.Line, name, cut(location))
			location = ""
		case shared:
			v.fault(Contradiction, at, "line %d states that %s is at %s, where %s is", row.Line, name, location, other)
		case found.has(name):
			v.fault(Contradiction, at, "line %d lists %s, which is also in the bag: a file is either stored or referenced", row.Line, name)
		}
		if how := row.Get("encryption"); !slices.Contains(encryptions, how) {
			v.fault(Malformed, at, "line %d states that %s is encrypted in a way that is not known: %q", row.Line, name, cut(how))
		}
		owners[location], files[name] = name, reference{location, bucket, -1, row.Line}
		order = append(order, name)
	}
	if header := strings.Join(referenceColumns, ",") + "\n"; found[evidence.ReferencesTable].size <= int64(len(header)) {
		v.fault(Malformed, at, "is empty: the exporter does not write it for a bag whose files are all stored")
	}
	return files, order
}

// has reports whether a file is there.
func (s hashedFiles) has(name string) bool {
	_, there := s[name]
	return there
}

// referencedTally counts what is in a bucket outside the archive.
type referencedTally struct{ recordings, files, bytes int64 }

// checkReferences compares the files that are outside the archive with what the manifest and
// files.csv list, and counts them.
func (v *verifier) checkReferences(b *bag, t tables, listed map[string]string) {
	at, fetch := b.bagPath(evidence.ReferencesTable), b.bagPath(evidence.FetchList)
	counted := map[string]bool{}
	b.referenced = map[string]referencedTally{}
	for name, r := range t.references {
		if _, ok := listed[name]; !ok && v.wasRead(b.bagPath(payloadManifest)) {
			v.fault(Contradiction, fetch, "lists %s, but %s does not", name, payloadManifest)
		}
		file, ok := t.files[name]
		switch {
		case !ok:
			v.fault(Contradiction, at, "line %d lists %s, but files.csv does not", r.line, name)
			continue
		case r.size >= 0 && r.size != file.size:
			v.fault(Contradiction, fetch, "states that %s has %d bytes, but files.csv states %d", name, r.size, file.size)
		}
		if r.location == "" {
			continue
		}
		tally := b.referenced[r.bucket]
		if key := r.bucket + "/" + file.key; !counted[key] {
			counted[key] = true
			tally.recordings++
		}
		tally.files++
		tally.bytes += file.size
		b.referenced[r.bucket] = tally
	}
}

// cutLocation shortens text from outside unless it is a location: two of them can differ only at
// their ends.
func cutLocation(text string) string {
	if _, _, err := evidence.ParseS3Location(text); err != nil {
		return cut(text)
	}
	return text
}

// checkPlace checks that an event about a file states where the file is, as references.csv does.
func (v *verifier) checkPlace(log string, e event, r reference) {
	name := e.Details["path"]
	switch isReferenced := r.line > 0; {
	case isReferenced != (e.Type == "RecordingReferenced"):
		v.fault(Contradiction, log, "line %d reports %s of %s, but %s states otherwise", e.Sequence, e.Type, cut(name), evidence.ReferencesTable)
	case isReferenced && e.Details["location"] != r.location:
		v.fault(Contradiction, log, "line %d reports that %s is at %s, but %s states %s", e.Sequence, cut(name), cutLocation(e.Details["location"]), evidence.ReferencesTable, r.location)
	}
}

// addReferenced adds what a bag refers to.
func (c *census) addReferenced(b *bag) {
	for bucket, more := range b.referenced {
		have := c.referenced[bucket]
		have.recordings += more.recordings
		have.files += more.files
		have.bytes += more.bytes
		c.referenced[bucket] = have
	}
}

// judgeReferenced compares what an account states of each bucket with what was counted up to it.
func (c *census) judgeReferenced(at string, a evidence.Account) {
	told, last := map[string]bool{}, ""
	for _, r := range a.Referenced {
		if r.Bucket <= last {
			c.fault(Malformed, at, "lists bucket %s twice, or not in order", cut(r.Bucket))
		}
		last, told[r.Bucket] = r.Bucket, true
		have, of := c.referenced[r.Bucket], " in bucket "+cut(r.Bucket)
		c.checkNumber(at, "recordings"+of, r.Recordings, have.recordings)
		c.checkNumber(at, "files"+of, r.Files, have.files)
		c.checkNumber(at, "bytes"+of, r.Bytes, have.bytes)
	}
	for bucket, have := range c.referenced {
		if !told[bucket] {
			c.fault(Account, at, "does not know bucket %s, to which the bags refer for %d files", cut(bucket), have.files)
		}
	}
}

// tellReferenced adds what a bag refers to.
func (r *Report) tellReferenced(b *bag) {
	for bucket, tally := range b.referenced {
		r.Referenced += tally.recordings
		r.ReferencedFiles += tally.files
		if !slices.Contains(r.Buckets, bucket) {
			r.Buckets = append(r.Buckets, bucket)
		}
	}
	r.Unchecked += b.unchecked
}

// expectBytes notes how many bytes of recordings there are to be read, by an account.
func (v *verifier) expectBytes(a evidence.Account) {
	bytes := a.Bytes
	for _, r := range a.Referenced {
		if v.options.OpenReferenced == nil {
			bytes -= r.Bytes
		}
	}
	v.options.Meter.Expected.Store(bytes)
}
