package story

import (
	"encoding/json"
	"encoding/pem"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/testenv/tsaserver"
)

// openssl runs openssl and returns what it prints.
func (w *story) openssl(arguments ...string) []byte {
	w.Helper()
	output, err := exec.CommandContext(w.Context(), "openssl", arguments...).Output()
	if err != nil {
		w.Fatalf("openssl %s: %v", strings.Join(arguments, " "), err)
	}
	return output
}

// curve has openssl make a key.
func (w *story) curve(name string) []byte {
	w.Helper()
	return w.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:"+name)
}

// signed is the destination with a key in the Secret signing.
func (w *story) signed(change func(*v1alpha1.Signing)) *v1alpha1.ExportDestination {
	destination := w.Destination()
	destination.Spec.Signing = &v1alpha1.Signing{SecretRef: v1alpha1.LocalReference{Name: "signing"}}
	if change != nil {
		change(destination.Spec.Signing)
	}
	return destination
}

// signingKey is the Secret with a key.
func (w *story) signingKey(key []byte) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "signing", Namespace: w.Namespace}, Data: map[string][]byte{"signing.key": key},
	}
}

// bodies are the lines of a key between those that say what it is.
func bodies(keys ...[]byte) []string {
	var lines []string
	for _, key := range keys {
		block, _ := pem.Decode(key)
		text := strings.Split(string(pem.EncodeToMemory(block)), "\n")
		lines = append(lines, text[1], text[2])
	}
	return lines
}

// notInArchive looks for secrets in every file of the archive, working artifacts too.
func (w *story) notInArchive(secrets ...string) {
	w.Helper()
	files := 0
	err := filepath.WalkDir(w.Root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files++
		for _, secret := range secrets {
			if strings.Contains(string(content), secret) {
				w.Errorf("%s contains a secret", path)
			}
		}
		return err
	})
	if err != nil || files < 10 {
		w.Errorf("%d files, %v: the search shows nothing", files, err)
	}
}

// verified has openssl verify the signature over a manifest, and returns the id of
// its key.
func (w *story) verified(folder, beside string) string {
	w.Helper()
	key, manifest := filepath.Join(beside, "signer.pub"), filepath.Join(folder, "manifest-sha256.txt")
	w.openssl("dgst", "-sha256", "-verify", key, "-signature", filepath.Join(beside, "manifest-sha256.txt.sig"), manifest)
	id, err := exec.CommandContext(w.Context(), "sh", "-c", "openssl pkey -pubin -in '"+key+"' -outform DER | sha256sum").Output()
	if err != nil || len(id) < 64 {
		w.Fatalf("sha256sum: %v", err)
	}
	if _, err := os.Stat(filepath.Join(beside, "attestation.sigstore.json")); err != nil {
		w.Error(err)
	}
	return string(id[:64])
}

// expectKey: a manifest is signed by a destination's key.
func (w *story) expectKey(folder, beside string, destination *v1alpha1.ExportDestination) {
	w.Helper()
	if got := w.verified(folder, beside); got != destination.Status.SigningKey {
		w.Errorf("%s is signed by %s, the destination has %s", folder, got, destination.Status.SigningKey)
	}
}

// bags are the folders of the export's bags.
func (w *story) bags() []string {
	w.Helper()
	bags, err := filepath.Glob(filepath.Join(w.Archive(), "bags", "*"))
	if err != nil || len(bags) == 0 {
		w.Errorf("no bags: %v", err)
	}
	return bags
}

// namedKey is the key that a seal's account names.
func (w *story) namedKey(seal string) string {
	w.Helper()
	var account struct{ SigningKey string }
	content, err := os.ReadFile(filepath.Join(seal, "account.json"))
	if err == nil {
		err = json.Unmarshal(content, &account)
	}
	if err != nil {
		w.Fatal(err)
	}
	return account.SigningKey
}

