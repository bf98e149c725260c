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

	"github.com/gcexport/recording-export-operator/internal/bounded"
)

// writeAccount stores the account with what is written about it, the signatures
// and, last, the manifest.
func (s Seal) writeAccount(ctx context.Context, root fs.FS, create Creator, pen pen, account Account) error {
	sealed, err := fs.Sub(root, SealFolder(s.Number))
	if err != nil {
		return err
	}
	if err := pen.begun(ctx, sealed, AccountFile); err != nil {
		return err
	}
	signed := Signed{}
	if pen.kept != nil {
		signed = *pen.kept
	} else if pen.signer != nil {
		signed, err = s.sign(ctx, root, pen, account)
	}
	if err == nil {
		err = signed.write(ctx, sealed, create)
	}
	if err == nil && len(signed.Files) == 0 {
		err = s.writeUnsigned(ctx, root, create, account)
	}
	if err != nil {
		return err
	}
	digests, err := digestSealed(sealed, append([]string{AccountFile, certified, instructions, reportFile}, tablePaths...))
	if err != nil {
		return err
	}
	return createSame(ctx, sealed, create, payloadManifest, digests)
}

// sign signs the manifest that the seal is to have.
func (s Seal) sign(ctx context.Context, root fs.FS, pen pen, account Account) (Signed, error) {
	files, err := s.about(root, pen, account)
	if err != nil {
		return Signed{}, err
	}
	sealed, err := fs.Sub(root, SealFolder(s.Number))
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
func (s Seal) writeUnsigned(ctx context.Context, root fs.FS, create Creator, account Account) error {
	if err := createOnce(ctx, create, AccountFile, func(w io.Writer) error { return writeJSON(w, account) }); err != nil {
		return err
	}
	stored, err := readAccount(root, s.Number)
	if err != nil {
		return err
	}
	files, err := s.about(root, pen{}, stored)
	for _, file := range files {
		if err == nil {
			err = createOnce(ctx, create, file.Path, bytesWriter(file.Content))
		}
	}
	return err
}

// about are the account, the texts about it and the report of it, all of which
// name the key. What the report is made from is stored below root.
func (s Seal) about(root fs.FS, pen pen, account Account) ([]SignedFile, error) {
	if pen.signer != nil {
		account.SigningKey, account.Timestamped = pen.signer.ID(), pen.signer.Authority != nil
		account.KeyChange = s.keyChange(account.SigningKey)
	}
	var body bytes.Buffer
	if err := writeJSON(&body, account); err != nil {
		return nil, err
	}
	draft, err := Certification(account)
	if err != nil {
		return nil, err
	}
	says := pen.verification(sealPredicate)
	verify, err := fill("seal.txt", says)
	if err != nil {
		return nil, err
	}
	files := []SignedFile{{AccountFile, body.Bytes()}, {certified, draft}, {instructions, verify}}
	if s.Report == nil {
		return files, nil
	}
	var page bytes.Buffer
	err = s.Report(&page, root, Reported{account, says.Timestamp})
	return append(files, SignedFile{reportFile, page.Bytes()}), err
}

// digestSealed digests what is stored of a seal, in the order of paths.
func digestSealed(sealed fs.FS, paths []string) ([]Digest, error) {
	var digests []Digest
	for _, path := range paths {
		digest, err := digestFile(sealed, path)
		if errors.Is(err, fs.ErrNotExist) && slices.Contains(optionalFiles, path) {
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
	manifest, err := digestFile(root, SealFolder(number)+"/"+payloadManifest)
	if err != nil {
		return Account{}, "", err
	}
	account, err := readAccount(root, number)
	return account, manifest.SHA256, err
}

// largestAccount is the largest account that is read, in bytes: some hundred numbers and
// a spec with its attributes.
const largestAccount = 1 << 20

func readAccount(root fs.FS, number int) (Account, error) {
	var account Account
	body, err := bounded.ReadFile(root, SealFolder(number)+"/"+AccountFile, largestAccount)
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
