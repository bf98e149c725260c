package verify

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/gcexport/recording-export-operator/internal/bounded"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// longestFetchLine is the longest line of fetch.txt, in bytes: each byte of the longest key of
// S3 escaped, a bucket, a length and a path.
const longestFetchLine = 4096

// fetchLine is a line of fetch.txt.
type fetchLine struct {
	number         int
	location, path string
	size           int64
}

// readFetchList reads the lines of fetch.txt that are of its form (RFC 8493, section 2.2.3).
// It is narrower here: one blank between the parts, a length, and a location of S3.
func (v *verifier) readFetchList(at string) []fetchLine {
	file, err := v.open(at)
	if err != nil {
		v.reportUnreadable(at, err)
		return nil
	}
	defer func() { _ = file.Close() }()
	stored := bufio.NewScanner(newBoundedReader(file, at))
	stored.Buffer(nil, longestFetchLine)
	stored.Split(wholeLines)
	var lines []fetchLine
	number := 0
	for stored.Scan() {
		number++
		line, says := parseFetchLine(stored.Text())
		if says != "" {
			v.fault(Malformed, at, "line %d %s: %q", number, says, cut(stored.Text()))
			continue
		}
		line.number = number
		lines = append(lines, line)
	}
	switch err := stored.Err(); {
	case errors.Is(err, bufio.ErrTooLong), errors.Is(err, bounded.ErrTooLarge):
		v.fault(Malformed, at, "is too long, or has a line that is: after line %d", number)
	case err != nil:
		v.reportUnreadable(at, err)
	}
	return lines
}

// parseFetchLine reads a line, and reports what is wrong with it.
func parseFetchLine(text string) (line fetchLine, says string) {
	parts := strings.Split(text, " ")
	if len(parts) != 3 {
		return line, "is not a location, a length and a path, with a blank between them"
	}
	_, _, err := evidence.ParseS3Location(parts[0])
	size, other := strconv.ParseInt(parts[1], 10, 64)
	name, isEscaped := unescapePath(parts[2])
	switch {
	case err != nil:
		return line, "does not begin with the location of an object (s3://bucket/key)"
	case other != nil || size < 0 || decimal(size) != parts[1]:
		return line, "has a length that is not a number of bytes"
	case !isEscaped:
		return line, "escapes something else than line breaks and percent signs, or does not escape one of them"
	case !recordingPath.MatchString(name):
		return line, "has a path that is not that of a recording"
	}
	return fetchLine{location: parts[0], size: size, path: name}, ""
}

// unescapePath reads a path of fetch.txt, in which line breaks and percent signs are escaped, and
// nothing else is. It reports whether the path is of this form.
func unescapePath(text string) (path string, ok bool) {
	parts := strings.Split(text, "%")
	var b strings.Builder
	b.WriteString(parts[0])
	for _, part := range parts[1:] {
		switch {
		case strings.HasPrefix(part, "0A"):
			b.WriteByte('\n')
		case strings.HasPrefix(part, "0D"):
			b.WriteByte('\r')
		case strings.HasPrefix(part, "25"):
			b.WriteByte('%')
		default:
			return "", false
		}
		b.WriteString(part[2:])
	}
	return b.String(), !strings.Contains(text, "\r")
}

// hashReferenced reads the files that are outside the archive, and adds them to those that were
// found. The error is that of the context.
func (v *verifier) hashReferenced(ctx context.Context, b *bag, references map[string]reference, found hashedFiles) error {
	names := slices.DeleteFunc(slices.Collect(maps.Keys(references)), found.has) // those that are there are reported
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(v.options.Workers)
	for _, name := range names {
		group.Go(func() error {
			file, err := v.hashReference(ctx, b, name, references[name])
			mu.Lock()
			defer mu.Unlock()
			found[name] = file
			if file.unread {
				b.unchecked++
			}
			return err
		})
	}
	return group.Wait()
}

// hashReference reads a file where it is. One that is not read is a finding, and so is one that
// is not there.
func (v *verifier) hashReference(ctx context.Context, b *bag, name string, r reference) (hashedFile, error) {
	at, unread := b.bagPath(evidence.FetchList), hashedFile{unread: true, size: max(r.size, 0), location: r.location}
	switch {
	case r.location == "" || r.size < 0: // which is reported
		return unread, nil
	case v.options.OpenReferenced == nil && v.options.CountReferenced:
		return unread, nil
	case v.options.OpenReferenced == nil:
		v.fault(Unreadable, at, "%s is outside the archive, at %s, and was not read", name, r.location)
		return unread, nil
	}
	var buffer []byte
	select {
	case <-ctx.Done():
		return unread, ctx.Err()
	case buffer = <-v.buffers:
	}
	defer func() { v.buffers <- buffer }()
	from, err := v.options.OpenReferenced(ctx, r.location)
	if err == nil {
		defer func() { _ = from.Close() }()
		var file hashedFile
		if file, err = v.digest(ctx, from, buffer, r.size); err == nil {
			v.options.Meter.Files.Add(1)
			file.location = r.location
			return file, nil
		}
	}
	switch {
	case ctx.Err() != nil:
		return unread, ctx.Err()
	case errors.Is(err, fs.ErrNotExist):
		v.fault(Missing, b.bagPath(name), "is missing: %s states that it is at %s, but nothing is there", evidence.FetchList, r.location)
	default:
		v.fault(Unreadable, at, "%s is outside the archive, at %s, and cannot be read: %v", name, r.location, reason(err))
	}
	return unread, nil
}
