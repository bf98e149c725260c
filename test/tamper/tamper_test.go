// Package tamper tampers with archives in every way that its author could think
// of, and checks that each is found, with the right words. Beside it stands
// what the programs notice that every machine has.
package tamper

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// fewest is how many kinds of tampering there must be.
const fewest = 350

// tool is a program that others judge an archive with. It reports whether it
// notices that something is wrong.
type tool struct {
	name    string
	notices func(a archive, key string) bool
}

// tools are those that are there: cosign only if COSIGN names it, since it takes
// long to build ("make tamper-cosign" does both).
func tools() []tool {
	list := []tool{{"sha256sum -c", sha256sum}, {"openssl", openssl}}
	if os.Getenv("COSIGN") != "" {
		list = append(list, tool{"cosign", cosign})
	}
	return list
}

// fails reports whether a program, run in a folder, says that something is wrong.
func (a archive) fails(folder, program string, arguments ...string) bool {
	command := exec.CommandContext(a.Context(), program, arguments...)
	command.Dir = folder
	return command.Run() != nil
}

// sha256sum does what README.md and VERIFY.txt say.
func sha256sum(a archive, _ string) bool {
	seals := a.folders("seals")
	noticed := len(seals) == 0
	listed := func(folder, manifest string) bool {
		return !a.fails(folder, "sha256sum", "--check", "--strict", "--quiet", manifest)
	}
	stored := func(folder string) bool {
		if _, err := os.Stat(filepath.Join(folder, "fetch.txt")); err != nil {
			return listed(folder, "manifest-sha256.txt")
		}
		return !a.fails(folder, "sh", "-c", "cut -d ' ' -f 3 fetch.txt | grep -vFf - manifest-sha256.txt | sha256sum --check --strict --quiet")
	}
	for _, folder := range seals {
		noticed = !listed(folder, "manifest-sha256.txt") || !listed(folder, "bags-sha256.txt") || noticed
	}
	for _, folder := range a.folders("bags") {
		noticed = !listed(folder, "tagmanifest-sha256.txt") || !stored(folder) || noticed
	}
	return noticed
}

// openssl checks every signature with a key from elsewhere.
func openssl(a archive, key string) bool {
	seals := a.folders("seals")
	noticed := len(seals) == 0
	verified := func(folder, signature string) bool {
		return !a.fails(folder, "openssl", "dgst", "-sha256", "-verify", key, "-signature", signature, "manifest-sha256.txt")
	}
	for _, folder := range seals {
		noticed = !verified(folder, "manifest-sha256.txt.sig") || noticed
	}
	for _, folder := range a.folders("bags") {
		noticed = !verified(folder, "custody/manifest-sha256.txt.sig") || noticed
	}
	return noticed
}

// cosign checks every attestation with a key from elsewhere, for each file that it
// is to speak of: a seal's manifest, a bag's manifest, bag-info.txt and custody log.
func cosign(a archive, key string) bool {
	seals := a.folders("seals")
	noticed := len(seals) == 0
	verified := func(folder, predicate, bundle, of string) bool {
		return !a.fails(folder, os.Getenv("COSIGN"), "verify-blob-attestation", "--key", key, "--bundle", bundle,
			"--insecure-ignore-tlog", "--check-claims", "--type", predicate, of)
	}
	for _, folder := range seals {
		noticed = !verified(folder, specimen.SealPredicate, "attestation.sigstore.json", "manifest-sha256.txt") || noticed
	}
	for _, folder := range a.folders("bags") {
		for _, of := range []string{"manifest-sha256.txt", "bag-info.txt", "custody/events.jsonl"} {
			noticed = !verified(folder, specimen.BagPredicate, "custody/attestation.sigstore.json", of) || noticed
		}
	}
	return noticed
}

// outcome is who noticed a tampering.
type outcome struct {
	group string
	tampering
	noticed []bool
}

func TestEveryTamperingIsFound(t *testing.T) {
	t.Parallel()
	groups := map[string][]tampering{
		"write": slices.Concat(plain(), forms(), whileRunning(), identities(), unreferenced()), "forge": stolen(),
		"sign": slices.Concat(insiders(), isolations(), restorations(), orphanages(), formsOfInsiders(), strictForms(), misjudged(), misheld(), thinned(), invented(), reworded(), retold(), misreferenced()),
	}
	var mu sync.Mutex
	outcomes := map[string]outcome{}
	sound, referring := specimen.New(t, specimen.NewSigner(t)), specimen.NewReferring(t, specimen.NewSigner(t))
	t.Run("all", func(t *testing.T) {
		for group, tamperings := range groups {
			for _, tt := range tamperings {
				t.Run(group+"/"+tt.name, func(t *testing.T) {
					t.Parallel()
					of := sound
					if tt.refers {
						of = referring
					}
					o := outcome{group, tt, try(t, of.Copy(t), tt)}
					mu.Lock()
					defer mu.Unlock()
					outcomes[t.Name()] = o
				})
			}
		}
	})
	if len(outcomes) < fewest {
		t.Errorf("%d kinds of tampering, want %d at least", len(outcomes), fewest)
	}
	t.Log("\n" + table(groups, outcomes))
}

