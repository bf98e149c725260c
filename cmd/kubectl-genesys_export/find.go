package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/internal/verify/index"
)

// hit is a recording that was found, with its archive.
type hit struct {
	Archive string `json:"archive"`
	index.Recording
}

// place is where a file is: below the location of the archives, or in a bucket outside.
func (h hit) place(file index.File) string {
	return cmp.Or(file.Location, path.Join(h.Archive, file.Path))
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
