package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/internal/verify/index"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// hit is a recording that was found, with its archive.
type hit struct {
	Archive string `json:"archive"`
	index.Recording
}

// addQueryFlags adds the flags that select recordings.
func addQueryFlags(f *flag.FlagSet, q *index.Query) {
	f.StringVar(&q.Conversation, "conversation", "", "`id` of the conversation")
	f.StringVar(&q.Recording, "recording", "", "`id` of the recording")
	f.Func("medium", "`medium`: "+allMedia, medium(&q.Medium))
	f.Func("from", "earliest start of the conversation: a `time`, for example 2023-10-01 or 2023-10-01T08:00:00Z", instant(&q.From))
	f.Func("until", "`time` before which the conversation started", instant(&q.Until))
}

// media are the names of all media.
var media = []string{string(genesys.Call), string(genesys.Screen), string(genesys.Chat), string(genesys.Email), string(genesys.Message)}

// allMedia lists the media for help and errors.
var allMedia = english.WordSeries(media, "or")

// medium parses a medium in upper or lower case. It refuses an unknown medium, because ls
// would find no recordings of it.
func medium(into *string) func(string) error {
	return func(text string) error {
		i := slices.IndexFunc(media, func(m string) bool { return strings.EqualFold(m, text) })
		if i < 0 {
			return fmt.Errorf("unknown medium: use %s", allMedia)
		}
		*into = media[i]
		return nil
	}
}

func instant(into *time.Time) func(string) error {
	return func(text string) (err error) {
		if *into, err = time.Parse(time.DateOnly, text); err != nil {
			*into, err = time.Parse(time.RFC3339Nano, text)
		}
		if err != nil {
			return errors.New("not a time: use for example 2023-10-01 or 2023-10-01T09:00:00Z")
		}
		return nil
	}
}

func runList(ctx context.Context, arguments []string, to streams) error {
	var (
		where location
		shape format
		query index.Query
	)
	flags := where.flags("ls", to.err)
	shape.add(flags)
	addQueryFlags(flags, &query)
	if err := where.parse(flags, arguments); err != nil {
		return err
	}
	hits, _, err := find(ctx, where, query)
	if err != nil {
		return err
	}
	if shape == "json" {
		encoder := json.NewEncoder(to.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(hits)
	}
	if len(hits) == 0 {
		fmt.Fprintf(to.err, "No recordings in %s match. Without flags, ls lists all recordings.\n", verify.Printable(where.name))
		return nil
	}
	table := tabwriter.NewWriter(to.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "START\tCONVERSATION\tRECORDING\tMEDIUM\tLANE\tDISPOSITION\tREASON\tSIZE\tFILE")
	row := func(cells ...string) {
		for i := range cells {
			cells[i] = verify.Printable(cells[i])
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	for _, h := range hits {
		cells := []string{words.Time(h.Start), h.Conversation, h.Recording.Recording, h.Medium, h.Lane, h.Disposition, h.Reason}
		for _, file := range h.Files {
			row(append(cells[:len(cells):len(cells)], words.Bytes(file.Size), path.Join(h.Archive, file.Path))...)
		}
		if len(h.Files) == 0 {
			row(append(cells, "", "")...)
		}
	}
	return table.Flush()
}

// find finds recordings in every archive of a location.
func find(ctx context.Context, where location, query index.Query) ([]hit, fs.FS, error) {
	fsys, _, err := where.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	archives, err := verify.Archives(fsys)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", where.name, err)
	}
	hits := []hit{}
	for _, archive := range archives {
		sub, err := fs.Sub(fsys, archive)
		if err != nil {
			return nil, nil, err
		}
		recordings, err := index.Find(sub, query)
		if err != nil {
			return nil, nil, fmt.Errorf("archive %s: %w", archive, err)
		}
		for _, r := range recordings {
			hits = append(hits, hit{archive, r})
		}
	}
	return hits, fsys, nil
}

func runCat(ctx context.Context, arguments []string, to streams) error {
	var (
		where  location
		query  index.Query
		number int
	)
	flags := where.flags("cat", to.err)
	addQueryFlags(flags, &query)
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
	return file.copy(ctx, fsys, to)
}

// onlyFile returns the one file that was requested, with its path below the location.
func onlyFile(hits []hit, number int) (storedFile, error) {
	var files []storedFile
	for _, h := range hits {
		for i, f := range h.Files {
			if number == 0 || number == i+1 {
				files = append(files, storedFile{path.Join(h.Archive, f.Path), f.SHA256})
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

type storedFile struct{ path, sha256 string }

// copy writes the file, and compares its digest with the one in files.csv.
func (s storedFile) copy(ctx context.Context, fsys fs.FS, to streams) error {
	file, err := fsys.Open(s.path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
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
