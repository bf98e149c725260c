package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/signing"
)

// Names of what signs a manifest, beside it in a seal, and in custody/ in a bag.
const (
	signerKey    = "signer.pub"
	signature    = payloadManifest + ".sig"
	timestamped  = payloadManifest + ".tsr"
	attestation  = "attestation.sigstore.json"
	instructions = "VERIFY.txt"
	custody      = "custody/"
)

// The predicate types of signed statements.
const (
	bagPredicate  = "https://recording.gcexport.dev/bag/v1"
	sealPredicate = "https://recording.gcexport.dev/seal/v1"
)

// Lines of bag-info.txt: the one that names the key, and the one that says in which
// form an authority attests the time of the manifest.
const (
	signingKeyField = "Signing-Key-Sha256"
	timestampField  = "Manifest-Timestamp"
	timestampForm   = "RFC 3161"
)

// Signing is how a bag or a seal is signed. The zero value is not at all, and nothing
// is kept.
//
// Signatures are random, and a key may be replaced between two attempts. So all that
// depends on the key is made at once, kept as one artifact, and written from there: the
// first that is kept counts, whoever continues and with whatever key. An unsigned bag or
// seal is kept as well, so that no planted signature is taken for its own.
type Signing struct {
	// Signer returns what signs, nil if nothing does.
	Signer func(context.Context) (*signing.Signer, error)
	// Recall returns what was kept, an error that is fs.ErrNotExist if nothing was.
	Recall func(context.Context) (Signed, error)
	// Keep keeps what was signed, once, and returns what is kept.
	Keep func(context.Context, Signed) (Signed, error)
}

// Signed are the files of a bag or a seal that depend on the key.
type Signed struct {
	Files []SignedFile `json:"files"`
}

// SignedFile is one of them.
type SignedFile struct {
	Path    string `json:"path"`
	Content []byte `json:"content"`
}

// signingState is what a bag or seal is signed with: what was signed before, or else a
// signer; neither if it is not signed.
type signingState struct {
	Signing
	kept   *Signed
	signer *signing.Signer
}

// prepare finds out what there is to sign with, before anything is written.
func (s Signing) prepare(ctx context.Context) (signingState, error) {
	p := signingState{Signing: s}
	if s.Recall == nil {
		return p, nil
	}
	if err := p.readKept(ctx); err != nil || p.kept != nil || s.Signer == nil {
		return p, err
	}
	var err error
	if p.signer, err = s.Signer(ctx); err != nil {
		return p, fmt.Errorf("signing key: %w", err)
	}
	return p, nil
}

// readKept looks for what was kept.
func (p *signingState) readKept(ctx context.Context) error {
	kept, err := p.Recall(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		p.kept = &kept
	}
	return err
}

// recallIfWritten looks for a file that is written only after what it depends on was kept. If it
// is there, another process has kept it since, or somebody else put the file there.
func (p *signingState) recallIfWritten(ctx context.Context, fsys fs.FS, path string) error {
	if p.kept != nil || p.Recall == nil {
		return nil
	}
	_, err := fs.Stat(fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = p.readKept(ctx)
	}
	if err == nil && p.kept == nil {
		err = fmt.Errorf("%w: %s was put there by somebody else", ErrCorrupt, path)
	}
	return err
}

// keep keeps files, and returns what is kept.
func (p signingState) keep(ctx context.Context, files []SignedFile) (Signed, error) {
	if p.Keep == nil {
		return Signed{files}, nil
	}
	return p.Keep(ctx, Signed{files})
}

// sign signs a manifest and a statement, and keeps the signatures with the files
// that were made for them. folder is where the signatures belong.
func (p signingState) sign(ctx context.Context, files []SignedFile, folder string, manifest []byte, said signing.Statement) (Signed, error) {
	signed, err := p.signer.Sign(ctx, manifest, said)
	if err != nil {
		return Signed{}, err
	}
	files = append(files,
		SignedFile{folder + signerKey, signed.PublicKey},
		SignedFile{folder + signature, signed.Raw},
		SignedFile{folder + attestation, signed.Attestation})
	if signed.Timestamp != nil {
		files = append(files, SignedFile{folder + timestamped, signed.Timestamp})
	}
	return p.keep(ctx, files)
}

// write stores the signed files. Files that are there already must be the same.
func (s Signed) write(ctx context.Context, fsys fs.FS, create Creator) error {
	for _, file := range s.Files {
		if err := createExact(ctx, fsys, create, file.Path, file.Content); err != nil {
			return err
		}
	}
	return nil
}

// statement says of stored files that this is what they were. Their names are
// those beside the manifest.
func (p signingState) statement(predicate string, says any, digests ...Digest) signing.Statement {
	s := signing.Statement{PredicateType: predicate, Predicate: says}
	for _, d := range digests {
		s.Subjects = append(s.Subjects, signing.Subject{Name: d.Path, SHA256: d.SHA256})
	}
	return s
}
