package evidence

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// ArtifactsFile is the file of a seal that lists the artifacts from which an operator
// continues after it, each with the SHA-256 of its content without its MAC, as
// sha256sum writes it:
//
//	<sha256>  .work/plan/000000.json
//
// The paths are keys of the archive, in order. A seal lists what no former one does. It
// is there so that an operator without the key of the MACs can tell which artifacts to
// believe: see docs/adr/0034. Seals of earlier versions do not have it.
const ArtifactsFile = "artifacts-sha256.txt"

// ArtifactKeyReplaced is the type of the event that tells, in the log of the next seal,
// that the archive was continued without the key of its artifacts.
const ArtifactKeyReplaced = "ArtifactKeyReplaced"

// maxArtifacts is how many artifacts a seal may list: far more than the plan has
// entries, and the window days.
const maxArtifacts = 1 << 20

// maxArtifactsSize is the size of the largest list that is read, in bytes, and
// maxArtifactKey the length of the longest key in it.
const (
	maxArtifactsSize = 64 << 20
	maxArtifactKey   = 1024
)

// artifactLine is a line of ArtifactsFile without its line feed.
var artifactLine = regexp.MustCompile(`^[0-9a-f]{64}  \.work(/[A-Za-z0-9._-]{1,255})+$`)

// writeArtifacts lists artifacts, of which the SHA-256s are given by key.
func writeArtifacts(w io.Writer, digests map[string]string) error {
	lines := make([]Digest, 0, len(digests))
	for _, key := range slices.Sorted(maps.Keys(digests)) {
		lines = append(lines, Digest{SHA256: digests[key], Path: key})
	}
	_, err := w.Write(manifestBytes(lines))
	return err
}

// ReadArtifacts reads what a seal's ArtifactsFile lists: the SHA-256s by key. The error
// is ErrCorrupt if it is not as the exporter writes it.
func ReadArtifacts(from io.Reader) (map[string]string, error) {
	digests, last := map[string]string{}, ""
	lines := bufio.NewScanner(io.LimitReader(from, maxArtifactsSize))
	lines.Split(scanWholeLines)
	for number := 1; lines.Scan(); number++ {
		digest, key, _ := strings.Cut(lines.Text(), "  ")
		switch {
		case !artifactLine.MatchString(lines.Text()) || !fs.ValidPath(key) || len(key) > maxArtifactKey:
			return nil, fmt.Errorf("%w: %s: line %d is not the SHA-256 of an artifact", ErrCorrupt, ArtifactsFile, number)
		case key <= last:
			return nil, fmt.Errorf("%w: %s: line %d is not in order, or comes twice", ErrCorrupt, ArtifactsFile, number)
		case number > maxArtifacts:
			return nil, fmt.Errorf("%w: %s lists more than %d artifacts", ErrCorrupt, ArtifactsFile, maxArtifacts)
		}
		digests[key], last = digest, key
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("%w: %s: a line is cut off or too long", ErrCorrupt, ArtifactsFile)
	} else if err != nil {
		return nil, err
	}
	return digests, nil
}

// scanWholeLines splits at line feeds. A last line without one is io.ErrUnexpectedEOF.
func scanWholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := slices.Index(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}
