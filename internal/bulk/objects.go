package bulk

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// Object is an object of the bucket, as the bucket lists it.
type Object struct {
	Key  string
	Size int64
	// ETag changes with the content. It is empty if it is not known.
	ETag string
}

// Encryption says how a file is encrypted.
type Encryption string

// The ways of encryption.
const (
	Plain Encryption = ""
	// KMS: the bucket's server encrypts, and decrypts for readers who may use the key.
	KMS Encryption = "KMS"
	// PGP: Genesys Cloud encrypts before it exports. Only the owner of the key can decrypt, so
	// the recording is exported as what it is: an encrypted file.
	PGP Encryption = "PGP"
)

// File is a file of a recording in the bucket.
type File struct {
	Object
	// Metadata is the key of its metadata, empty if there are none.
	Metadata   string
	Encryption Encryption
}

// EncryptedWith returns how the file is encrypted, given the key with which the bucket's server has
// encrypted the object, empty if there is none: only a request for the object itself tells that key.
// A file that is encrypted twice counts as PGP, because no reader of the bucket can decrypt it.
func (f File) EncryptedWith(kmsKey string) Encryption {
	if f.Encryption == Plain && kmsKey != "" {
		return KMS
	}
	return f.Encryption
}

// OtherSize reports whether the file has another size than its metadata say, in bytes: -1 if
// they do not say. No recording is empty. The size of a file that is encrypted with PGP is not
// that of the recording.
func (f File) OtherSize(said int64) bool {
	return f.Size <= 0 || f.Encryption != PGP && said >= 0 && f.Size != said
}

// Found is what the bucket has of one recording.
type Found struct {
	Recording
	// Files are those of the recording, in the order of their keys. There is nearly always one.
	Files []File
	// Doubled are objects with the content of one of the files.
	Doubled []Object
}

// Missing reports whether the bucket has nothing of the recording.
func (f Found) Missing() bool { return len(f.Files) == 0 }

// FindObjects tells which objects are which recording, in the order of the wanted recordings.
// Objects of other recordings are left out, as are those that are not recordings. An object
// may be listed several times: the last time counts.
func FindObjects(wanted []Recording, objects []Object) []Found {
	companions := map[string]string{}
	files := map[Recording][]File{}
	for _, object := range lastListed(objects) {
		p, isFile := placeOf(object.Key)
		switch {
		case !isFile:
		case p.companion:
			companions[folderOf(object.Key)+p.file] = object.Key
		default:
			files[p.Recording] = append(files[p.Recording], File{Object: object, Encryption: encryptionOf(p)})
		}
	}
	found := make([]Found, len(wanted))
	for i, recording := range wanted {
		found[i] = Found{Recording: recording}
		lower := Recording{strings.ToLower(recording.ConversationID), strings.ToLower(recording.RecordingID)}
		for _, file := range files[lower] {
			file.Metadata = companionOf(file.Key, companions)
			found[i].add(file)
		}
	}
	return found
}

// companionOf returns the key of a file's metadata, among those of all files by the name of the
// file. Genesys Cloud was seen to keep the file's extension in that name, and documents only how
// the name ends.
func companionOf(key string, companions map[string]string) string {
	p, _ := placeOf(key)
	name := folderOf(key) + p.file
	return cmp.Or(companions[name], companions[strings.TrimSuffix(name, path.Ext(name))])
}

// add adds a file, unless it has the content of another one.
func (f *Found) add(file File) {
	repeats := slices.ContainsFunc(f.Files, func(other File) bool {
		return file.ETag != "" && file.ETag == other.ETag && file.Size == other.Size
	})
	if repeats {
		f.Doubled = append(f.Doubled, file.Object)
		return
	}
	f.Files = append(f.Files, file)
}

// lastListed returns each object once, as it was listed last, in the order of keys.
func lastListed(objects []Object) []Object {
	last := map[string]Object{}
	for _, object := range objects {
		last[object.Key] = object
	}
	sorted := make([]Object, 0, len(last))
	for _, object := range last {
		sorted = append(sorted, object)
	}
	slices.SortFunc(sorted, func(a, b Object) int { return cmp.Compare(a.Key, b.Key) })
	return sorted
}

// folderOf is the folder of a key, with the slash at its end.
func folderOf(key string) string { return key[:strings.LastIndexByte(key, '/')+1] }

// encryptionOf returns what the name of a file tells about its encryption.
func encryptionOf(p place) Encryption {
	if p.pgp {
		return PGP
	}
	return Plain
}
