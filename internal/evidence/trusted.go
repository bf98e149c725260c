package evidence

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/gcexport/recording-export-operator/internal/bounded"
)

// Anchors are the SHA-256s, in hexadecimal, of sealed bags and seals. The operator noted
// them when it sealed, where nobody else can change them.
type Anchors struct {
	// Bag is that of a bag's tag manifest. The error is fs.ErrNotExist if none was noted:
	// then the bag is not sealed.
	Bag func(name string) (string, error)
	// Seal is that of a seal's manifest. It is called for the seals up to Seals; whatever
	// belongs to a later one is about to be written, and is not compared.
	Seal  func(number int) (string, error)
	Seals int
}

// Trust reads an archive in which somebody else may have changed what is sealed: each
// file of a bag or a seal is compared, as it is read, with the manifest, and that with
// its anchor. A file that does not fit is ErrCorrupt, at the latest at its end: so
// callers must read to the end before they use anything. Files that a manifest does
// not list are not read, nor are recordings and metadata.
func Trust(root fs.FS, known Anchors) fs.FS {
	return &trusted{root: root, known: known, listed: map[string]map[string]string{}}
}

// CheckSeals makes sure that the seals up to a number are there and are what they were
// when they were made, as far as their manifests tell. root is one of Trust.
func CheckSeals(root fs.FS, seals int) error {
	for number := 1; number <= seals; number++ {
		if _, err := digestFile(root, SealManifest(number)); err != nil {
			return err
		}
	}
	return nil
}

type trusted struct {
	root  fs.FS
	known Anchors

	mu sync.Mutex
	// listed are the digests of files by the folder of their bag or seal.
	listed map[string]map[string]string
}

// Open opens a file, or a directory that is not compared.
func (t *trusted) Open(name string) (fs.File, error) {
	kind, rest, _ := strings.Cut(name, "/")
	of, within, inFolder := strings.Cut(rest, "/")
	switch {
	case !inFolder:
	case kind == bagsFolder:
		return t.openListed(kind+"/"+of, within, func() (map[string]string, error) { return t.bag(of) })
	case kind == sealsFolder:
		number, err := strconv.Atoi(of)
		if err == nil && number >= 1 && number <= t.known.Seals {
			return t.openListed(kind+"/"+of, within, func() (map[string]string, error) { return t.seal(number) })
		}
	}
	return t.root.Open(name)
}

// ReadFile reads a file of up to mostRead bytes.
func (t *trusted) ReadFile(name string) ([]byte, error) {
	file, err := t.Open(name)
	if err != nil {
		return nil, err
	}
	content, err := bounded.ReadAll(file, mostRead)
	return content, errors.Join(err, file.Close())
}

// mostRead is the size of the largest file of a bag or seal that is read as a whole, in
// bytes.
const mostRead = 16 << 20

// openListed opens a file of a bag or seal.
func (t *trusted) openListed(folder, name string, list func() (map[string]string, error)) (fs.File, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	listed, ok := t.listed[folder]
	if !ok {
		var err error
		if listed, err = list(); err != nil {
			return nil, err
		}
		t.listed[folder] = listed
	}
	digest, ok := listed[name]
	file, err := t.root.Open(folder + "/" + name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errors.Join(fmt.Errorf("%w: %s/%s is in no manifest", ErrCorrupt, folder, name), file.Close())
	}
	return &checkedFile{File: file, name: folder + "/" + name, want: digest, hash: sha256.New()}, nil
}

// bag lists the tables and tag files of a bag.
func (t *trusted) bag(name string) (map[string]string, error) {
	folder := BagFolder(name)
	digest, err := t.known.Bag(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err := t.unsealed(folder); err != nil {
			return nil, err
		}
		// It may have been sealed in between: the anchor comes first.
		digest, err = t.known.Bag(name)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: %s is there, though nobody has noted that the bag is sealed", ErrCorrupt, path.Join(folder, BagDeclaration))
		}
	}
	if err != nil {
		return nil, err
	}
	listed := map[string]string{}
	if err := t.readManifest(listed, folder, tagManifest, digest); err != nil {
		return nil, err
	}
	return listed, t.readManifest(listed, folder, payloadManifest, listed[payloadManifest])
}

// unsealed is fs.ErrNotExist if a bag is not sealed.
func (t *trusted) unsealed(folder string) error {
	_, err := fs.Stat(t.root, path.Join(folder, BagDeclaration))
	return err
}

// seal lists the files of a seal.
func (t *trusted) seal(number int) (map[string]string, error) {
	digest, err := t.known.Seal(number)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: nobody has noted the digest of %s", ErrCorrupt, SealFolder(number))
	}
	if err != nil {
		return nil, err
	}
	listed := map[string]string{}
	return listed, t.readManifest(listed, SealFolder(number), payloadManifest, digest)
}

// Bounds of what is kept of a manifest, in files and in bytes of a line.
const (
	mostListedFiles = 1000
	longestLine     = 64<<10 - 1
)

// readManifest reads a manifest of this digest, and keeps what it lists except for recordings and
// metadata, of which there may be many.
func (t *trusted) readManifest(listed map[string]string, folder, manifest, digest string) error {
	name := folder + "/" + manifest
	file, err := t.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s is missing", ErrCorrupt, name)
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(&checkedFile{File: file, name: name, want: digest, hash: sha256.New()})
	lines.Buffer(nil, longestLine)
	found := map[string]string{manifest: digest}
	for lines.Scan() {
		sum, of, isLine := strings.Cut(lines.Text(), "  ")
		if !isLine || strings.HasPrefix(of, RecordingsFolder+"/") || strings.HasPrefix(of, metadataFolder+"/") {
			continue
		}
		if found[of] = sum; len(found) > mostListedFiles {
			return fmt.Errorf("%w: %s lists too many files", ErrCorrupt, name)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("%w: %s: %w", ErrCorrupt, name, err)
	} else if err != nil {
		return err
	}
	for of, sum := range found {
		listed[of] = sum
	}
	return nil
}

// checkedFile is a file that is compared with its digest while it is read.
type checkedFile struct {
	fs.File
	name, want string
	hash       hash.Hash
}

// Read reads on. The end comes as io.EOF only if the whole has the digest.
func (c *checkedFile) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	_, _ = c.hash.Write(p[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(c.hash.Sum(nil)) != c.want {
		err = fmt.Errorf("%w: %s is not what was sealed", ErrCorrupt, c.name)
	}
	return n, err
}

// exactly reads root, where the files of a folder must have these digests.
func exactly(root fs.FS, folder string, files []Digest) fs.FS {
	known := exact{root, map[string]string{}}
	for _, file := range files {
		known.digests[folder+"/"+file.Path] = file.SHA256
	}
	return known
}

type exact struct {
	root    fs.FS
	digests map[string]string
}

// Open opens a file.
func (e exact) Open(name string) (fs.File, error) {
	file, err := e.root.Open(name)
	if want, ok := e.digests[name]; ok && err == nil {
		return &checkedFile{File: file, name: name, want: want, hash: sha256.New()}, nil
	}
	return file, err
}
