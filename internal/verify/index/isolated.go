package index

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/verify"
)

// noteIsolated notes in which seal a recording is listed that was isolated without
// its conversation: some of its files may be in the bag that it left, which no table
// of a seal names.
func (f *finder) noteIsolated(key, folder string, row verify.Row) {
	delete(f.isolated, key)
	alone := slicing.Lane(row.Get("lane")) == slicing.Isolated && f.homes[row.Get("conversation_id")] != row.Get("bag")
	if alone && row.Get("retried") != "true" {
		f.isolated[key] = folder
	}
}

// addLeft adds the files of isolated recordings that are in the bag that they left.
func (f *finder) addLeft(list []Recording) error {
	seals := map[string][]*Recording{}
	for i := range list {
		if folder, alone := f.isolated[list[i].key()]; alone {
			seals[folder] = append(seals[folder], &list[i])
		}
	}
	for folder, recordings := range seals {
		bags, err := f.bagsAround(folder, recordings)
		if err != nil {
			return err
		}
		for bag, wanted := range bags {
			if err := f.addLeftIn(bag, wanted); err != nil {
				return err
			}
		}
		for _, r := range recordings {
			slices.SortFunc(r.Files, func(a, b File) int { return cmp.Compare(path.Base(a.Path), path.Base(b.Path)) })
		}
	}
	return nil
}

// bagsAround are the bags of a seal that recordings may have left, with those
// recordings: bags of other lanes, of the part of the window in which their
// conversation started.
func (f *finder) bagsAround(folder string, recordings []*Recording) (map[string]map[string]*Recording, error) {
	bags := map[string]map[string]*Recording{}
	err := f.each(folder+"/bags.csv", func(row verify.Row) {
		if slicing.Lane(row.Get("lane")) == slicing.Isolated {
			return
		}
		wanted := map[string]*Recording{}
		for _, r := range recordings {
			if within(r.Start, row.Get("start"), row.Get("end")) {
				wanted[r.key()] = r
			}
		}
		if len(wanted) > 0 {
			bags[row.Get("bag")] = wanted
		}
	}, "bag", "lane", "start", "end")
	return bags, err
}

// within reports whether an instant is in a half-open part of the window. One of which
// the bounds cannot be read may be any part.
func within(at time.Time, start, end string) bool {
	from, err := time.Parse(time.RFC3339Nano, start)
	until, other := time.Parse(time.RFC3339Nano, end)
	return err != nil || other != nil || !at.Before(from) && at.Before(until)
}

// addLeftIn adds the files in a bag of those of some recordings that left it.
func (f *finder) addLeftIn(bag string, some map[string]*Recording) error {
	folder, left := evidence.BagFolder(bag)+"/", map[string]*Recording{}
	err := f.each(folder+evidence.IndexTable, func(row verify.Row) {
		key := row.Get("conversation_id") + "/" + row.Get("recording_id")
		if r := some[key]; r != nil && row.Get("reason") == evidence.ReasonMovedToIsolated && row.Get("files") != "0" {
			left[key] = r
		}
	}, "conversation_id", "recording_id", "reason", "files")
	if err != nil || len(left) == 0 {
		return err
	}
	return f.eachFile(folder, func(key string, file File) {
		if r := left[key]; r != nil {
			r.Files = append(r.Files, file)
		}
	})
}

// eachFile reads the files of a bag, with the key of the recording of each.
func (f *finder) eachFile(folder string, do func(key string, file File)) error {
	locations := map[string]string{}
	err := f.each(folder+evidence.ReferencesTable, func(row verify.Row) {
		locations[row.Get("path")] = row.Get("location")
	}, "path", "location")
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a bag whose files are all stored does not have the table
		return err
	}
	return f.each(folder+evidence.FilesTable, func(row verify.Row) {
		size, _ := strconv.ParseInt(row.Get("size"), 10, 64)
		do(row.Get("conversation_id")+"/"+row.Get("recording_id"), File{folder + row.Get("path"), size, row.Get("sha256"), locations[row.Get("path")]})
	}, "path", "conversation_id", "recording_id", "size", "sha256")
}