// trusted writes a public key to a file outside the archive.
func (a archive) trusted(signer *specimen.Signer) string {
	a.Helper()
	key := filepath.Join(a.TempDir(), "trusted.pub")
	if err := os.WriteFile(key, signer.Public(), 0o600); err != nil {
		a.Fatal(err)
	}
	return key
}

// TestASoundArchive: nobody finds fault with an archive that nobody has tampered with.
func TestASoundArchive(t *testing.T) {
	t.Parallel()
	signer := specimen.NewSigner(t)
	for _, made := range []func(testing.TB, *specimen.Signer) *specimen.Archive{specimen.New, specimen.NewReferring} {
		a := archive{made(t, signer), nil}
		for _, tool := range tools() {
			if tool.notices(a, a.trusted(signer)) {
				t.Errorf("%s finds fault with it", tool.name)
			}
		}
	}
}

// TestTamperingWithAnArchiveThatIsNotSigned: who can only write to it is found out
// without any signature, too.
func TestTamperingWithAnArchiveThatIsNotSigned(t *testing.T) {
	t.Parallel()
	for _, tt := range slices.Concat(plain(), unreferenced()) {
		if tt.aboutSignatures() || tt.knowsSeal {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := archive{specimen.New(t, nil), nil}
			if tt.refers {
				a.Archive = specimen.NewReferring(t, nil)
			}
			tt.do(a)
			judge(t, a, tt, verify.Options{})
		})
	}
}

// aboutSignatures reports whether a tampering needs an archive that is signed.
func (tt tampering) aboutSignatures() bool {
	return tt.kind == verify.Unsigned || tt.kind == verify.Signature || tt.kind == verify.UntrustedKey
}

// try tampers with an archive, and tells which tools notice. That we do is a must.
func try(t *testing.T, sound *specimen.Archive, tt tampering) []bool {
	t.Helper()
	a, signer := archive{sound, specimen.NewSigner(t)}, sound.Signer
	trusted, err := verify.ParseKey(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	options := verify.Options{Keys: []verify.Key{trusted}, Running: tt.running}
	options.Namespace, options.Name, _ = strings.Cut(tt.as, "/")
	if tt.knowsSeal {
		options.Seal = specimen.Sum(a.Read("seals/2/manifest-sha256.txt"))
	}
	key := a.trusted(signer)
	tt.do(a)
	judge(t, a, tt, options)
	var noticed []bool
	for _, tool := range tools() {
		noticed = append(noticed, tool.notices(a, key))
	}
	return noticed
}

// judge checks that a tampering is found.
func judge(t *testing.T, a archive, tt tampering, options verify.Options) {
	t.Helper()
	options.OpenReferenced = a.OpenReferenced
	report, err := verify.Archive(t.Context(), os.DirFS(a.Root), options)
	if err != nil {
		t.Fatal(err)
	}
	if !found(report, tt) {
		t.Errorf("no finding of kind %s at %s that says %q, but:", tt.kind, tt.path, tt.says)
		for _, f := range report.Findings {
			t.Log(f)
		}
	}
}

func found(report verify.Report, tt tampering) bool {
	for _, f := range report.Findings {
		if f.Kind == tt.kind && strings.Contains(f.Path, tt.path) && strings.Contains(f.Says, tt.says) {
			return true
		}
	}
	return false
}

// table shows who noticed what.
func table(groups map[string][]tampering, outcomes map[string]outcome) string {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	names := "WHO CAN\tTAMPERING\tVERIFY SAYS"
	for _, tool := range tools() {
		names += "\t" + strings.ToUpper(tool.name)
	}
	fmt.Fprintln(w, names)
	totals, others := make([]int, len(tools())), 0
	for _, group := range []string{"write", "forge", "sign"} {
		for _, tt := range groups[group] {
			for _, o := range outcomes {
				if o.group != group || o.name != tt.name {
					continue
				}
				if slices.Contains(o.noticed, true) {
					others++
				}
				fmt.Fprintf(w, "%s\t%s\t%s", group, tt.name, tt.kind)
				for i, noticed := range o.noticed {
					word := "-"
					if noticed {
						word = "notices"
						totals[i]++
					}
					fmt.Fprintf(w, "\t%s", word)
				}
				fmt.Fprintln(w)
			}
		}
	}
	fmt.Fprintf(w, "all\t%d kinds\t%d", len(outcomes), len(outcomes))
	for _, n := range totals {
		fmt.Fprintf(w, "\t%d", n)
	}
	_ = w.Flush()
	without := len(groups["write"]) + len(groups["forge"])
	return fmt.Sprintf("%s\n%d are noticed by verify (%d by who has no key, %d by who has it), %d by one of the others at least.\n",
		text.String(), len(outcomes), without, len(groups["sign"]), others)
}
