package verify_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

func key(t *testing.T, signer *specimen.Signer) verify.Key {
	t.Helper()
	key, err := verify.ParseKey(signer.Public())
	if err != nil || key.ID != signer.ID() {
		t.Fatalf("key %s, %v; want %s", key.ID, err, signer.ID())
	}
	return key
}

func archive(t *testing.T, a *specimen.Archive, options verify.Options) verify.Report {
	t.Helper()
	report, err := verify.Archive(t.Context(), os.DirFS(a.Root), options)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestASoundArchive(t *testing.T) {
	t.Parallel()
	signer := specimen.NewSigner(t)
	signed := specimen.New(t, signer)
	tests := map[string]struct {
		archive *specimen.Archive
		options verify.Options
		seals   int
	}{
		"not signed":                  {specimen.New(t, nil), verify.Options{}, 0},
		"signed, with no key":         {signed, verify.Options{}, 2},
		"signed, with its key":        {signed, verify.Options{Keys: []verify.Key{key(t, specimen.NewSigner(t)), key(t, signer)}}, 2},
		"by one worker":               {signed, verify.Options{Workers: 1}, 2},
		"with the last seal's digest": {signed, verify.Options{Seal: specimen.Sum(signed.Read("seals/2/manifest-sha256.txt"))}, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := archive(t, tt.archive, tt.options)
			for _, f := range r.Findings {
				t.Error(f)
			}
			if r.Seals != 2 || r.Bags != 6 || r.Conversations != 5 || r.Exported != 10 || r.Excluded != 3 || r.Unavailable != 0 {
				t.Errorf("report %+v", r)
			}
			if r.SignedSeals != tt.seals || r.SignedBags != tt.seals/2*6 || r.Trusted != (tt.options.Keys != nil) {
				t.Errorf("%d seals and %d bags are signed, trusted: %t", r.SignedSeals, r.SignedBags, r.Trusted)
			}
		})
	}
}

// TestARunningExport: what is in no seal yet is a fault, unless the export runs.
func TestARunningExport(t *testing.T) {
	t.Parallel()
	a := specimen.New(t, nil)
	a.Remove("seals/2")
	if r := archive(t, a, verify.Options{}); len(r.Findings) == 0 || r.Unsealed != 2 {
		t.Errorf("report %+v", r)
	}
	a.Write("bags/being-made/data/recordings/x", nil)
	a.Write("seals/2/account.json", nil)
	if r := archive(t, a, verify.Options{Running: true, Making: 2}); len(r.Findings) > 0 || r.Unsealed != 2 || r.Seals != 1 {
		t.Errorf("report %+v", r)
	}
	if r := archive(t, a, verify.Options{Running: true}); len(r.Findings) == 0 {
		t.Error("a seal without its manifest is not a finding, though nothing says that it is being made")
	}
}

func TestWhatIsNoArchive(t *testing.T) {
	t.Parallel()
	empty := fstest.MapFS{"case/note.txt": {}}
	if _, err := verify.Archive(t.Context(), empty, verify.Options{}); !errors.Is(err, verify.ErrNoArchive) {
		t.Errorf("Archive: %v, want ErrNoArchive", err)
	}
	if _, err := verify.Archives(empty); !errors.Is(err, verify.ErrNoArchive) {
		t.Errorf("Archives: %v, want ErrNoArchive", err)
	}
	several := fstest.MapFS{
		"legal/evidence/case-1/export.json": {}, "legal/evidence/case-2/seals/1/account.json": {}, "legal/evidence/.work/bags/x": {},
	}
	found, err := verify.Archives(several)
	if err != nil || len(found) != 2 || found[0] != "legal/evidence/case-1" || found[1] != "legal/evidence/case-2" {
		t.Errorf("Archives: %v, %v", found, err)
	}
	named := fstest.MapFS{
		"seals/evidence/case-1/export.json": {}, "legal/bags/case-2/export.json": {}, "legal/evidence/bags/export.json": {}, "legal/evidence/case-3/bags/b/bagit.txt": {},
	}
	want := []string{"legal/bags/case-2", "legal/evidence/bags", "legal/evidence/case-3", "seals/evidence/case-1"}
	if found, err := verify.Archives(named); err != nil || !slices.Equal(found, want) {
		t.Errorf("Archives of exports, destinations and namespaces that have names of parts: %v, %v", found, err)
	}
	deep := fstest.MapFS{"demo/archive/legal/evidence/case-1/export.json": {}}
	if found, err := verify.Archives(deep); !errors.Is(err, verify.ErrNoArchive) || !strings.Contains(err.Error(), "up to 4 folders below") {
		t.Errorf("Archives five folders above: %v, %v", found, err)
	}
	above, err := fs.Sub(deep, "demo")
	if err != nil {
		t.Fatal(err)
	}
	if found, err := verify.Archives(above); err != nil || len(found) != 1 || found[0] != "archive/legal/evidence/case-1" {
		t.Errorf("Archives four folders above: %v, %v", found, err)
	}
}

func TestVerificationEndsWithItsContext(t *testing.T) {
	t.Parallel()
	a := specimen.New(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := verify.Archive(ctx, os.DirFS(a.Root), verify.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Archive: %v, want context.Canceled", err)
	}
}

// TestAFileThatCannotBeRead is told apart from one that was changed, and whatever
// it is compared with is not judged, whichever file it is.
func TestAFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	signer := specimen.NewSigner(t)
	a := specimen.New(t, signer)
	options := verify.Options{Keys: []verify.Key{key(t, signer)}, Seal: specimen.Sum(a.Read("seals/2/manifest-sha256.txt"))}
	stored := inMemory(t, a)
	err := fs.WalkDir(stored, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		broken := brokenFS{stored, name}
		report, err := verify.Archive(t.Context(), broken, options)
		if err != nil || !report.OnlyUnreadable() || len(report.Findings) != 1 || report.Findings[0].Path != name {
			t.Errorf("%s: %v, %v", name, report.Findings, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestParseKeyRefusesWhatIsNoKey(t *testing.T) {
	t.Parallel()
	pem := string(specimen.NewSigner(t).Public())
	const rsa = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"
	for _, text := range []string{"", "x", pem + pem, rsa, "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"} {
		if key, err := verify.ParseKey([]byte(text)); err == nil {
			t.Errorf("%q is key %s", text, key.ID)
		}
	}
}

// TestABagOfManyFiles: a manifest is as long as its bag has files, and is still
// signed.
func TestABagOfManyFiles(t *testing.T) {
	t.Parallel()
	signer := specimen.NewSigner(t)
	a := specimen.New(t, signer)
	for i := range 3000 {
		a.Write(standardBag+"/"+evidence.MetadataPath(specimen.ID(100_000+i)), []byte("[]"))
	}
	a.Forge(specimen.Standard, 1)
	sound := archive(t, specimen.New(t, signer), verify.Options{})
	report := archive(t, a, verify.Options{Keys: []verify.Key{key(t, signer)}})
	if manifest := a.Read(standardBag + "/manifest-sha256.txt"); len(manifest) < 300_000 || report.SignedBags != sound.SignedBags {
		t.Errorf("a manifest of %d bytes; %d bags are signed, want %d", len(manifest), report.SignedBags, sound.SignedBags)
	}
	for _, f := range report.Findings {
		if f.Kind == verify.Signature || f.Kind == verify.Unsigned || strings.HasSuffix(f.Path, "manifest-sha256.txt") {
			t.Error(f)
		}
	}
}
