package verify

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// SealedDigests is what the seals of an archive vouch for.
type SealedDigests struct {
	// Record is that of the archive.
	Record evidence.ExportRecord
	// Seals are the SHA-256s of the manifests of the seals, in order.
	Seals []string
	// Signers are the ids of the keys that they name, in order, empty for one that is not
	// signed.
	Signers []string
	// Bags are the SHA-256s of the tag manifests of the bags that they contain, by name.
	Bags map[string]string
	// Artifacts are the SHA-256s of the artifacts that they list, by key.
	Artifacts map[string]string
	// Unlisted is the number of the first seal that lists no artifacts, 0 if all do.
	Unlisted int
	// Findings tell what is wrong with the seals and with export.json, and what could not
	// be read, wherever it is: because of that other findings may be left out.
	Findings []Finding
	// More is how many findings there are that were only counted.
	More int64
}

// Seals judges export.json and the seals of the archive whose root is fsys, without
// reading a bag. Seals that somebody has hidden in a bucket with versions are findings. The
// error says why they could not be judged, or why versions cannot be listed.
func Seals(ctx context.Context, fsys fs.FS, options Options) (SealedDigests, error) {
	v := newVerifier(ctx, fsys, options)
	parts, err := v.parts()
	if err != nil {
		return SealedDigests{}, err
	}
	v.readRecord()
	v.readTerms()
	if err := v.readSeals(ctx, parts.seals); err != nil {
		return SealedDigests{}, err
	}
	v.checkTrust()
	v.checkKeyChanges()
	if told := v.checkVersions(); told.unknown != "" {
		return SealedDigests{}, errors.New(told.unknown)
	}
	vouched := SealedDigests{Record: v.record, Bags: map[string]string{}, Artifacts: map[string]string{}}
	for _, s := range v.seals {
		vouched.addSeal(s)
	}
	vouched.Findings, vouched.More = v.sorted()
	vouched.Findings = slices.DeleteFunc(vouched.Findings, func(f Finding) bool {
		return f.Kind != Unreadable && f.Path != evidence.RecordPath && f.Path != "seals" && !strings.HasPrefix(f.Path, "seals/")
	})
	return vouched, ctx.Err()
}

// HiddenSeals finds seals that somebody has hidden in a bucket with versions, in an archive
// that seems to have none. The error says why versions cannot be listed.
func HiddenSeals(ctx context.Context, fsys fs.FS) ([]Finding, error) {
	v := newVerifier(ctx, fsys, Options{})
	if told := v.checkVersions(); told.unknown != "" {
		return nil, errors.New(told.unknown)
	}
	found, _ := v.sorted()
	return found, ctx.Err()
}

// addSeal adds what a seal vouches for. Of an artifact that several list the last counts.
func (v *SealedDigests) addSeal(s *seal) {
	v.Seals, v.Signers = append(v.Seals, s.digest), append(v.Signers, s.account.SigningKey)
	for _, line := range s.bags {
		v.Bags[line.Get("bag")] = line.Get("tagmanifest_sha256")
	}
	for key, digest := range s.artifacts {
		v.Artifacts[key] = digest
	}
	if len(s.artifacts) == 0 && v.Unlisted == 0 {
		v.Unlisted = s.number
	}
}
