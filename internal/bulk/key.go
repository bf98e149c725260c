package bulk

import (
	"path"
	"regexp"
	"strings"
)

// companionSuffix is what the name of a file's metadata ends with, after the name of the file.
const companionSuffix = "_metadata.json"

// pgpSuffixes are what names of files end with that are encrypted with a PGP key. It is not
// documented which of them Genesys Cloud uses.
var pgpSuffixes = []string{".pgp", ".gpg", ".asc"}

// keyForm is a key of the bucket as far as it names a conversation; the name of the file follows.
// Keys may have other folders before the conversation's.
var keyForm = regexp.MustCompile(`(?:^|/)conversation_id=([0-9a-fA-F-]{36})/([^/]+)$`)

// nameForm is the name of a recording's file: the recording's id, and whatever follows it.
var nameForm = regexp.MustCompile(`^([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?:[._-].*)?$`)

// place is what a key says. Ids are in lower case.
type place struct {
	Recording
	// file is the name of the file without the suffix of an encryption. For metadata it is the
	// name of the file that they are about.
	file string
	// companion tells that the object is the metadata of a file.
	companion bool
	pgp       bool
}

// placeOf reads a key. It is false if the key does not name a recording's file or its metadata.
func placeOf(key string) (place, bool) {
	found := keyForm.FindStringSubmatch(key)
	if found == nil {
		return place{}, false
	}
	var p place
	p.file, p.pgp = cutPGP(found[2])
	p.file, p.companion = strings.CutSuffix(p.file, companionSuffix)
	if p.companion {
		p.file, _ = cutPGP(p.file) // the metadata of an encrypted file
	}
	name := nameForm.FindStringSubmatch(p.file)
	if name == nil {
		return place{}, false
	}
	p.Recording = Recording{strings.ToLower(found[1]), strings.ToLower(name[1])}
	// Files of the conversation as a whole, such as transcripts, begin with its id.
	return p, p.ConversationID != p.RecordingID
}

// cutPGP removes the suffix of a PGP encryption, and reports whether there was one.
func cutPGP(name string) (string, bool) {
	for _, suffix := range pgpSuffixes {
		if strings.EqualFold(path.Ext(name), suffix) {
			return name[:len(name)-len(suffix)], true
		}
	}
	return name, false
}
