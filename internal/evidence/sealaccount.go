package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/gcexport/recording-export-operator/internal/bounded"
)

// writeAccount stores the account with what is written about it, the signatures
// and, last, the manifest. tables are the files that are stored already.
func (s Seal) writeAccount(ctx context.Context, root fs.FS, create Creator, state signingState, account Account, tables []Digest) error {
	sealed, err := fs.Sub(root, SealFolder(s.Number))
	if err != nil {
		return err
	}
	if err := state.recallIfWritten(ctx, sealed, AccountFile); err != nil {
		return err
	}
	signed, err := s.signSeal(ctx, root, state, account, tables)
	if err == nil {
		err = signed.write(ctx, sealed, create)
	}
	if err != nil {
		return err
	}
	manifest := sealManifest(tables, signed.Files)
	if s.Note != nil {
		if err := s.Note(ctx, digestBytes(payloadManifest, manifest).SHA256); err != nil {
			return err
		}
	}
	return createExact(ctx, sealed, create, payloadManifest, manifest)
}

// signSeal signs the manifest that the seal is to have, unless it is not signed. It
// keeps its result, and returns the one that an earlier attempt has kept, if there
// is one.
func (s Seal) signSeal(ctx context.Context, root fs.FS, state signingState, account Account, tables []Digest) (Signed, error) {
	if state.kept != nil {
		return *state.kept, nil
	}
	files, err := s.about(root, state, account)
	if err != nil {
		return Signed{}, err
	}
	if state.signer == nil {
		return state.keep(ctx, files)
	}
	manifest := sealManifest(tables, files)
	said := state.statement(sealPredicate, map[string]any{"signingKey": state.signer.ID(), "seal": s.Number}, digestBytes(payloadManifest, manifest))
	return state.sign(ctx, files, "", manifest, said)
}

// sealManifest is the manifest of a seal: of its tables and of what is about it, and
// not of what signs it.
func sealManifest(tables []Digest, files []SignedFile) []byte {
	digests := slices.Clone(tables)
	for _, file := range files {
		if slices.Contains(aboutFiles, file.Path) {
			digests = append(digests, digestBytes(file.Path, file.Content))
		}
	}
	sortDigests(digests)
	return manifestBytes(digests)
}

// aboutFiles are what Seal.about writes.
var aboutFiles = []string{AccountFile, certified, instructions, reportFile}

// about are the account, the texts about it and the report of it, all of which
// name the key. The report is made from the files below root.
func (s Seal) about(root fs.FS, state signingState, account Account) ([]SignedFile, error) {
	if state.signer != nil {
		account.SigningKey, account.Timestamped = state.signer.ID(), state.signer.Authority != nil
		account.KeyChange, account.BagKeys = s.keyChange(account.SigningKey), without(account.BagKeys, account.SigningKey)
	}
	var body bytes.Buffer
	if err := writeJSON(&body, account); err != nil {
		return nil, err
	}
	draft, err := Certification(account)
	if err != nil {
		return nil, err
	}
	says := state.verification(sealPredicate)
	says.Referenced, says.NoBags = len(account.Referenced) > 0, len(s.Bags) == 0
	verify, err := fillText("seal.txt", says)
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
