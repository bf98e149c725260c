package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// writeAccount stores the account with what is written about it, the signatures
// and, last, the manifest.
func (s Seal) writeAccount(ctx context.Context, sealed fs.FS, create Creator, pen pen, account Account) error {
	if err := pen.begun(ctx, sealed, AccountFile); err != nil {
		return err
	}
	signed := Signed{}
	var err error
	if pen.kept != nil {
		signed = *pen.kept
	} else if pen.signer != nil {
		signed, err = s.sign(ctx, sealed, pen, account)
	}
	if err == nil {
		err = signed.write(ctx, sealed, create)
	}
	if err == nil && len(signed.Files) == 0 {
		err = writeUnsigned(ctx, sealed, create, pen, account)
	}
	if err != nil {
		return err
	}
	digests, err := digestSealed(sealed, append([]string{AccountFile, certified, instructions}, tablePaths...))
	if err != nil {
		return err
	}
	return createSame(ctx, sealed, create, payloadManifest, digests)
}

// sign signs the manifest that the seal is to have.
func (s Seal) sign(ctx context.Context, sealed fs.FS, pen pen, account Account) (Signed, error) {
	files, err := about(pen, account)
	if err != nil {
		return Signed{}, err
	}
	digests, err := digestSealed(sealed, tablePaths)
	if err != nil {
		return Signed{}, err
	}
	for _, file := range files {
		digests = append(digests, digestBytes(file.Path, file.Content))
	}
	sortDigests(digests)
	manifest := manifestBytes(digests)
	said := pen.statement(sealPredicate, map[string]any{"signingKey": pen.signer.ID(), "seal": s.Number}, digestBytes(payloadManifest, manifest))
	return pen.sign(ctx, files, "", manifest, said)
}

// writeUnsigned stores the account with what is written about it. If an attempt
// before has stored it, that is the account which the rest is about.
func writeUnsigned(ctx context.Context, sealed fs.FS, create Creator, pen pen, account Account) error {
	if err := createOnce(ctx, create, AccountFile, func(w io.Writer) error { return writeJSON(w, account) }); err != nil {
		return err
	}
	stored, err := readAccount(sealed)
	if err != nil {
		return err
	}
	files, err := about(pen, stored)
	for _, file := range files {
		if err == nil {
			err = createOnce(ctx, create, file.Path, bytesWriter(file.Content))
		}
	}
	return err
}

// about are the account and the texts about it, all of which name the key.
func about(pen pen, account Account) ([]SignedFile, error) {
	if pen.signer != nil {
		account.SigningKey = pen.signer.ID()
	}
	var body bytes.Buffer
	if err := writeJSON(&body, account); err != nil {
		return nil, err
	}
	draft, err := certification(account)
	if err != nil {
		return nil, err
	}
	verify, err := fill("seal.txt", pen.verification(sealPredicate))
	return []SignedFile{{AccountFile, body.Bytes()}, {certified, draft}, {instructions, verify}}, err
}

// digestSealed digests what is stored of a seal, in the order of paths.
func digestSealed(sealed fs.FS, paths []string) ([]Digest, error) {
	var digests []Digest
	for _, path := range paths {
		digest, err := digestFile(sealed, path)
		if errors.Is(err, fs.ErrNotExist) && slices.Contains(optionalTables, path) {
			continue
		}
		if err != nil {
			return nil, err
		}
		digests = append(digests, digest)
	}
	sortDigests(digests)
	return digests, nil
}

// ReadSeal reads a seal's account and the SHA-256 of its manifest. The error is
// fs.ErrNotExist if there is no such seal.
func ReadSeal(root fs.FS, number int) (Account, string, error) {
	sealed, err := fs.Sub(root, SealFolder(number))
	if err != nil {
		return Account{}, "", err
	}
	manifest, err := digestFile(sealed, payloadManifest)
	if err != nil {
		return Account{}, "", err
	}
	account, err := readAccount(sealed)
	return account, manifest.SHA256, err
}

func readAccount(sealed fs.FS) (Account, error) {
	var account Account
	body, err := fs.ReadFile(sealed, AccountFile)
	if err != nil {
		return account, err
	}
	if err := json.Unmarshal(body, &account); err != nil {
		return Account{}, fmt.Errorf("%w: %s: %w", ErrCorrupt, AccountFile, err)
	}
	return account, nil
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
