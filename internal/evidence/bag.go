package evidence

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// Names within a bag.
const (
	ConversationsTable = "data/conversations.csv"
	IndexTable         = "data/index.csv"
	FilesTable         = "data/files.csv"
	BagDeclaration     = "bagit.txt"
	RecordingsFolder   = "data/recordings"
	metadataFolder     = "data/metadata"
	bagInfo            = "bag-info.txt"
	bagLog             = "custody/events.jsonl"
	payloadManifest    = "manifest-sha256.txt"
	tagManifest        = "tagmanifest-sha256.txt"
)

// declaration is the content of bagit.txt (RFC 8493, section 2.1.1).
const declaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

// RecordingPath is where a file of a recording lies in its bag. nn counts a
// recording's files from 1. Both ids must be UUIDs.
func RecordingPath(conversationID, recordingID string, nn int, extension string) string {
	return fmt.Sprintf("%s/%s/%s/%02d.%s", RecordingsFolder, conversationID, recordingID, nn, extension)
}

// MetadataPath is where a conversation's metadata lies in its bag.
func MetadataPath(conversationID string) string {
	return fmt.Sprintf("%s/%s.json", metadataFolder, conversationID)
}

// RestoredPath is where a conversation's metadata after a restoration lies in its bag.
func RestoredPath(conversationID string) string {
	return fmt.Sprintf("%s/%s.restored.json", metadataFolder, conversationID)
}

// InfoField is one line of bag-info.txt.
type InfoField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Bag is what a batch's bag is to contain, besides the recordings, which are in it already or
// are referenced.
type Bag struct {
	Inventory Inventory
	Files     []File
	// Info are facts about the bag; its size is added.
	Info   []InfoField
	Events []Event
	// Metadata gives the metadata of a conversation as received, nil if there is none.
	Metadata func(conversationID string) ([]byte, error)
	// Restored gives the metadata of a conversation as received when archived
	// recordings of it had been restored, nil if there is none.
	Restored func(conversationID string) []byte
	// Restorations are the recordings that were asked to be restored, none twice.
	Restorations []Restoration
	Signing      Signing
	// Note records the SHA-256 of the tag manifest where nobody else can change it,
	// before there is a bag. nil notes nothing down.
	Note func(ctx context.Context, digest string) error
}

// Seal completes a bag and returns the SHA-256 of its tag manifest. fsys is the
// bag as stored. Everything in it must be what was received or what is written here:
// files that an earlier attempt left are the same, and there are no others in data.
// bagit.txt comes last: it makes the bag.
func (b Bag) Seal(ctx context.Context, fsys fs.FS, create Creator) (string, error) {
	state, err := b.Signing.prepare(ctx)
	if err != nil {
		return "", err
	}
	known, err := b.writeBagTables(ctx, fsys, create)
	if err != nil {
		return "", err
	}
	payload, err := b.digestPayload(ctx, fsys, known)
	if err != nil {
		return "", err
	}
	if err := createSame(ctx, fsys, create, payloadManifest, payload); err != nil {
		return "", err
	}
	log, err := createKnown(ctx, fsys, create, bagLog, func(w io.Writer) error { return WriteLog(w, b.Events) })
	if err != nil {
		return "", err
	}
	signed, err := b.signBag(ctx, fsys, state, payload, log)
	if err != nil {
		return "", err
	}
	return b.writeTags(ctx, fsys, create, payload, log, signed)
}

// digestPayload returns what the manifest lists: everything stored, which must be what is
// known, and the files that are referenced.
func (b Bag) digestPayload(ctx context.Context, fsys fs.FS, known []Digest) ([]Digest, error) {
	referenced := b.referenced()
	if err := checkReferences(referenced); err != nil {
		return nil, err
	}
	payload, err := digestTree(ctx, fsys, "data")
	if err != nil {
		return nil, err
	}
	if err := checkPayload(b.Files, known, payload); err != nil {
		return nil, err
	}
	return withReferenced(payload, referenced), nil
}

// metadataFiles are what Genesys Cloud said of a conversation, and what it said once
// archived recordings had been restored.
func (b Bag) metadataFiles(id string) ([]SignedFile, error) {
	var files []SignedFile
	body, err := b.Metadata(id)
	if err == nil && body != nil {
		files = append(files, SignedFile{MetadataPath(id), body})
	}
	if err == nil && b.Restored != nil && b.Restored(id) != nil {
		files = append(files, SignedFile{RestoredPath(id), b.Restored(id)})
	}
	return files, err
}