// TestASignedExport: nothing is written before there is a key that can be used.
// Then everything is signed, and the time attested; the key is nowhere but in its
// Secret.
func TestASignedExport(t *testing.T) {
	w := newStory(t, nil)
	authority, log := tsaserver.Start(t), &lockedBuffer{}
	w.Create(w.Secret(simulator.DefaultClientSecret))
	w.Create(w.Organization())
	destination := w.signed(func(s *v1alpha1.Signing) { s.Timestamp = &v1alpha1.Timestamp{URL: authority.URL} })
	destination.Spec.LoadFiles = true
	export := w.Export(nil)
	w.Create(destination)
	w.Create(export)
	w.Start(func(o *operator.Options) {
		o.Manager.Logger = logr.FromSlogHandler(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.Level(-10)}))
		o.Image = "registry.example/exporter@sha256:aa"
	})
	w.Await(destination, v1alpha1.ReasonSigningKeyNotFound)
	w.says(destination, "create the Secret", "signing.key", "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256")
	w.Await(export, v1alpha1.ReasonDestinationNotReady)

	wrong, good := w.curve("P-384"), w.curve("P-256")
	secret := w.signingKey(wrong)
	w.Create(secret)
	w.Await(destination, v1alpha1.ReasonSigningKeyInvalid)
	w.says(destination, "replace signing.key", "has the curve P-384, not P-256")
	secret.Data["signing.key"] = []byte("-----BEGIN PRIVATE KEY-----\n" + bodies(good)[0] + "\n-----END PRIVATE KEY-----\n")
	w.Update(secret)
	testenv.Eventually(t, "the key is found unreadable", func() bool {
		w.Refresh(destination)
		return strings.Contains(destination.Status.Conditions[0].Message, "cannot be read")
	})
	if _, err := os.Stat(w.Archive()); !os.IsNotExist(err) {
		t.Errorf("something was written without a key: %v", err)
	}

	secret.Data["signing.key"] = good
	w.Update(secret)
	w.Await(destination, v1alpha1.ReasonWritable)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	for _, bag := range w.bags() {
		w.expectSigned(bag, filepath.Join(bag, "custody"), destination, authority)
		w.followInstructions(bag, filepath.Join(bag, "custody", "VERIFY.txt"), authority, 5)
	}
	seal := w.seals()[0]
	w.expectSigned(seal, seal, destination, authority)
	w.followInstructions(seal, filepath.Join(seal, "VERIFY.txt"), authority, 5)
	if key := w.namedKey(seal); key != destination.Status.SigningKey {
		t.Errorf("the account names the key %s, not %s", key, destination.Status.SigningKey)
	}
	w.expectSealed(seal)
	w.expectReport(seal, destination.Status.SigningKey, "A time-stamping authority attests", "openssl ts -verify", "registry.example/exporter@sha256:aa")
	secrets := bodies(wrong, good)
	w.nowhere(log.String(), secrets...)
	w.notInArchive(secrets...)
}

// expectSigned: by the key that is expected, at a time that the authority attests.
func (w *story) expectSigned(folder, beside string, destination *v1alpha1.ExportDestination, authority *tsaserver.Server) {
	w.Helper()
	w.expectKey(folder, beside, destination)
	w.openssl("ts", "-verify", "-data", filepath.Join(folder, "manifest-sha256.txt"),
		"-in", filepath.Join(beside, "manifest-sha256.txt.tsr"), "-CAfile", authority.CA)
}

// followInstructions runs the commands of a VERIFY.txt except for cosign, and those
// that are for the folders of bags if it is of a seal.
func (w *story) followInstructions(folder, text string, authority *tsaserver.Server, least int) {
	w.Helper()
	content, err := os.ReadFile(text)
	if err != nil {
		w.Fatal(err)
	}
	_, err = os.Stat(filepath.Join(folder, "bagit.txt"))
	inSeal, ran := err != nil, 0
	for line := range strings.Lines(string(content)) {
		command := strings.ReplaceAll(strings.TrimSpace(line), "tsa.pem", authority.CA)
		program, _, _ := strings.Cut(command, " ")
		if !strings.HasPrefix(line, "    ") || program != "openssl" && program != "sha256sum" || inSeal && strings.Contains(command, "tagmanifest") {
			continue
		}
		ran++
		shell := exec.CommandContext(w.Context(), "sh", "-c", command)
		shell.Dir = folder
		if output, err := shell.CombinedOutput(); err != nil {
			w.Errorf("%s: %s: %v: %s", folder, command, err, output)
		}
	}
	if ran < least {
		w.Errorf("%s has only %d commands", text, ran)
	}
}

