package simulator

import (
	"fmt"
	"slices"
)

// ExportTrouble is what happens to the objects of a recording that a bulk job exports, or is to export.
type ExportTrouble string

// The troubles. In each case but the last the recording is marked as exported.
const (
	// MissingObject: nothing is written.
	MissingObject ExportTrouble = "missing"
	// DoubledObject: the file is written twice, under two names.
	DoubledObject ExportTrouble = "doubled"
	// OtherSize: half of the file is written. Its metadata say how large it should be.
	OtherSize ExportTrouble = "othersize"
	// EncryptedObject: the file is encrypted with a key that the bucket's readers lack.
	EncryptedObject ExportTrouble = "encrypted"
	// FailedExport: the job cannot export the recording, and lists it as failed.
	FailedExport ExportTrouble = "failed"
)

// SetExportTrouble makes trouble for the objects of a recording, if it is exported from now on.
// The empty trouble ends it.
func (s *Simulator) SetExportTrouble(conversationID, recordingID string, trouble ExportTrouble) error {
	if !slices.Contains([]ExportTrouble{"", MissingObject, DoubledObject, OtherSize, EncryptedObject, FailedExport}, trouble) {
		return fmt.Errorf("no trouble %q", trouble)
	}
	return s.changeRecording(conversationID, recordingID, func(r *Recording) { r.exportTrouble = trouble })
}

// troubled changes the objects of a recording's file and its metadata in the way of the trouble.
func (t ExportTrouble) troubled(file, metadata exportedObject, described exportedMetadata) []exportedObject {
	switch t {
	case MissingObject:
		return nil
	case DoubledObject:
		return []exportedObject{file, metadata, {file.copyKey(), file.content}, {file.copyKey() + metadataSuffix, metadata.content}}
	case OtherSize:
		described.MediaSizeBytes = len(file.content)
		file.content = file.content[:len(file.content)/2]
		metadata.content = encode(described)
		return []exportedObject{file, metadata}
	case EncryptedObject:
		return []exportedObject{{file.key + ".pgp", scrambled(file.content)}, metadata}
	default:
		return []exportedObject{file, metadata}
	}
}

// scrambled stands for encrypted content: it is longer than the content and tells nothing.
func scrambled(content []byte) []byte {
	random := dice(uint64(len(content)))
	out := make([]byte, len(content)+64)
	for i := range out {
		out[i] = byte(random.Uint32())
	}
	return out
}
