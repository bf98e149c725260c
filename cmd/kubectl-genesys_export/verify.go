package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// verdict is the result for one archive.
type verdict struct {
	Archive  string `json:"archive"`
	Verified bool   `json:"verified"`
	verify.Report
	// sealGiven tells that the last seal's SHA-256 was given from outside.
	sealGiven bool
	took      time.Duration
}

// hexDigest is a SHA-256 in hexadecimal.
var hexDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)

func runVerify(ctx context.Context, arguments []string, to streams) error {
	var (
		where   location
		shape   format
		options = verify.Options{Version: versionText()}
	)
	flags := where.flags("verify", to.err)
	shape.add(flags)
	addTrustFlags(flags, &options)
	where.addOutsideFlags(flags)
	skip := flags.Bool("skip-referenced", false, "do not read recordings that are outside the archive; verify reports each of them as not read")
	flags.IntVar(&options.Workers, "workers", 0, "number of `files` to read at the same time (default one for each core, 16 for S3)")
	if err := where.parse(flags, arguments); err != nil {
		return err
	}
	if options.Seal != "" && !hexDigest.MatchString(options.Seal) {
		return usageError{fmt.Errorf("--seal must be a SHA-256: 64 hexadecimal digits in lower case")}
	}
	fsys, workers, err := where.open(ctx)
	if err != nil {
		return err
	}
	if options.Workers <= 0 {
		options.Workers = workers
	}
	if !*skip {
		options.OpenReferenced = where.opener().openReferenced
	}
	verdicts, err := verifyAll(ctx, fsys, where, options, to.gauge)
	if err != nil {
		err = fmt.Errorf("%s: %w", where.name, err)
	}
	if len(verdicts) == 0 {
		return err
	}
	return cmp.Or(conclude(to, shape, where, verdicts), err)
}

// verifyAll verifies every archive of a location. If it cannot list a part of the location,
// it returns an error together with the verdicts on the archives elsewhere.
func verifyAll(ctx context.Context, fsys fs.FS, where location, options verify.Options, progress *gauge) ([]verdict, error) {
	archives, unlisted := verify.Archives(fsys)
	if len(archives) == 0 {
		return nil, unlisted
	}
	if options.Seal != "" && len(archives) > 1 {
		return nil, usageError{fmt.Errorf("--seal applies to one archive, but the location contains %d", len(archives))}
	}
	if options.Name != "" && len(archives) > 1 {
		return nil, usageError{fmt.Errorf("--export applies to one archive, but the location contains %d", len(archives))}
	}
	given := options.Name
	var verdicts []verdict
	for _, archive := range archives {
		sub, err := fs.Sub(fsys, archive)
		if err != nil {
			return nil, err
		}
		options.Meter = &verify.Meter{}
		if options.Name = given; given == "" {
			options.Name = where.folder(archive)
		}
		begun := time.Now()
		stop := progress.follow(verify.Printable(archive), options.Meter)
		report, err := verify.Archive(ctx, sub, options)
		stop()
		if err != nil {
			return nil, err
		}
		verdicts = append(verdicts, verdict{archive, len(report.Findings) == 0, report, options.Seal != "", time.Since(begun)})
	}
	return verdicts, unlisted
}

// folder is the name of an archive's folder, empty if it has none.
func (p location) folder(archive string) string {
	if archive != "." {
		return path.Base(archive)
	}
	if strings.Contains(p.name, "://") {
		_, at, _ := strings.Cut(p.name, "://")
		_, prefix, _ := strings.Cut(strings.Trim(at, "/"), "/")
		return strings.TrimPrefix(path.Base(prefix), ".")
	}
	absolute, err := filepath.Abs(p.name)
	if err != nil {
		return ""
	}
	return filepath.Base(absolute)
}

// conclude writes the verdicts. Its error decides the exit code of the program.
func conclude(to streams, shape format, where location, verdicts []verdict) error {
	sound, unreadable := true, true
	for _, v := range verdicts {
		sound = sound && v.Verified
		unreadable = unreadable && (v.Verified || v.OnlyUnreadable())
	}
	if shape == "json" {
		encoder := json.NewEncoder(to.out)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(map[string]any{"verified": sound, "archives": verdicts}); err != nil {
			return err
		}
	} else {
		for _, v := range verdicts {
			fmt.Fprint(to.out, v.text(where))
		}
	}
	switch {
	case sound:
		return nil
	case unreadable:
		return fmt.Errorf("verification is incomplete: some files could not be read")
	default:
		return errFindings
	}
}