// expectSealed looks at what else a seal contains.
func (w *story) expectSealed(seal string) {
	w.Helper()
	at := day
	for _, part := range readCSV(w, filepath.Join(seal, "coverage.csv")) {
		if part["start"] != at.Format(time.RFC3339) {
			w.Errorf("coverage continues at %s, want %v", part["start"], at)
		}
		if part["bags"] == "" && part["conversations_in_no_bag"] == "0" {
			w.Errorf("nothing is said of %v", part)
		}
		end, err := time.Parse(time.RFC3339, part["end"])
		if err != nil {
			w.Fatal(err)
		}
		at = end
	}
	if !at.Equal(day.AddDate(0, 0, 1)) {
		w.Errorf("coverage ends at %v", at)
	}
	if files, lines := w.storedFiles(), readCSV(w, filepath.Join(seal, "loadfile.csv")); len(lines) != len(files) {
		w.Errorf("the load file lists %d files, there are %d", len(lines), len(files))
	}
	for _, want := range []string{"caseId: 4711", "registry.example/exporter@sha256:aa", "DRAFT"} {
		content, err := os.ReadFile(filepath.Join(seal, "certification.txt"))
		if err != nil || !strings.Contains(string(content), want) {
			w.Errorf("the draft certification does not say %q, %v:\n%s", want, err, content)
		}
	}
}

// TestAKeyThatIsReplaced between two seals: each is verified by the key that it
// names, and the first one is as it was.
func TestAKeyThatIsReplaced(t *testing.T) {
	w := newStory(t, nil)
	missing := w.plainCalls()[0]
	w.Sim.InjectFault(simulator.Fault{RecordingID: missing.ID, ResultError: "recording.recording.not.found"})
	secret, destination := w.signingKey(w.curve("P-256")), w.signed(nil)
	w.Create(w.Secret(simulator.DefaultClientSecret))
	w.Create(w.Organization())
	w.Create(secret)
	w.Create(destination)
	w.Start()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.Retry.Deadline = &metav1.Duration{Duration: 5 * time.Second} })
	w.Create(export)
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	first := w.seals()[0]
	before := w.verified(first, first)

	secret.Data["signing.key"] = w.curve("P-256")
	w.Update(secret)
	w.Sim.ClearFaults()
	w.annotate(export, v1alpha1.AnnotationRetry, "2024-01-01T00:00:00Z")
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	seals := w.seals()
	if len(seals) != 2 {
		t.Fatalf("seals %v, want two", seals)
	}
	after := w.verified(seals[1], seals[1])
	if again := w.verified(first, first); again != before || after == before {
		t.Errorf("seals are signed by %s, then %s, %s at first; want each by its own", again, after, before)
	}
	if w.namedKey(seals[0]) != before || w.namedKey(seals[1]) != after {
		t.Errorf("the accounts name %s and %s, want %s and %s", w.namedKey(seals[0]), w.namedKey(seals[1]), before, after)
	}
	w.expectKeyChange(destination, seals[1], before, after)
	keys := map[string]int{}
	for _, bag := range w.bags() {
		keys[w.verified(bag, filepath.Join(bag, "custody"))]++
	}
	if len(keys) != 2 || keys[before] == 0 || keys[after] == 0 {
		t.Errorf("bags are signed by %v, want each key", keys)
	}
	failures := readCSV(w, filepath.Join(first, "failures.csv"))
	if !slices.ContainsFunc(failures, func(r row) bool {
		return r["recording_id"] == missing.ID && r["detail"] == "recording.recording.not.found"
	}) {
		t.Errorf("failures %v", failures)
	}
}

