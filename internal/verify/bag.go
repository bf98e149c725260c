package verify

import (
	"context"
	"fmt"
	"maps"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// Names within bags and seals.
const (
	payloadManifest = "manifest-sha256.txt"
	tagManifest     = "tagmanifest-sha256.txt"
	bagInfo         = "bag-info.txt"
	bagLog          = "custody/events.jsonl"
	declaration     = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
)

// bag is what a bag was found to contain.
type bag struct {
	name, folder string
	info         map[string]string
	// digest is the SHA-256 of its tag manifest.
	digest string
	counts tally
	// files and bytes are those of its recordings, stored and referenced.
	files, bytes int64
	// referenced is what of that is outside the archive, by bucket, and unchecked how many
	// files of that were not read.
	referenced map[string]referencedTally
	unchecked  int64
	// all is how many files are stored in it.
	all int64
	// restored counts the recordings that were asked to be restored.
	restored retentionTally
	// signer is the id of the key that it is signed with, empty if it is not.
	signer string
	// isUnsigned tells that it names no key, and that this could be read.
	isUnsigned bool
	// seals is how many seals list it.
	seals int
	// parts are the numbers of the files of each recording of which another bag may
	// contain files, too: one that is isolated.
	parts map[string][]string
	// told is what its log tells, until that is compared.
	told *bagHistory
	// sealedAt is when it was sealed, checkedAt when legal holds were queried before
	// transfer, by its log; zero if that does not tell.
	sealedAt, checkedAt time.Time
	// from and until are the part of the window that it is of.
	from, until time.Time
	// led is what it led to: what left it, for which lanes.
	led leftItems
}

// tally counts recordings by disposition.
type tally struct{ exported, excluded, unavailable int64 }

func (t *tally) add(disposition string, n int64) {
	switch evidence.Disposition(disposition) {
	case evidence.Exported:
		t.exported += n
	case evidence.Excluded:
		t.excluded += n
	case evidence.Unavailable:
		t.unavailable += n
	default: // it is a finding where it is read
	}
}

// judgeBag reads a bag and compares everything in it with everything else in it.
func (v *verifier) judgeBag(ctx context.Context, name string) (*bag, error) {
	b := &bag{name: name, folder: evidence.BagFolder(name)}
	files, err := v.list(ctx, b.folder)
	if err != nil {
		return b, err
	}
	if _, complete := files[evidence.BagDeclaration]; !complete && v.options.Running && !v.sealed[name] {
		return nil, nil
	}
	found, err := v.hashAll(ctx, b.folder, files)
	if err != nil {
		return b, err
	}
	b.digest, b.all = found[tagManifest].sha256, int64(len(found))
	references := v.readReferences(b, found)
	if err := v.hashReferenced(ctx, b, references, found); err != nil {
		return b, err
	}
	listed := v.compareManifests(b, found)
	v.checkDeclaration(b, found)
	v.readInfo(b, found)
	tables := v.readTables(b)
	tables.references = references
	v.checkReferences(b, tables, listed)
	v.checkPlaces(b, listed)
	v.checkFiles(b, tables, found)
	v.checkIndex(b, tables)
	v.checkMetadata(b, tables, found)
	v.checkLog(b, tables, v.readRetention(b, tables, found))
	v.checkBagHistory(b, tables)
	v.checkBagSignature(b, found)
	return b, nil
}

func (b *bag) bagPath(name string) string { return path.Join(b.folder, name) }

// compareManifests compares both manifests with the files, and returns what they list.
func (v *verifier) compareManifests(b *bag, found hashedFiles) map[string]string {
	payload, _ := v.manifest(b.bagPath(payloadManifest), isPayload)
	v.compare(b.bagPath(payloadManifest), b.folder, payload, found.sub(isPayload))
	isTag := func(name string) bool { return allExcept(tagManifest)(name) && !isPayload(name) }
	tags, whole := v.manifest(b.bagPath(tagManifest), isTag)
	v.compare(b.bagPath(tagManifest), b.folder, tags, found.sub(isTag))
	for _, needed := range []string{evidence.BagDeclaration, bagInfo, bagLog, payloadManifest} {
		if _, listed := tags[needed]; !listed && whole {
			v.fault(Malformed, b.bagPath(tagManifest), "does not list %s", needed)
		}
	}
	maps.Copy(tags, payload)
	return tags
}

func (v *verifier) checkDeclaration(b *bag, found hashedFiles) {
	if _, there := found[evidence.BagDeclaration]; !there {
		return // missed already
	}
	if content, ok := v.read(b.bagPath(evidence.BagDeclaration)); ok && string(content) != declaration {
		v.fault(Malformed, b.bagPath(evidence.BagDeclaration), "does not declare a BagIt 1.0 bag in UTF-8")
	}
}

// readInfo reads bag-info.txt and compares it with the bag.
func (v *verifier) readInfo(b *bag, found hashedFiles) {
	b.info = map[string]string{}
	content, ok := v.read(b.bagPath(bagInfo))
	if !ok {
		return
	}
	for line := range strings.Lines(string(content)) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if _, twice := b.info[name]; !ok || twice || !strings.HasSuffix(line, "\n") {
			v.fault(Malformed, b.bagPath(bagInfo), "has a line that is not a field, or a field twice: %q", cut(line))
		}
		b.info[name] = value
	}
	var size int64
	payload := found.sub(isPayload)
	for _, file := range payload {
		size += file.size
	}
	v.checkInfo(b, "Payload-Oxum", fmt.Sprintf("%d.%d", size, len(payload)), "its payload has")
	if b.info["External-Identifier"] != "" {
		v.checkInfo(b, "External-Identifier", b.name, "its folder is")
	}
	if group := v.record.Namespace + "/" + v.record.Name; b.info["Bag-Group-Identifier"] != "" && v.record.Name != "" {
		v.checkInfo(b, "Bag-Group-Identifier", group, "export.json states")
		v.checkInfo(b, "Internal-Sender-Identifier", v.record.OrganizationID, "export.json states")
	}
}

