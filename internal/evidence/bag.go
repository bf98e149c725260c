package evidence

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
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
type InfoField struct{ Name, Value string }

// Bag is what a batch's bag is to hold, beside the recordings, which are in it already.
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
}

// Seal completes a bag and returns the SHA-256 of its tag manifest. fsys is the
// bag as stored. Manifests are computed from what is stored; files that an
// earlier attempt left are used. bagit.txt comes last: it makes the bag.
func (b Bag) Seal(ctx context.Context, fsys fs.FS, create Creator) (string, error) {
	pen, err := b.Signing.takeUp(ctx)
	if err != nil {
		return "", err
	}
	if err := b.writeTables(ctx, create); err != nil {
		return "", err
	}
	payload, err := digestTree(ctx, fsys, "data")
	if err != nil {
		return "", err
	}
	if err := checkFiles(b.Files, payload); err != nil {
		return "", err
	}
	if err := createSame(ctx, fsys, create, payloadManifest, payload); err != nil {
		return "", err
	}
	if err := createOnce(ctx, create, bagLog, func(w io.Writer) error { return WriteLog(w, b.Events) }); err != nil {
		return "", err
	}
	signed, err := b.sign(ctx, fsys, pen, payload)
	if err != nil {
		return "", err
	}
	return b.writeTags(ctx, fsys, create, payload, signed)
}

// writeMetadata stores what Genesys Cloud said of a conversation, and what it said
// once archived recordings had been restored.
func (b Bag) writeMetadata(ctx context.Context, create Creator, id string) error {
	body, err := b.Metadata(id)
	if err == nil && body != nil {
		err = createOnce(ctx, create, MetadataPath(id), bytesWriter(body))
	}
	if err != nil || b.Restored == nil || b.Restored(id) == nil {
		return err
	}
	return createOnce(ctx, create, RestoredPath(id), bytesWriter(b.Restored(id)))
}

// writeTables stores everything of the payload but the recordings.
func (b Bag) writeTables(ctx context.Context, create Creator) error {
	for _, c := range b.Inventory.Conversations {
		if err := b.writeMetadata(ctx, create, c.ID); err != nil {
			return err
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
	for _, table := range tables {
		if err := createOnce(ctx, create, table.path, table.write); err != nil {
			return err
		}
	}
	return nil
}

// sign signs the manifest, and a statement over it, bag-info.txt and the log,
// which is stored. There are no files if the bag is not signed.
func (b Bag) sign(ctx context.Context, fsys fs.FS, pen pen, payload []Digest) (Signed, error) {
	if err := pen.begun(ctx, fsys, bagInfo); err != nil {
		return Signed{}, err
	}
	switch {
	case pen.kept != nil:
		return *pen.kept, nil
	case pen.signer == nil:
		return Signed{}, nil
	}
	key := pen.signer.ID()
	fields := append(slices.Clone(b.Info), InfoField{signingKeyField, key})
	if pen.signer.Authority != nil {
		fields = append(fields, InfoField{timestampField, timestampForm})
	}
	var info bytes.Buffer
	if err := writeInfo(&info, fields, payload); err != nil {
		return Signed{}, err
	}
	log, err := digestFile(fsys, bagLog)
	if err != nil {
		return Signed{}, err
	}
	manifest := manifestBytes(payload)
	said := pen.statement(bagPredicate, map[string]string{"signingKey": key},
		digestBytes(payloadManifest, manifest), digestBytes(bagInfo, info.Bytes()), log)
	verify, err := fill("bag.txt", pen.verification(bagPredicate))
	if err != nil {
		return Signed{}, err
	}
	return pen.sign(ctx, []SignedFile{{bagInfo, info.Bytes()}, {custody + instructions, verify}}, custody, manifest, said)
}

// writeTags stores the tag files, bagit.txt last.
func (b Bag) writeTags(ctx context.Context, fsys fs.FS, create Creator, payload []Digest, signed Signed) (string, error) {
	if err := signed.write(ctx, fsys, create); err != nil {
		return "", err
	}
	if len(signed.Files) == 0 {
		if err := createOnce(ctx, create, bagInfo, func(w io.Writer) error { return writeInfo(w, b.Info, payload) }); err != nil {
			return "", err
		}
	}
	paths := []string{bagInfo, bagLog, payloadManifest}
	for _, file := range signed.Files {
		if file.Path != bagInfo {
			paths = append(paths, file.Path)
		}
	}
	tags := []Digest{digestBytes(BagDeclaration, []byte(declaration))}
	for _, path := range paths {
		digest, err := digestFile(fsys, path)
		if err != nil {
			return "", err
		}
		tags = append(tags, digest)
	}
	if err := createSame(ctx, fsys, create, tagManifest, tags); err != nil {
		return "", err
	}
	if err := createOnce(ctx, create, BagDeclaration, bytesWriter([]byte(declaration))); err != nil {
		return "", err
	}
	digest, err := digestFile(fsys, tagManifest)
	return digest.SHA256, err
}

// checkFiles compares what was received with what is stored: each file with the
// digest it was received with, and no file beside them.
func checkFiles(files []File, payload []Digest) error {
	stored := map[string]Digest{}
	for _, d := range payload {
		if strings.HasPrefix(d.Path, RecordingsFolder+"/") {
			stored[d.Path] = d
		}
	}
	for _, f := range files {
		d, ok := stored[f.Path]
		if !ok {
			return fmt.Errorf("%w: %s is missing", ErrCorrupt, f.Path)
		}
		if d.SHA256 != f.SHA256 {
			return fmt.Errorf("%w: %s has SHA-256 %s, was received with %s", ErrCorrupt, f.Path, d.SHA256, f.SHA256)
		}
		delete(stored, f.Path)
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
