package evidence

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strconv"
	"strings"
)

const (
	// ReferencesTable lists the files of a bag that are outside the archive. Only a bag with such
	// files has it.
	ReferencesTable = "data/references.csv"
	// FetchList lists the same files as BagIt wants it (RFC 8493, section 2.2.3).
	FetchList = "fetch.txt"
)

// Reference is where a file is that is not in the bag, and what was seen there.
type Reference struct {
	// Location of the object (S3Location), empty if the file is in the bag.
	Location string `json:"location"`
	// ETag of the object when it was read.
	ETag string `json:"etag,omitempty"`
	// Encryption is how the object is encrypted: KMS by its store, PGP by Genesys Cloud, empty
	// if it is not.
	Encryption string `json:"encryption,omitempty"`
}

// IsReferenced reports whether the file is outside the archive.
func (f File) IsReferenced() bool { return f.Reference.Location != "" }

// ReferencedEvent reports that a file was read where it is, and stays there. The event of a
// file that is in the bag is RecordingStored.
func ReferencedEvent(f File, actor string) Event {
	return Event{Time: f.ReceivedAt, Type: "RecordingReferenced", Actor: actor, Details: map[string]string{
		"path": f.Path, "sha256": f.SHA256, "bytes": strconv.FormatInt(f.Size, 10), "request": f.RequestID, "location": f.Reference.Location,
	}}
}

var referenceColumns = []string{"path", "location", "etag", "encryption"}

// WriteReferences writes references.csv.
func WriteReferences(w io.Writer, referenced []File) error {
	return writeTable(w, referenceColumns, len(referenced), func(i int) []string {
		f := referenced[i]
		return []string{f.Path, f.Reference.Location, cell(f.Reference.ETag), f.Reference.Encryption}
	})
}

// ReadReferences reads what WriteReferences writes: files with their paths and references.
func ReadReferences(r io.Reader) iter.Seq2[File, error] {
	return readTable(r, referenceColumns, func(row []string) (File, error) {
		return File{Path: row[0], Reference: Reference{Location: row[1], ETag: row[2], Encryption: row[3]}}, nil
	})
}

// bagLocations reads where the files of a bag are that are outside the archive, by their paths.
func bagLocations(bag fs.FS) (map[string]string, error) {
	locations := map[string]string{}
	err := eachRow(bag, ReferencesTable, ReadReferences, func(f File) error {
		locations[f.Path] = f.Reference.Location
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return locations, err
}

// referenced are the files of the bag that are outside the archive.
func (b Bag) referenced() []File {
	var some []File
	for _, f := range b.Files {
		if f.IsReferenced() {
			some = append(some, f)
		}
	}
	return some
}

// checkReferences checks that each referenced file can be listed in FetchList without
// escaping anything, and that no object is two files.
func checkReferences(referenced []File) error {
	seen := map[string]bool{}
	for _, f := range referenced {
		_, _, err := ParseS3Location(f.Reference.Location)
		switch {
		case err != nil:
			return fmt.Errorf("location of %s: %w", f.Path, err)
		case strings.ContainsAny(f.Path, "%\r\n") || !strings.HasPrefix(f.Path, RecordingsFolder+"/"):
			return fmt.Errorf("%q is not the path of a recording", f.Path)
		case seen[f.Path], seen[f.Reference.Location]:
			return fmt.Errorf("%s, or what it refers to, comes twice", f.Path)
		}
		seen[f.Path], seen[f.Reference.Location] = true, true
	}
	return nil
}

// withReferenced adds referenced files to the digests of a stored payload, in the order in which
// a bag with all of these files would list them.
func withReferenced(payload []Digest, referenced []File) []Digest {
	if len(referenced) == 0 {
		return payload
	}
	for _, f := range referenced {
		payload = append(payload, Digest{f.SHA256, f.Path, f.Size})
	}
	slices.SortFunc(payload, func(a, b Digest) int {
		return slices.Compare(strings.Split(a.Path, "/"), strings.Split(b.Path, "/"))
	})
	return payload
}

// fetchList is the content of FetchList: the location, the length and the path of each file.
func fetchList(referenced []File) []byte {
	var list bytes.Buffer
	for _, f := range referenced {
		fmt.Fprintf(&list, "%s %d %s\n", f.Reference.Location, f.Size, f.Path)
	}
	return list.Bytes()
}

// ReferencedAccount counts what is in a bucket outside the archive.
type ReferencedAccount struct {
	Bucket string `json:"bucket"`
	// Recordings with a file there, bag by bag.
	Recordings int64 `json:"recordings"`
	Files      int64 `json:"files"`
	Bytes      int64 `json:"bytes"`
}

// addReferenced adds counts to those of the same buckets. They are in the order of the buckets.
func addReferenced(all, more []ReferencedAccount) []ReferencedAccount {
	for _, counts := range more {
		i, there := slices.BinarySearchFunc(all, counts.Bucket, func(a ReferencedAccount, bucket string) int { return cmp.Compare(a.Bucket, bucket) })
		if !there {
			all = slices.Insert(all, i, ReferencedAccount{Bucket: counts.Bucket})
		}
		all[i].Recordings += counts.Recordings
		all[i].Files += counts.Files
		all[i].Bytes += counts.Bytes
	}
	return all
}
