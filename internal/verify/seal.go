package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// Names within a seal.
const (
	bagDigests    = "bags-sha256.txt"
	bagTable      = "bags.csv"
	conversations = "conversations.csv"
	recordings    = "recordings.csv"
	sealLog       = "events.jsonl"
)

// notListed are what a seal's manifest does not list: itself, and what is made of it.
var notListed = append([]string{payloadManifest}, signatureFiles...)

// seal is a seal as it was read.
type seal struct {
	number int
	folder string
	// digest is the SHA-256 of its manifest.
	digest string
	// account is what it says, if told.
	account evidence.Account
	told    bool
	// bags are the lines of bags.csv, in order, and order is where each bag stands there.
	bags  []Row
	order map[string]int
	// surveyed are the days that its log tells to have been surveyed.
	surveyed map[string]bool
	signer   string
	// found are its files.
	found hashedFiles
	// orphansTold is the event that reports recordings that are attached to no
	// conversation; its type is empty if there is none.
	orphansTold event
	// artifacts are the SHA-256s of the artifacts that it lists, by key.
	artifacts map[string]string
	// history is what its log tells.
	history *exportHistory
	// hopeless is how many gaps there are up to it that no retry can fill.
	hopeless int64
}

// sealOf is the seal of a number, nil if it is not there.
func (v *verifier) sealOf(number int) *seal {
	i, found := slices.BinarySearchFunc(v.seals, number, func(s *seal, number int) int { return s.number - number })
	if !found {
		return nil
	}
	return v.seals[i]
}

func (s *seal) sealPath(name string) string { return path.Join(s.folder, name) }

// readSeals reads the seals in the order of their numbers. Numbers may be of any size:
// those that are missing in between are one finding.
func (v *verifier) readSeals(ctx context.Context, names []string) error {
	var numbers []int
	for _, name := range names {
		number, err := strconv.Atoi(name)
		if err != nil || number < 1 || strconv.Itoa(number) != name {
			v.fault(Planted, "seals/"+name, "is not a seal: seals are numbered from 1")
			continue
		}
		numbers = append(numbers, number)
	}
	if len(numbers) == 0 && !v.isUnlisted("seals") {
		v.fault(Unsealed, "seals", "there is no seal: nothing shows what belongs in this archive")
	}
	slices.Sort(numbers)
	next := 1
	for _, number := range numbers {
		switch {
		case number == next+1:
			v.fault(SealChain, evidence.SealFolder(next), "is missing, though there is a seal %d", number)
		case number > next:
			v.fault(SealChain, evidence.SealFolder(next), "is missing with all seals up to %d, though there is a seal %d", number-1, number)
		}
		next = number + 1
		s, err := v.readSeal(ctx, number, number == numbers[len(numbers)-1])
		if err != nil {
			return err
		}
		if s != nil {
			v.seals = append(v.seals, s)
		}
	}
	return nil
}

// readSeal reads a seal and compares everything in it with everything else in it.
// There is none if it is the last, and the one that a running export is making.
func (v *verifier) readSeal(ctx context.Context, number int, last bool) (*seal, error) {
	s := &seal{number: number, folder: evidence.SealFolder(number), surveyed: map[string]bool{}, order: map[string]int{}}
	s.history = newExportHistory(v, s.sealPath(sealLog))
	files, err := v.list(ctx, s.folder)
	if err != nil {
		return nil, err
	}
	if _, complete := files[payloadManifest]; !complete && last && v.isBegun(number, files) {
		return nil, nil
	}
	found, err := v.hashAll(ctx, s.folder, files)
	if err != nil {
		return nil, err
	}
	s.digest, s.found = found[payloadManifest].sha256, found
	listed, whole := v.manifest(s.sealPath(payloadManifest), allExcept(notListed...))
	v.compare(s.sealPath(payloadManifest), s.folder, listed, found.sub(allExcept(notListed...)))
	v.checkSealPlaces(s, listed, whole)
	signingKey := v.readAccount(s)
	v.readBagLines(s)
	v.readSealLog(s)
	v.readArtifacts(s)
	v.checkFormer(s)
	v.checkOrphans(s)
	if _, there := found[coverageTable]; there {
		v.checkCovered(s, v.newFrom(s))
	}
	s.signer = v.checkSignature(signed{
		what: "seal " + strconv.Itoa(number), beside: s.folder, manifest: s.sealPath(payloadManifest), says: s.sealPath(evidence.AccountFile),
		names: signingKey, stamped: s.account.Timestamped, mute: found[evidence.AccountFile].unread, found: found, digest: s.digest,
		statement: newStatement(sealPredicate, map[string]any{"seal": number, "signingKey": signingKey}, found, payloadManifest),
	})
	return s, nil
}

// readAccount reads the account, and returns the id of the key that it names.
func (v *verifier) readAccount(s *seal) string {
	at := s.sealPath(evidence.AccountFile)
	content, ok := v.read(at)
	if !ok {
		return ""
	}
	if !v.asWritten(at, content, &s.account, indented) {
		return ""
	}
	s.told = true
	v.expectBytes(s.account)
	if s.account.Number != s.number {
		v.fault(SealChain, at, "is the account of seal %d, but is stored as seal %d", s.account.Number, s.number)
	}
	mine := s.account.Export
	if says := v.record.Mismatch(mine); says != "" && v.record.Name != "" {
		v.fault(Contradiction, at, "is of another export than export.json: %s", says)
	} else if v.record.Name != "" && !mine.CreatedAt.Equal(v.record.CreatedAt) {
		v.fault(Contradiction, at, "states that the archive was created at %s, but export.json states %s", stamp(mine.CreatedAt), stamp(v.record.CreatedAt))
	}
	if digest := canonicalDigest(mine.Spec); digest != mine.SpecDigest {
		v.fault(Altered, at, "contains a spec with SHA-256 %s, but states SHA-256 %s", digest, cut(mine.SpecDigest))
	}
	return s.account.SigningKey
}

