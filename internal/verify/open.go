package verify

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/bounded"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// irregularError is the error for what should be a file and is something else.
type irregularError fs.FileMode

func (e irregularError) Error() string { return "is " + irregular(fs.FileMode(e)) }

// open opens a file. It never opens anything else, where the file system can tell
// without opening it: a pipe would wait for somebody to write to it. The error then is
// an irregularError.
func (v *verifier) open(name string) (fs.File, error) {
	_, isStore := v.fsys.(Walker) // there is nothing but files, and each look is a request
	if links, ok := v.fsys.(fs.ReadLinkFS); ok && !isStore {
		info, err := links.Lstat(name)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, irregularError(info.Mode())
		}
	}
	file, err := v.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = irregularError(info.Mode())
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// regularFS is the archive as a file system of regular files: nothing else in it is ever
// opened.
type regularFS struct{ *verifier }

func (p regularFS) Open(name string) (fs.File, error) { return p.open(name) }

// The largest that files are which are read as a whole, in bytes. A hostile one must
// not take more memory than there is.
const (
	// largestMetadata is what one answer of Genesys Cloud about a conversation may contain.
	largestMetadata = 64 << 20
	// largestText is for the report and the certification, which list at most some
	// thousand lines.
	largestText = 16 << 20
	// largestAccount is for export.json, account.json and bag-info.txt: a spec with its
	// attributes and some hundred numbers.
	largestAccount = 1 << 20
	// largestSmall is for the rest: keys, signatures, statements and time-stamps.
	largestSmall = 256 << 10
)

// largest is how many bytes a file of this name may contain, if it is read as a whole.
func largest(name string) int64 {
	switch base := path.Base(name); {
	case strings.Contains(name, "/data/metadata/"):
		return largestMetadata
	case base == evidence.RecordPath, base == evidence.AccountFile, base == bagInfo:
		return largestAccount
	case base == reportPage, base == certification:
		return largestText
	default:
		return largestSmall
	}
}

// read reads a small file as a whole. It reports what cannot be read.
func (v *verifier) read(name string) ([]byte, bool) {
	file, err := v.open(name)
	if err != nil {
		v.reportUnreadable(name, err)
		return nil, false
	}
	defer func() { _ = file.Close() }()
	content, err := bounded.ReadAll(file, largest(name))
	switch {
	case errors.Is(err, bounded.ErrTooLarge):
		v.fault(Malformed, name, "%v", err)
		return nil, false
	case err != nil:
		v.reportUnreadable(name, err)
		return nil, false
	}
	return content, true
}

// reportUnreadable reports a list or a log that cannot be read. One that is not a file is wrong, not
// unreadable: nobody can say that reading it again would help.
func (v *verifier) reportUnreadable(name string, err error) {
	var irregular irregularError
	switch {
	case errors.As(err, &irregular):
		v.fault(Irregular, name, "%s, not a file: its target is not evidence", irregular)
	case errors.Is(err, fs.ErrNotExist):
		v.reportMissing(name, "is missing")
	case v.isUnlisted(name): // which is reported
		v.leaveUnjudged(name)
	default:
		v.leaveUnjudged(name)
		v.fault(Unreadable, name, "cannot be read: %v", reason(err))
	}
}

// reportMissing reports what is missing, unless it may be in a folder that cannot be listed.
func (v *verifier) reportMissing(name, format string, arguments ...any) {
	if !v.isUnlisted(name) {
		v.fault(Missing, name, format, arguments...)
	}
}
