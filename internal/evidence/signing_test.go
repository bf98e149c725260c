package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/signing"
)

// newSigner makes a key of its own.
func newSigner(t *testing.T) *signing.Signer {
	t.Helper()
	text, err := signing.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := signing.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return &signing.Signer{Key: key}
}

// memory keeps what was signed where a crash does not reach it. Each attempt has
// another key, as if it were replaced in between.
type memory struct {
	t       *testing.T
	kept    *Signed
	signers []*signing.Signer
	// fails is what reading the key fails with.
	fails error
}

func (m *memory) signing() Signing {
	return Signing{
		Signer: func(context.Context) (*signing.Signer, error) {
			if m.fails != nil {
				return nil, m.fails
			}
			m.signers = append(m.signers, newSigner(m.t))
			return m.signers[len(m.signers)-1], nil
		},
		Recall: func(context.Context) (Signed, error) {
			if m.kept == nil {
				return Signed{}, fs.ErrNotExist
			}
			return *m.kept, nil
		},
		Keep: func(_ context.Context, made Signed) (Signed, error) {
			if m.kept == nil {
				m.kept = &made
			}
			return *m.kept, nil
		},
	}
}

// unsigned keeps what is not signed.
func (m *memory) unsigned() Signing {
	s := m.signing()
	s.Signer = nil
	return s
}

// run runs commands of VERIFY.txt.
func run(t *testing.T, folder, command string) error {
	t.Helper()
	shell := exec.CommandContext(t.Context(), "sh", "-c", command)
	shell.Dir = folder
	output, err := shell.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", command, err, output)
	}
	return nil
}

// followInstructions runs what a VERIFY.txt says, except what is for cosign or for
// the folders of bags, and returns the error of the first command that fails.
func followInstructions(t *testing.T, folder, name string) error {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return err
	}
	inSeal := name == instructions
	ran := 0
	for line := range strings.Lines(string(text)) {
		command, indented := strings.TrimSpace(line), strings.HasPrefix(line, "    ")
		plain := strings.HasPrefix(command, "sha256sum") || strings.HasPrefix(command, "openssl")
		if !indented || !plain || inSeal && strings.Contains(command, tagManifest) {
			continue
		}
		ran++
		if err := run(t, folder, command); err != nil {
			return err
		}
	}
	const least = 4 // both manifests, the signature and the key's id
	if ran < least {
		return fmt.Errorf("%s has only %d commands", name, ran)
	}
	return nil
}

func TestASignedBag(t *testing.T) {
	root, m := t.TempDir(), &memory{t: t}
	bag := sampleBag(t, root)
	bag.Signing = m.signing()
	if _, err := bag.Seal(t.Context(), os.DirFS(root), creator(root)); err != nil {
		t.Fatal(err)
	}
	if err := followInstructions(t, root, custody+instructions); err != nil {
		t.Error(err)
	}
	key := m.signers[0].ID()
	info, err := os.ReadFile(filepath.Join(root, bagInfo))
	if err != nil || !strings.Contains(string(info), "\nSigning-Key-Sha256: "+key+"\nPayload-Oxum: ") {
		t.Errorf("bag-info.txt holds %q, %v", info, err)
	}
	tags, err := os.ReadFile(filepath.Join(root, tagManifest))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{signerKey, signature, attestation, instructions} {
		if !strings.Contains(string(tags), "  custody/"+name+"\n") {
			t.Errorf("the tag manifest does not list %s:\n%s", name, tags)
		}
	}
	expectSubjects(t, root, custody+attestation, payloadManifest, bagInfo, bagLog)
	overwrite(t, filepath.Join(root, payloadManifest), "other\n")
	if run(t, root, "openssl dgst -sha256 -verify custody/signer.pub -signature custody/manifest-sha256.txt.sig manifest-sha256.txt") == nil {
		t.Error("openssl takes another manifest")
	}
}

// expectSubjects compares the subjects of a statement with what is stored.
func expectSubjects(t *testing.T, folder, bundle string, names ...string) {
	t.Helper()
	var read struct{ DsseEnvelope struct{ Payload []byte } }
	var said struct {
		Subject []struct {
			Name   string
			Digest map[string]string
		}
	}
	content, err := os.ReadFile(filepath.Join(folder, bundle))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(json.Unmarshal(content, &read), json.Unmarshal(read.DsseEnvelope.Payload, &said)); err != nil {
		t.Fatal(err)
	}
	if len(said.Subject) != len(names) {
		t.Fatalf("statement %+v", said)
	}
	for i, name := range names {
		d, err := digestFile(os.DirFS(folder), name)
		if err != nil || said.Subject[i].Name != name || said.Subject[i].Digest["sha256"] != d.SHA256 {
			t.Errorf("subject %+v, want %s %s, %v", said.Subject[i], name, d.SHA256, err)
		}
	}
}

