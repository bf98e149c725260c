package recordingexportbatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// listing is what one look at a request shows of one recording.
//
// Nothing in it names a file: Genesys Cloud gives neither a name nor a number to
// the results of a recording, may sign their addresses anew at each look, and
// need not list them in the same order in another request. So a file is known by
// its content. Each result claims one stored file of the same content, or becomes
// a new one; no file is claimed twice, so that two results of equal content are
// two files (docs/adr/0012).
type listing struct {
	*line
	*look
	// results with an address, each address once.
	results []genesys.BatchResult
	// claimed are the numbers of the files that results of this listing are.
	claimed map[int]bool
}

// newListing enters what is listed into the recording's line. Whatever was wrong
// before, this look shows again.
func newListing(at *look, l *line, results []genesys.BatchResult) *listing {
	l.refused, l.failed, l.expired = "", nil, false
	of, refused := &listing{line: l, look: at, claimed: map[int]bool{}}, 0
	for _, result := range results {
		switch {
		case result.URL.Empty():
			refused++
			l.refused = cmp.Or(result.Error, evidence.NothingSaid)
		case of.place(result) == 0:
			of.results = append(of.results, result)
		}
	}
	of.see()
	l.results, l.listed = max(l.results, len(of.results)), max(l.listed, len(of.results)+refused)
	return of
}

// see notes between which looks addresses were made.
func (of *listing) see() {
	for _, result := range of.results {
		if _, known := of.made[result.URL]; !known {
			of.made[result.URL] = span{of.before, of.at}
		}
	}
}

// age is how old a result's address is by now.
func (of *listing) age(result genesys.BatchResult, now time.Time) transfer.Age {
	made := of.made[result.URL]
	return transfer.Age{Least: now.Sub(made.to), Most: now.Sub(made.from)}
}

// place is a result's place in the listing, from 1; 0 if it has none.
func (of *listing) place(result genesys.BatchResult) int {
	return 1 + slices.IndexFunc(of.results, func(other genesys.BatchResult) bool { return other.URL == result.URL })
}

// fresh returns the results that may be files which are not stored yet: those
// whose addresses have not given one. If the request has given as many other files
// before, they are those, with addresses signed anew: a request gives more as time
// passes, never something else.
func (of *listing) fresh() []genesys.BatchResult {
	var fresh []genesys.BatchResult
	for _, result := range of.results {
		if number, known := of.seen[result.URL]; known {
			of.claimed[number] = true
			continue
		}
		fresh = append(fresh, result)
	}
	given := 0
	for _, f := range of.files {
		if f.request == of.request && !of.claimed[f.number] {
			given++
		}
	}
	if len(fresh) <= given {
		return nil
	}
	return fresh
}

// claim finds the stored file that a result is, by its content.
func (of *listing) claim(sha256 string) (file, bool) {
	for _, f := range slices.Concat(of.files, of.elsewhere, of.found) {
		if f.sha256 == sha256 && !of.claimed[f.number] {
			of.claimed[f.number] = true
			return f, true
		}
	}
	return file{}, false
}

// findUnnoted enters the files that are in the bag and were not noted down, by a
// process that ended in between, into the lines of their recordings.
func (l ledger) findUnnoted(ctx context.Context, store archive.Store, batch string) error {
	lines, known := map[string]*line{}, map[string]bool{}
	for _, line := range l {
		lines[path.Dir(evidence.RecordingPath(line.ConversationID, line.RecordingID, 1, ""))] = line
		for _, f := range line.files {
			known[f.path] = true
		}
	}
	bag, err := fs.Sub(store.FS(ctx), evidence.BagFolder(batch))
	if err != nil {
		return err
	}
	err = fs.WalkDir(bag, evidence.RecordingsFolder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || known[name] || lines[path.Dir(name)] == nil {
			return err
		}
		line := lines[path.Dir(name)]
		line.found = append(line.found, file{number: numberOf(name), path: name})
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// numberOf is the number in a file's name, 0 if there is none.
func numberOf(name string) int {
	digits, _, _ := strings.Cut(path.Base(name), ".")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

// examine hashes the files that nobody noted down.
func (d *delivery) examine(ctx context.Context, l *line) error {
	for i, f := range l.found {
		if f.sha256 != "" {
			continue
		}
		stored, err := transfer.Inspect(ctx, d.store, evidence.BagFolder(d.batch)+"/"+f.path)
		if err != nil {
			return err
		}
		l.found[i].sha256, l.found[i].size = stored.SHA256, stored.Size
	}
	return nil
}

// note notes a stored file down. If another process has given its number to
// another file, it gets the next one.
func (d *delivery) note(ctx context.Context, l *line, f artifacts.StoredFile) (int, error) {
	for {
		there, err := artifacts.Put(ctx, d.store, artifacts.FileKey(d.batch, l.RecordingRef, f.Number), f)
		if err != nil {
			return 0, err
		}
		l.found = slices.DeleteFunc(l.found, func(other file) bool { return other.path == there.Path })
		l.files = append(l.files, noted(there))
		d.attempt.Progress()
		if there.Path == f.Path {
			return f.Number, nil
		}
		f.Number = l.number(f.Number)
	}
}

// storedFile is what is noted of a file.
func (d *delivery) storedFile(l *line, f file) artifacts.StoredFile {
	at := artifacts.NewStamp(d.clock.Now(), d.actor)
	return artifacts.StoredFile{
		Stamp: at, Number: f.number,
		File: evidence.File{
			Path: f.path, ConversationID: l.ConversationID, RecordingID: l.RecordingID,
			Size: f.size, SHA256: f.sha256, RequestID: f.request, ReceivedAt: at.At,
		},
	}
}

// adopt notes the files down that came whole, though no result has claimed them since.
// One that no operator has noted as received was put there by somebody else: that is
// evidence.ErrCorrupt.
func (d *delivery) adopt(ctx context.Context, l *line) error {
	if err := d.examine(ctx, l); err != nil {
		return err
	}
	for _, f := range slices.Clone(l.found) {
		stored := d.storedFile(l, f)
		stored.Adopted = true
		if err := d.wasReceived(ctx, stored); err != nil {
			return err
		}
		if _, err := d.note(ctx, l, stored); err != nil {
			return err
		}
	}
	return nil
}

// wasReceived tells whether an operator has noted down that it received a file.
func (d *delivery) wasReceived(ctx context.Context, f artifacts.StoredFile) error {
	noted, err := artifacts.Get[artifacts.Received](ctx, d.store, artifacts.ReceivedKey(d.batch, f.File, f.Number))
	if errors.Is(err, fs.ErrNotExist) || err == nil && noted.Path != f.Path {
		return fmt.Errorf("%w: %s/%s with the SHA-256 %s was never received", evidence.ErrCorrupt, evidence.BagFolder(d.batch), f.Path, f.SHA256)
	}
	return err
}