// text is a verdict for people.
func (v verdict) text(where location) string {
	var b strings.Builder
	says := func(format string, arguments ...any) {
		b.WriteString(verify.Printable(fmt.Sprintf(format, arguments...)) + "\n")
	}
	name := strings.TrimSuffix(where.name, "/")
	if v.Archive != "." {
		name += "/" + v.Archive
	}
	if v.Verified {
		says("%s: verified", name)
	} else {
		says("%s: NOT VERIFIED, %s", name, words.Count(int64(len(v.Findings))+v.More, "finding"))
	}
	for _, line := range v.findings() {
		says("  %s", line)
	}
	says("  Export %s/%s of organisation %s, window %s to %s", v.Namespace, v.Export, v.Organization, words.Time(v.From), words.Time(v.Until))
	says("  %s exported, %d excluded, %d unavailable, of %s", words.Count(v.Exported, "recording"), v.Excluded, v.Unavailable, words.Count(v.Conversations, "conversation"))
	if v.Orphans > 0 {
		says("  %s attached to no conversation, not exported: see orphans.csv in the seals", words.Count(v.Orphans, "recording"))
	}
	if v.OrphansNotListed != "" {
		says("  Recordings attached to no conversation are not listed: %s", v.OrphansNotListed)
	}
	if v.ReferencedFiles > 0 {
		says("  %s", v.referenced())
	}
	if v.Restored > 0 {
		says("  %s", v.restorations())
	}
	says("  %s under %s; the last seal's manifest has SHA-256 %s", words.Count(v.Bags, "bag"), words.Count(v.Seals, "seal"), v.Seal)
	if v.Unsealed > 0 {
		says("  %s not sealed yet: nothing proves what they contain", words.Count(v.Unsealed, "bag"))
	}
	if v.OtherTexts > 0 {
		says("  Note: another version of the exporter wrote report.html and certification.txt of %s. verify compared the figures with the account, but not the wording. Use that version to verify the wording", words.Count(int64(v.OtherTexts), "seal"))
	}
	if v.VersionsNotListed != "" {
		says("  Note: verify could not list earlier versions of the seals in the bucket, so it cannot find a seal that a delete marker hides: %s", v.VersionsNotListed)
	}
	if v.UnlockedVersions > 0 {
		says("  Note: the bucket keeps earlier versions of %s in seals. They do not hide a locked seal. If nobody deleted this archive and every seal was finished, check these versions", words.Count(v.UnlockedVersions, "file"))
	}
	says("  Read %s, %s in %.1f s", words.Count(v.Files, "file"), words.Bytes(v.Bytes), v.took.Seconds())
	for _, line := range v.trust() {
		says("  %s", line)
	}
	return b.String()
}

// restorations describes how restored recordings' dates changed. No such change is a
// fault of the archive.
func (v verdict) restorations() string {
	text := "Restoration of " + words.Count(v.Restored, "recording") + " requested at Genesys Cloud"
	switch {
	case v.RetentionChanged > 0:
		text += fmt.Sprintf("; other dates of %s changed there: see retention.csv in the seals", words.Count(v.RetentionChanged, "recording"))
	case v.RetentionUnknown == 0:
		text += "; no other date changed there"
	}
	if v.RetentionUnknown > 0 {
		text += fmt.Sprintf("; the operator did not read the dates of %s afterwards", words.Count(v.RetentionUnknown, "recording"))
	}
	return text
}

// mostAlike is how many findings of one kind in one file the text shows: the others mostly
// have the same cause.
const mostAlike = 5

// findings returns lines about the findings, in the order of paths and kinds.
func (v verdict) findings() (lines []string) {
	for left := v.Findings; len(left) > 0; {
		first := left[0]
		n := slices.IndexFunc(left, func(f verify.Finding) bool { return f.Path != first.Path || f.Kind != first.Kind })
		if n < 0 {
			n = len(left)
		}
		for _, f := range left[:min(n, mostAlike)] {
			lines = append(lines, f.String())
		}
		if n > mostAlike {
			lines = append(lines, fmt.Sprintf("%s: %d more like these; use -o json to list them [%s]", first.Path, n-mostAlike, first.Kind))
		}
		left = left[n:]
	}
	if v.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more of the same kinds in the same files, which are not listed", v.More))
	}
	return lines
}

// trust returns lines about what the verdict depends on: what the user gave, and what
// that shows if everything is verified.
func (v verdict) trust() []string {
	if !v.Verified {
		return []string{v.doubt()}
	}
	lines := []string{"Checked as a complete export: the seals cover everything"}
	switch {
	case v.Running && v.Unsealed > 0:
		lines[0] = "Checked as a running export (--running): every seal and its bags. verify checked only that unsealed bags are consistent with themselves"
	case v.Running:
		lines[0] = "Checked as a running export (--running): every seal and its content"
	}
	switch {
	case v.sealGiven && v.Running:
		lines = append(lines, "The archive contains the seal given with --seal: nobody changed or removed the content of this seal and of earlier seals. verify cannot tell whether a later seal was removed")
	case v.sealGiven:
		lines = append(lines, "The last seal is the one given with --seal: nothing was changed or removed since its SHA-256 was recorded")
	default:
		lines = append(lines, "No seal was given with --seal: verify cannot tell whether later seals were removed")
	}
	signed := fmt.Sprintf("%s and %s, by %s", words.Count(v.SignedSeals, "seal"), words.Count(v.SignedBags, "bag"), strings.Join(v.Signers, ", "))
	switch {
	case v.Trusted:
		lines = append(lines, "Signed with the keys given with --key: "+signed)
	case v.SignedSeals == 0 && v.sealGiven:
		lines = append(lines, "Not signed: the archive does not show who made it")
	case v.SignedSeals == 0:
		lines = append(lines, "Not signed, and no seal was given with --seal: the archive is consistent with itself, but nothing shows who made it")
	case v.sealGiven:
		lines = append(lines, "Signed: "+signed+". verify does not know whose keys these are: name the key that you trust with --key")
	default:
		lines = append(lines, "Signed: "+signed+". Whoever made the archive could have made these keys: name the key that you trust with --key")
	}
	return lines
}

// doubt tells the reader how to treat an archive that is not verified.
func (v verdict) doubt() string {
	if v.OnlyUnreadable() {
		return "Some files could not be read, so the verification is incomplete: fix access to them and verify again"
	}
	var against []string
	if v.sealGiven {
		against = append(against, "the seal")
	}
	if v.Trusted {
		against = append(against, "the keys")
	}
	if len(against) == 0 {
		return "The archive is not consistent with itself: do not rely on anything above until each finding is explained"
	}
	return fmt.Sprintf("The archive is not consistent with itself, or it does not match %s that you gave: do not rely on anything above until each finding is explained", strings.Join(against, " and "))
}