// crashing fails the write after so many.
func crashing(root string, left int) Creator {
	return func(ctx context.Context, path string, write func(io.Writer) error) error {
		if left == 0 {
			return errCrash
		}
		left--
		return creator(root)(ctx, path, write)
	}
}

var errCrash = errors.New("crash")

// TestASignedBagSurvivesACrashAtEachWrite, and a key that is replaced before the
// next attempt: the bag names the key that signed it.
func TestASignedBagSurvivesACrashAtEachWrite(t *testing.T) {
	for writes := range 40 {
		root, m := t.TempDir(), &memory{t: t}
		bag := sampleBag(t, root)
		bag.Signing = m.signing()
		_, err := bag.Seal(t.Context(), os.DirFS(root), crashing(root, writes))
		if err == nil {
			if writes < 12 {
				t.Errorf("only %d writes", writes)
			}
			return
		}
		if _, err := ReadSummary(os.DirFS(root)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after %d writes: %v, want no bag", writes, err)
		}
		bag.Info = append(bag.Info, InfoField{"Bagging-Date", "another"})
		if _, err := bag.Seal(t.Context(), os.DirFS(root), creator(root)); err != nil {
			t.Errorf("again after %d writes: %v", writes, err)
			continue
		}
		if err := followInstructions(t, root, custody+instructions); err != nil {
			t.Errorf("again after %d writes: %v", writes, err)
		}
		expectSubjects(t, root, custody+attestation, payloadManifest, bagInfo, bagLog)
		expectKey(t, filepath.Join(root, bagInfo), filepath.Join(root, custody, signerKey))
	}
	t.Error("sealing never ended")
}

// expectKey makes sure that a file names the key beside it.
func expectKey(t *testing.T, names, key string) {
	t.Helper()
	id, err := exec.CommandContext(t.Context(), "sh", "-c", "openssl pkey -pubin -in '"+key+"' -outform DER | sha256sum | cut -c 1-64").Output()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(names)
	if err != nil || !strings.Contains(string(content), strings.TrimSpace(string(id))) {
		t.Errorf("%s does not name the key %s, %v:\n%s", names, id, err, content)
	}
}

func TestASignedSealSurvivesACrashAtEachWrite(t *testing.T) {
	for writes := range 40 {
		root, m := t.TempDir(), &memory{t: t}
		seal := sampleSeal(t, root)
		seal.Signing, seal.LoadFiles = m.signing(), true
		_, _, err := seal.Write(t.Context(), os.DirFS(root), crashing(root, writes))
		if err == nil {
			if writes < 16 {
				t.Errorf("only %d writes", writes)
			}
			return
		}
		if _, _, err := ReadSeal(os.DirFS(root), 1); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after %d writes: %v, want no seal", writes, err)
		}
		seal.At = day.AddDate(0, 0, 1)
		account, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root))
		if err != nil {
			t.Errorf("again after %d writes: %v", writes, err)
			continue
		}
		folder := filepath.Join(root, "seals", "1")
		if err := followInstructions(t, folder, instructions); err != nil {
			t.Errorf("again after %d writes: %v", writes, err)
		}
		expectSubjects(t, folder, attestation, payloadManifest)
		for _, file := range []string{AccountFile, certified, instructions, reportFile} {
			expectKey(t, filepath.Join(folder, file), filepath.Join(folder, signerKey))
		}
		if account.SigningKey == "" {
			t.Error("the account that is returned names no key")
		}
	}
	t.Error("sealing never ended")
}

// TestAnUnsignedSeal: its instructions speak of no key, because there is none.
func TestAnUnsignedSeal(t *testing.T) {
	root := t.TempDir()
	seal := sampleSeal(t, root)
	if _, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "seals", "1", instructions))
	if err != nil || !strings.Contains(string(text), "is not signed") || strings.Contains(string(text), "key") {
		t.Errorf("%v:\n%s", err, text)
	}
}

