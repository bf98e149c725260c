package report

import "github.com/gcexport/recording-export-operator/internal/evidence"

// referencedRow is what a bucket outside the archive contains.
type referencedRow struct {
	Bucket, Size             text
	Recordings, Files, Bytes amount
}

// referenced shows which files are outside the archive, and says so in short.
func (v *view) referenced(a evidence.Account) {
	var recordings int64
	for _, r := range a.Referenced {
		recordings += r.Recordings
		v.Referenced = append(v.Referenced, referencedRow{clean(r.Bucket, longName), size(r.Bytes), amount(r.Recordings), amount(r.Files), amount(r.Bytes)})
	}
	if recordings == 0 {
		return
	}
	v.Verdict.Then = append(v.Verdict.Then, words("Files of %s are not in the archive itself: they are in a bucket of the organisation, and the archive contains their locations and SHA-256 digests. Section 4 gives the numbers.",
		of(recordings, "recording", "recordings")))
}