// writeBagTables stores everything of the payload but the recordings, and returns what
// that is.
func (b Bag) writeBagTables(ctx context.Context, fsys fs.FS, create Creator) ([]Digest, error) {
	var known []Digest
	add := func(file sealFile) error {
		digest, err := createKnown(ctx, fsys, create, file.path, file.write)
		known = append(known, digest)
		return err
	}
	for _, c := range b.Inventory.Conversations {
		files, err := b.metadataFiles(c.ID)
		for _, file := range files {
			if err == nil {
				err = add(sealFile{file.Path, bytesWriter(file.Content)})
			}
		}
		if err != nil {
			return nil, err
		}
	}
	tables := []sealFile{
		{ConversationsTable, func(w io.Writer) error { return WriteConversations(w, b.Inventory.Conversations) }},
		{IndexTable, func(w io.Writer) error { return WriteIndex(w, b.Inventory.Lane, b.Inventory.Recordings) }},
		{FilesTable, func(w io.Writer) error { return WriteFiles(w, b.Files) }},
	}
	if len(b.Restorations) > 0 {
		tables = append(tables, sealFile{RetentionTable, func(w io.Writer) error { return WriteRetention(w, b.Restorations) }})
	}
	if referenced := b.referenced(); len(referenced) > 0 {
		tables = append(tables, sealFile{ReferencesTable, func(w io.Writer) error { return WriteReferences(w, referenced) }})
	}
	for _, table := range tables {
		if err := add(table); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// signBag signs the manifest, and a statement over it, bag-info.txt and the log. A bag
// that is not signed has bag-info.txt alone. It keeps its result, and returns the
// one that an earlier attempt has kept, if there is one.
func (b Bag) signBag(ctx context.Context, fsys fs.FS, state signingState, payload []Digest, log Digest) (Signed, error) {
	if err := state.recallIfWritten(ctx, fsys, bagInfo); err != nil {
		return Signed{}, err
	}
	if state.kept != nil {
		return *state.kept, nil
	}
	fields := slices.Clone(b.Info)
	if state.signer != nil {
		fields = append(fields, InfoField{signingKeyField, state.signer.ID()})
		if state.signer.Authority != nil {
			fields = append(fields, InfoField{timestampField, timestampForm})
		}
	}
	var info bytes.Buffer
	if err := writeInfo(&info, fields, payload); err != nil {
		return Signed{}, err
	}
	files := []SignedFile{{bagInfo, info.Bytes()}}
	if state.signer == nil {
		return state.keep(ctx, files)
	}
	key, manifest := state.signer.ID(), manifestBytes(payload)
	said := state.statement(bagPredicate, map[string]string{"signingKey": key},
		digestBytes(payloadManifest, manifest), digestBytes(bagInfo, info.Bytes()), log)
	says := state.verification(bagPredicate)
	says.Referenced = len(b.referenced()) > 0
	verify, err := fillText("bag.txt", says)
	if err != nil {
		return Signed{}, err
	}
	return state.sign(ctx, append(files, SignedFile{custody + instructions, verify}), custody, manifest, said)
}

// writeTags stores the tag files, bagit.txt last.
func (b Bag) writeTags(ctx context.Context, fsys fs.FS, create Creator, payload []Digest, log Digest, signed Signed) (string, error) {
	if err := signed.write(ctx, fsys, create); err != nil {
		return "", err
	}
	tags := []Digest{
		digestBytes(BagDeclaration, []byte(declaration)), log, digestBytes(payloadManifest, manifestBytes(payload)),
	}
	for _, file := range signed.Files {
		tags = append(tags, digestBytes(file.Path, file.Content))
	}
	if list := fetchList(b.referenced()); len(list) > 0 {
		if err := createExact(ctx, fsys, create, FetchList, list); err != nil {
			return "", err
		}
		tags = append(tags, digestBytes(FetchList, list))
	}
	b.sortTags(tags)
	if err := createSame(ctx, fsys, create, tagManifest, tags); err != nil {
		return "", err
	}
	digest := digestBytes(tagManifest, manifestBytes(tags)).SHA256
	if b.Note != nil {
		if err := b.Note(ctx, digest); err != nil {
			return "", err
		}
	}
	return digest, createExact(ctx, fsys, create, BagDeclaration, []byte(declaration))
}

// sortTags puts tag files in the order of a tag manifest: what every bag has, then
// what signs it as it was signed.
func (Bag) sortTags(tags []Digest) {
	order := []string{BagDeclaration, bagInfo, bagLog, FetchList, payloadManifest}
	place := func(d Digest) int {
		if i := slices.Index(order, d.Path); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(tags, func(a, b Digest) int { return cmp.Compare(place(a), place(b)) })
}

// checkPayload compares what is stored with what was received, each recording with the
// digest that it was received with, and with what was written beside the recordings.
// Nothing may be missing but what is referenced, and there may be nothing else.
func checkPayload(files []File, written, payload []Digest) error {
	stored := make(map[string]Digest, len(payload))
	for _, d := range payload {
		stored[d.Path] = d
	}
	for _, f := range files {
		if f.IsReferenced() {
			continue
		}
		d, ok := stored[f.Path]
		if !ok {
			return fmt.Errorf("%w: %s is missing", ErrCorrupt, f.Path)
		}
		if d.SHA256 != f.SHA256 {
			return fmt.Errorf("%w: %s has SHA-256 %s, was received with %s", ErrCorrupt, f.Path, d.SHA256, f.SHA256)
		}
		delete(stored, f.Path)
	}
	for _, d := range written {
		if stored[d.Path] != d {
			return fmt.Errorf("%w: %s is not what was written there", ErrCorrupt, d.Path)
		}
		delete(stored, d.Path)
	}
	for path := range stored {
		return fmt.Errorf("%w: %s was never received", ErrCorrupt, path)
	}
	return nil
}

// writeInfo writes bag-info.txt; Payload-Oxum is <bytes>.<files> (RFC 8493, section 2.2.2).
func writeInfo(w io.Writer, fields []InfoField, payload []Digest) error {
	var size int64
	for _, d := range payload {
		size += d.Size
	}
	fields = append(fields[:len(fields):len(fields)], InfoField{"Payload-Oxum", fmt.Sprintf("%d.%d", size, len(payload))})
	for _, field := range fields {
		if _, err := fmt.Fprintf(w, "%s: %s\n", field.Name, Printable(field.Value, 1024)); err != nil {
			return err
		}
	}
	return nil
}