// TestWhatWasBegunUnsignedStaysSo: nothing is rewritten because signing was turned
// on in between.
func TestWhatWasBegunUnsignedStaysSo(t *testing.T) {
	root, m := t.TempDir(), &memory{t: t}
	bag := sampleBag(t, root)
	bag.Signing = m.unsigned()
	for writes := 0; ; writes++ {
		if _, err := os.Stat(filepath.Join(root, bagInfo)); err == nil {
			break
		}
		if _, err := bag.Seal(t.Context(), os.DirFS(root), crashing(root, writes)); err == nil {
			t.Fatal("there is no write between bag-info.txt and the bag")
		}
	}
	bag.Signing = m.signing()
	if _, err := bag.Seal(t.Context(), os.DirFS(root), creator(root)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sha256sum(t, root, payloadManifest), sha256sum(t, root, tagManifest)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(root, custody, signature)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a bag that does not name its key is signed: %v", err)
	}
}

// TestTwoSignAtOnce: who did not see what was kept before the other began uses it
// anyway.
func TestTwoSignAtOnce(t *testing.T) {
	root, m := t.TempDir(), &memory{t: t}
	for writes := 0; ; writes++ {
		if _, err := os.Stat(filepath.Join(root, "seals", "1", AccountFile)); err == nil {
			break
		}
		root, m = t.TempDir(), &memory{t: t}
		first := sampleSeal(t, root)
		first.Signing = m.signing()
		if _, _, err := first.Write(t.Context(), os.DirFS(root), crashing(root, writes)); err == nil {
			t.Fatal("there is no write between the account and the manifest")
		}
	}
	second := sealOfSample(t)
	second.Signing = m.signing()
	recall, asked := second.Signing.Recall, 0
	second.Signing.Recall = func(ctx context.Context) (Signed, error) {
		if asked++; asked == 1 {
			return Signed{}, fs.ErrNotExist
		}
		return recall(ctx)
	}
	if _, _, err := second.Write(t.Context(), os.DirFS(root), creator(root)); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(root, "seals", "1")
	if err := followInstructions(t, folder, instructions); err != nil {
		t.Error(err)
	}
	expectKey(t, filepath.Join(folder, AccountFile), filepath.Join(folder, signerKey))
}

// TestNoKeyNothingWritten: a key that cannot be used is found out about first.
func TestNoKeyNothingWritten(t *testing.T) {
	root, m := t.TempDir(), &memory{t: t, fails: errors.New("no key")}
	bag := sampleBag(t, filepath.Join(root, "bags", "c"))
	bag.Signing = m.signing()
	nothing := func(_ context.Context, path string, _ func(io.Writer) error) error {
		return fmt.Errorf("wrote %s", path)
	}
	if _, err := bag.Seal(t.Context(), os.DirFS(root), nothing); !errors.Is(err, m.fails) {
		t.Errorf("bag: %v, want %v", err, m.fails)
	}
	seal := sampleSeal(t, root)
	seal.Signing = m.signing()
	if _, _, err := seal.Write(t.Context(), os.DirFS(root), nothing); !errors.Is(err, m.fails) {
		t.Errorf("seal: %v, want %v", err, m.fails)
	}
}

// TestAKeptSignatureNeedsNoKey: what was signed is finished although the key is gone.
func TestAKeptSignatureNeedsNoKey(t *testing.T) {
	root, m := t.TempDir(), &memory{t: t}
	seal := sampleSeal(t, root)
	seal.Signing = m.signing()
	for writes := 0; m.kept == nil; writes++ {
		if _, _, err := seal.Write(t.Context(), os.DirFS(root), crashing(root, writes)); err == nil {
			t.Fatal("nothing is written once it is signed")
		}
	}
	m.fails = errors.New("no key")
	if _, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root)); err != nil {
		t.Fatal(err)
	}
	if err := followInstructions(t, filepath.Join(root, "seals", "1"), instructions); err != nil {
		t.Error(err)
	}
}

// TestASignedFileThatIsAnotherIsRefused: what is there must be what was kept.
func TestASignedFileThatIsAnotherIsRefused(t *testing.T) {
	root, m := t.TempDir(), &memory{t: t}
	bag := sampleBag(t, root)
	bag.Signing = m.signing()
	if err := creator(root)(t.Context(), custody+signature, bytesWriter([]byte("other"))); err != nil {
		t.Fatal(err)
	}
	if _, err := bag.Seal(t.Context(), os.DirFS(root), creator(root)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("Seal: %v, want ErrCorrupt", err)
	}
}