// checkInfo compares a field of bag-info.txt with what there is.
func (v *verifier) checkInfo(b *bag, field, want, because string) {
	if got := b.info[field]; got != want {
		v.fault(Contradiction, b.bagPath(bagInfo), "states %s: %s, but %s %s", field, cut(got), because, want)
	}
}

// recordingPath is data/recordings/<conversation>/<recording>/<nn>.<extension>.
var recordingPath = regexp.MustCompile(`^data/recordings/([0-9a-fA-F-]{36})/([0-9a-fA-F-]{36})/(\d\d+)\.[A-Za-z0-9]+$`)

// metadataPath is data/metadata/<conversation>.json, or .restored.json.
var metadataPath = regexp.MustCompile(`^data/metadata/([0-9a-fA-F-]{36})(\.restored)?\.json$`)

// checkLog compares what the custody log says about files with files.csv, and what
// it says about restorations with retention.csv.
func (v *verifier) checkLog(b *bag, t tables, r *retention) {
	log, told := b.bagPath(bagLog), map[string]bool{}
	b.told = newBagHistory(v, log)
	defer r.checkEvents()
	v.journal(log, "BagSealed", func(e event) {
		r.takeRestorationEvent(e)
		b.told.takeBagEvent(e)
		if e.Type != "RecordingStored" && e.Type != "RecordingReferenced" {
			return
		}
		v.checkPlace(log, e, t.references[e.Details["path"]])
		name := e.Details["path"]
		told[name] = true
		if file, listed := t.files[name]; !listed {
			v.fault(Contradiction, log, "line %d reports that %s was stored, but files.csv does not list it", e.Sequence, cut(name))
		} else if file.sha256 != e.Details["sha256"] {
			v.fault(Contradiction, log, "line %d reports that %s was stored with SHA-256 %s, but files.csv lists it with %s", e.Sequence, name, cut(e.Details["sha256"]), file.sha256)
		}
	})
	for name := range t.files {
		if !told[name] && len(told) > 0 {
			v.fault(Contradiction, log, "does not report that %s was stored", name)
		}
	}
	if len(told) == 0 && len(t.files) > 0 {
		v.fault(Contradiction, log, "reports none of the %d files that files.csv lists", len(t.files))
	}
}