// canonicalDigest is the SHA-256 of JSON without the blanks between its parts.
func canonicalDigest(spec []byte) string {
	var compact bytes.Buffer
	if err := json.Compact(&compact, spec); err != nil {
		return "of nothing"
	}
	return sum(compact.Bytes())
}

// readBagLines reads bags.csv and bags-sha256.txt, which must say the same.
func (v *verifier) readBagLines(s *seal) {
	listed, _ := v.manifest(s.sealPath(bagDigests), func(name string) bool { return bagOf(name) != "" })
	for row := range v.rows(s.sealPath(bagTable), "bag", "lane", "start", "end", "tagmanifest_sha256", "exported", "excluded", "unavailable", "files", "bytes") {
		name := row.Get("bag")
		of := "../../" + evidence.BagFolder(name) + "/" + tagManifest
		switch digest, ok := listed[of]; {
		case bagOf(of) == "":
			v.fault(Malformed, s.sealPath(bagTable), "line %d names a bag %q, which is not a name of a bag", row.Line, cut(name))
			continue
		case !ok:
			v.fault(Contradiction, s.sealPath(bagTable), "line %d lists bag %s, which bags-sha256.txt does not list", row.Line, name)
		case digest != row.Get("tagmanifest_sha256"):
			v.fault(Contradiction, s.sealPath(bagTable), "line %d and bags-sha256.txt have different digests of bag %s", row.Line, name)
		}
		delete(listed, of)
		if _, twice := s.order[name]; !twice {
			s.order[name] = len(s.bags)
		}
		s.bags = append(s.bags, row)
	}
	for of := range listed {
		v.fault(Contradiction, s.sealPath(bagDigests), "lists bag %s, which bags.csv does not list exactly once", bagOf(of))
	}
}

// bagOf is the name of a bag from the path of its tag manifest, as seen from a
// seal; empty if it is not such a path.
func bagOf(name string) string {
	const start, end = "../../bags/", "/" + tagManifest
	if len(name) <= len(start)+len(end) || name[:len(start)] != start || name[len(name)-len(end):] != end {
		return ""
	}
	bag := name[len(start) : len(name)-len(end)]
	if !segment.MatchString(bag) || bag == "." || bag == ".." {
		return ""
	}
	return bag
}

// readSealLog reads the seal's custody log.
func (v *verifier) readSealLog(s *seal) {
	formers := 0
	var takenOver []evidence.TakeOver
	v.journal(s.sealPath(sealLog), "ExportSealed", func(e event) {
		s.history.takeSealEvent(e)
		switch e.Type {
		case "OrphansListed", "OrphansNotListed":
			s.orphansTold = e
		case "DaySurveyed":
			if _, err := time.Parse(time.DateOnly, e.Details["day"]); err == nil {
				s.surveyed[e.Details["day"]] = true
			}
		case evidence.ArchiveTakenOver:
			takenOver = append(takenOver, evidence.TakeOver{From: e.Details["from"], To: e.Details["to"], At: e.Time})
		case "FormerSeal":
			formers++
			if former := s.account.Former; former != nil && (e.Details["sha256"] != former.Digest || e.Details["number"] != strconv.Itoa(former.Number)) {
				v.fault(SealChain, s.sealPath(sealLog), "line %d names seal %s with SHA-256 %s as the previous one, but the account names another", e.Sequence, cut(e.Details["number"]), cut(e.Details["sha256"]))
			}
		}
	})
	if s.number > 1 && formers == 0 && v.wasRead(s.sealPath(sealLog)) {
		v.fault(SealChain, s.sealPath(sealLog), "names no previous seal")
	}
	v.checkTakeOvers(s, takenOver)
}

// checkFormer checks that a seal names the one before, and continues from it.
func (v *verifier) checkFormer(s *seal) {
	at, former := s.sealPath(evidence.AccountFile), s.account.Former
	switch {
	case !s.told:
		return
	case s.number == 1 && former != nil:
		v.fault(SealChain, at, "names a previous seal, %d, but this is the first", former.Number)
	case s.number == 1:
	case former == nil:
		v.fault(SealChain, at, "names no previous seal")
	case former.Number != s.number-1:
		v.fault(SealChain, at, "names seal %d as the previous one, but that is seal %d", former.Number, s.number-1)
	case len(v.seals) > 0 && v.seals[len(v.seals)-1].number == s.number-1:
		v.checkOrder(s, v.seals[len(v.seals)-1])
	}
}

// newFrom is where the part of the window begins that a seal is the first to cover.
func (v *verifier) newFrom(s *seal) time.Time {
	if len(v.seals) == 0 {
		return s.account.From
	}
	return v.seals[len(v.seals)-1].account.Until
}

// checkOrder compares a seal with the one before.
func (v *verifier) checkOrder(s, before *seal) {
	at := s.sealPath(evidence.AccountFile)
	if before.digest != "" && s.account.Former.Digest != before.digest {
		v.fault(SealChain, at, "names seal %d with SHA-256 %s as the previous one, but that in %s has %s: one of them was replaced",
			before.number, cut(s.account.Former.Digest), before.folder, before.digest)
	}
	if !before.told {
		return
	}
	if s.account.SealedAt.Before(before.account.SealedAt) {
		v.fault(SealChain, at, "was made at %s, before seal %d", stamp(s.account.SealedAt), before.number)
	}
	if s.account.Until.Before(before.account.Until) || !s.account.From.Equal(before.account.From) {
		v.fault(SealChain, at, "covers %s to %s, less than seal %d", stamp(s.account.From), stamp(s.account.Until), before.number)
	}
}
