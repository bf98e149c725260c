package recordingexport

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// judgeSeals makes sure that every seal is whole, signed with the key that signs the export
// now, and lists the artifacts that it was made from.
func (w *rekeyWork) judgeSeals(ctx context.Context, root fs.FS, seals int) (verify.SealedDigests, error) {
	signer, err := w.signer(ctx)
	if err != nil {
		return verify.SealedDigests{}, err
	}
	if signer == nil {
		return verify.SealedDigests{}, stuck("nothing signs this export, so nobody can tell whether its seals are genuine")
	}
	key, err := verify.ParseKey(signer.PublicKey())
	if err != nil {
		return verify.SealedDigests{}, err
	}
	options := verify.Options{
		Keys: []verify.Key{key}, Running: true, Making: seals + 1, Namespace: w.export.Namespace, Name: w.export.Name, Version: w.version,
	}
	if w.known != nil {
		options.Seal, options.Number = w.known.Digest, int(w.known.Number)
	}
	vouched, err := verify.Seals(ctx, root, options)
	if err != nil {
		return vouched, err
	}
	return vouched, refuse(vouched, signer.ID())
}

// refuse says why an archive cannot be continued from its seals; nil if it can.
func refuse(vouched verify.SealedDigests, signer string) error {
	for _, f := range vouched.Findings {
		if f.Kind == verify.Unreadable {
			return fmt.Errorf("judge the seals: %s %s", f.Path, f.Says)
		}
	}
	for i, by := range vouched.Signers {
		if by != signer {
			return stuck(fmt.Sprintf("seal %d is signed with %s, and this export is signed with the key %s", i+1, keyName(by), signer))
		}
	}
	switch found := int64(len(vouched.Findings)) + vouched.More; {
	case found > 0:
		first := verify.Finding{Path: "the archive", Says: "has more findings than can be listed"}
		if len(vouched.Findings) > 0 {
			first = vouched.Findings[0]
		}
		return fmt.Errorf("%w: %s %s, and %s (kubectl genesys-export verify)", evidence.ErrCorrupt, first.Path, first.Says, words.Count(found-1, "more finding"))
	case len(vouched.Signers) == 0:
		return stuck("there are files below seals/ and no seal is whole, so nobody can tell whether the manifest of a seal was removed; compare with a backup of the archive")
	case vouched.Unlisted > 0:
		return stuck(fmt.Sprintf("seal %d was made by a version that listed no artifacts in it", vouched.Unlisted))
	default:
		return nil
	}
}

func keyName(id string) string {
	if id == "" {
		return "no key"
	}
	return "the key " + evidence.Printable(id, 64)
}

// stuck is the error for an archive that cannot be continued without its artifact key.
func stuck(why string) error {
	return outcome.UserError{Reason: v1alpha1.ReasonArtifactKeyUnknown, Message: "restore the Secret with the artifact key from its backup and restart the manager, " +
		"or export everything again under another name; the archive cannot be continued without the key: " + why}
}