// expectKeyChange: the account and the log of a seal report the change, and so does the
// destination, until a person confirms it.
func (w *story) expectKeyChange(destination *v1alpha1.ExportDestination, seal, before, after string) {
	w.Helper()
	for _, file := range []string{"account.json", "events.jsonl"} {
		content, err := os.ReadFile(filepath.Join(seal, file))
		if err != nil || !strings.Contains(string(content), before) || !strings.Contains(string(content), after) {
			w.Errorf("%s does not tell of both keys: %v", file, err)
		}
	}
	annotate := func(annotation, value string) {
		w.Refresh(destination)
		metav1.SetMetaDataAnnotation(&destination.ObjectMeta, annotation, value)
		w.Update(destination)
	}
	annotate("touched", "yes")
	changed := func() *metav1.Condition {
		w.Refresh(destination)
		return meta.FindStatusCondition(destination.Status.Conditions, v1alpha1.ConditionSigningKeyChanged)
	}
	testenv.Eventually(w, "the change is noticed", func() bool { return changed() != nil })
	if says := changed().Message; !strings.Contains(says, "changed from "+before+" to "+after) || !strings.Contains(says, "-n "+w.Namespace) {
		w.Error(says)
	}
	w.expectEvents(destination, v1alpha1.ReasonSigningKeyChanged)
	annotate(v1alpha1.AnnotationConfirmSigningKey, after+"@"+destination.Status.SigningKeyChange.Time.UTC().Format(time.RFC3339))
	testenv.Eventually(w, "the change is confirmed", func() bool { return changed() == nil })
}

// expectMadeOnce: the Secret was made, and is not made again once it is gone.
func (w *story) expectMadeOnce(destination *v1alpha1.ExportDestination) {
	w.Helper()
	var secret corev1.Secret
	name := types.NamespacedName{Namespace: w.Namespace, Name: "signing"}
	if err := w.Client.Get(w.Context(), name, &secret); err != nil {
		w.Fatal(err)
	}
	w.Refresh(destination)
	seal := w.seals()[0]
	if key := w.verified(seal, seal); key != destination.Status.SigningKey || key != w.namedKey(seal) {
		w.Errorf("the seal is signed by %s and names %s, the destination %s", key, w.namedKey(seal), destination.Status.SigningKey)
	}
	if err := w.Client.Delete(w.Context(), &secret); err != nil {
		w.Fatal(err)
	}
	destination.Labels = map[string]string{"touched": "yes"}
	destination.Spec.LoadFiles = true
	w.Update(destination)
	w.Await(destination, v1alpha1.ReasonSigningKeyNotFound)
	if err := w.Client.Get(w.Context(), name, &secret); !apierrors.IsNotFound(err) {
		w.Errorf("the Secret was made again: %v", err)
	}
}

// failing passes questions on to an authority, unless it is to fail.
type failing struct {
	url    string
	status atomic.Int64
}

func newFailing(t *testing.T, authority http.Handler) *failing {
	t.Helper()
	f := &failing{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := int(f.status.Load()); status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
		authority.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	f.url = server.URL
	f.status.Store(http.StatusBadGateway)
	return f
}

// TestAnAuthorityThatFails: bags wait for the time to be attested, and say so.
func TestAnAuthorityThatFails(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.Conversations = 10 })
	authority := tsaserver.Start(t)
	fail := newFailing(t, authority)
	w.Create(w.Secret(simulator.DefaultClientSecret))
	w.Create(w.Organization())
	w.Create(w.signingKey(w.curve("P-256")))
	w.Create(w.signed(func(s *v1alpha1.Signing) { s.Timestamp = &v1alpha1.Timestamp{URL: fail.url} }))
	export := w.Export(nil)
	w.Create(export)
	w.Start()
	for status, reason := range map[int]string{
		http.StatusBadGateway: v1alpha1.ReasonTimestampUnavailable, http.StatusForbidden: v1alpha1.ReasonTimestampRefused,
	} {
		fail.status.Store(int64(status))
		testenv.Eventually(t, "a batch says "+reason, func() bool {
			for _, b := range w.batches() {
				for _, c := range b.Status.Conditions {
					if c.Reason == reason {
						return true
					}
				}
			}
			return false
		})
	}
	fail.status.Store(http.StatusOK)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}
