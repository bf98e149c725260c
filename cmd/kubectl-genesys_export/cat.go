package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/internal/verify/index"
)

// runCat writes one file of a recording.
func runCat(ctx context.Context, arguments []string, to streams) error {
	var (
		where  location
		query  index.Query
		number int
	)
	flags := where.flags("cat", to.err)
	addQueryFlags(flags, &query)
	where.addOutsideFlags(flags)
	flags.IntVar(&number, "file", 0, "`number` of the file, counted from 1, if the recording has several")
	if err := where.parse(flags, arguments); err != nil {
		return err
	}
	hits, fsys, err := find(ctx, where, query)
	if err != nil {
		return err
	}
	file, err := onlyFile(hits, number)
	if err != nil {
		return err
	}
	from, err := file.openFile(ctx, fsys, where.opener())
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	return file.copy(ctx, from, to)
}

// onlyFile returns the one file that was requested, with its path below the location.
func onlyFile(hits []hit, number int) (storedFile, error) {
	var files []storedFile
	for _, h := range hits {
		for i, f := range h.Files {
			if number == 0 || number == i+1 {
				files = append(files, storedFile{h.place(f), f.SHA256, f.Location != ""})
			}
		}
	}
	switch {
	case len(files) == 1:
		return files[0], nil
	case len(files) > 1:
		return storedFile{}, usageError{fmt.Errorf("%d files match, for example %s and %s: choose one with --recording and --file", len(files), files[0].path, files[1].path)}
	case len(hits) > 0:
		return storedFile{}, fmt.Errorf("no such file: recording %s of conversation %s is %s %s", hits[0].Recording.Recording, hits[0].Conversation, hits[0].Disposition, hits[0].Reason)
	default:
		return storedFile{}, errors.New("the archive does not list this recording")
	}
}

// storedFile is a file of a recording. Its path is a location if it is outside the archive.
type storedFile struct {
	path, sha256 string
	isOutside    bool
}

func (s storedFile) openFile(ctx context.Context, fsys fs.FS, outside *opener) (io.ReadCloser, error) {
	if !s.isOutside {
		return fsys.Open(s.path)
	}
	file, err := outside.openReferenced(ctx, s.path)
	if err != nil {
		return nil, fmt.Errorf("%s is outside the archive: %w", s.path, err)
	}
	return file, nil
}

// copy writes the file, and compares its digest with the one in files.csv.
func (s storedFile) copy(ctx context.Context, file io.Reader, to streams) error {
	hash := sha256.New()
	if _, err := io.Copy(io.MultiWriter(to.out, hash), stoppable{ctx, file}); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != s.sha256 {
		fmt.Fprintf(to.err, "%s was changed: files.csv lists SHA-256 %s, but the file has %s\n", verify.Printable(s.path), verify.Printable(s.sha256), got)
		return errFindings
	}
	return nil
}

// stoppable reads until its context ends.
type stoppable struct {
	ctx  context.Context
	from io.Reader
}

func (s stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.from.Read(p)
}
