package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/verify"
)

// verdict is what was found of one archive.
type verdict struct {
	Archive  string `json:"archive"`
	Verified bool   `json:"verified"`
	verify.Report
	took time.Duration
}

// hexDigest is a SHA-256 in hexadecimal.
var hexDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)

func runVerify(ctx context.Context, arguments []string, to streams) error {
	var (
		where   place
		shape   format
		options verify.Options
	)
	flags := where.flags("verify", to.err)
	shape.add(flags)
	flags.Func("key", "`file` with the public key (PEM) that seals must be signed with; can be given more than once", func(name string) error {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		key, err := verify.ParseKey(text)
		options.Keys = append(options.Keys, key)
		return err
	})
	flags.StringVar(&options.Seal, "seal", "", "`SHA-256` of the last seal's manifest, as the export's status or a former verification tells it")
	flags.BoolVar(&options.Running, "running", false, "the export still runs: what is in no seal yet is no fault")
	flags.IntVar(&options.Workers, "workers", 0, "how many `files` are read at the same time (default one for each core, 16 for S3)")
	if err := where.parse(flags, arguments); err != nil {
		return err
	}
	if options.Seal != "" && !hexDigest.MatchString(options.Seal) {
		return usageError{fmt.Errorf("--seal is a SHA-256: 64 digits and letters from a to f")}
	}
	fsys, workers, err := where.open(ctx)
	if err != nil {
		return err
	}
	if options.Workers <= 0 {
		options.Workers = workers
	}
	verdicts, err := verifyAll(ctx, fsys, options, to.gauge)
	if err != nil {
		return fmt.Errorf("%s: %w", where.name, err)
	}
	return conclude(to, shape, where, verdicts)
}

// verifyAll verifies every archive of a place.
func verifyAll(ctx context.Context, fsys fs.FS, options verify.Options, progress *gauge) ([]verdict, error) {
	archives, err := verify.Archives(fsys)
	if err != nil {
		return nil, err
	}
	if options.Seal != "" && len(archives) > 1 {
		return nil, usageError{fmt.Errorf("--seal speaks of one archive, here are %d", len(archives))}
	}
	var verdicts []verdict
	for _, archive := range archives {
		sub, err := fs.Sub(fsys, archive)
		if err != nil {
			return nil, err
		}
		options.Meter = &verify.Meter{}
		begun := time.Now()
		stop := progress.follow(verify.Printable(archive), options.Meter)
		report, err := verify.Archive(ctx, sub, options)
		stop()
		if err != nil {
			return nil, err
		}
		verdicts = append(verdicts, verdict{archive, len(report.Findings) == 0, report, time.Since(begun)})
	}
	return verdicts, nil
}

// conclude writes the verdicts, and says by its error how the program ends.
func conclude(to streams, shape format, where place, verdicts []verdict) error {
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
		return fmt.Errorf("not everything could be read, so that not everything is judged")
	default:
		return errFindings
	}
}

// text is a verdict for people.
func (v verdict) text(where place) string {
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
		says("%s: NOT VERIFIED, %d findings", name, int64(len(v.Findings))+v.More)
	}
	for _, f := range v.Findings {
		says("  %s", f)
	}
	if v.More > 0 {
		says("  and %d more", v.More)
	}
	says("  Export %s/%s of organisation %s, window %s to %s", v.Namespace, v.Export, v.Organization, stamp(v.From), stamp(v.Until))
	says("  %d recordings exported, %d excluded, %d unavailable, of %d conversations", v.Exported, v.Excluded, v.Unavailable, v.Conversations)
	says("  %d bags under %d seals; the last seal's manifest has SHA-256 %s", v.Bags, v.Seals, v.Seal)
	if v.Unsealed > 0 {
		says("  %d bags are in no seal: nothing proves what is in them", v.Unsealed)
	}
	says("  Read %d files, %s in %.1f s", v.Files, size(v.Bytes), v.took.Seconds())
	says("  %s", v.trust())
	return b.String()
}

// trust says what the verdict rests on.
func (v verdict) trust() string {
	switch {
	case v.Trusted && v.Verified:
		return fmt.Sprintf("Signed with the keys that were given: %d seals and %d bags, by %s", v.SignedSeals, v.SignedBags, strings.Join(v.Signers, ", "))
	case v.Trusted:
		return "Held against the keys that were given"
	case v.SignedSeals == 0:
		return "Not signed, and nothing outside the archive was trusted: this shows that the archive agrees with itself, not who made it"
	default:
		return fmt.Sprintf("Signed: %d seals and %d bags, by %s. Nothing outside the archive was trusted: whoever made it could have made these keys. Say which one you trust with --key",
			v.SignedSeals, v.SignedBags, strings.Join(v.Signers, ", "))
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
