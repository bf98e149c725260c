package story

import (
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apitypes "k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
	"github.com/gcexport/recording-export-operator/test/world"
)

// wrongBucket is a destination in S3 that cannot be used, and what it says then.
type wrongBucket struct {
	change func(*v1alpha1.S3Destination)
	reason string
	says   []string
}

// wrongBuckets are those of the server, once furnishWrong has made them.
func wrongBuckets() map[string]wrongBucket {
	named := func(bucket string) func(*v1alpha1.S3Destination) {
		return func(s *v1alpha1.S3Destination) { s.Bucket = bucket }
	}
	as := func(secret string) func(*v1alpha1.S3Destination) {
		return func(s *v1alpha1.S3Destination) { s.SecretRef.Name = secret }
	}
	mismatch := v1alpha1.ReasonRetentionMismatch
	return map[string]wrongBucket{
		"missing":       {named("none"), v1alpha1.ReasonBucketNotFound, []string{"create the bucket", "NoSuchBucket"}},
		"no-work":       {func(s *v1alpha1.S3Destination) { s.WorkBucket = "none" }, v1alpha1.ReasonBucketNotFound, []string{"create the bucket", "bucket none"}},
		"not-locked":    {named("plain"), v1alpha1.ReasonObjectLockMissing, []string{"turn on versioning and Object Lock", "bucket plain: it has no Object Lock"}},
		"shorter":       {named("shorter"), mismatch, []string{"COMPLIANCE for 29 days, but spec.s3.objectLock requires COMPLIANCE for 30 days"}},
		"longer":        {named("longer"), mismatch, []string{"COMPLIANCE for 31 days, but spec.s3.objectLock requires COMPLIANCE for 30 days"}},
		"another-mode":  {named("weaker"), mismatch, []string{"GOVERNANCE for 30 days, but spec.s3.objectLock requires COMPLIANCE for 30 days"}},
		"locked-work":   {func(s *v1alpha1.S3Destination) { s.WorkBucket = "shorter" }, v1alpha1.ReasonWorkBucketLocked, []string{"name a workBucket without Object Lock", "bucket shorter"}},
		"unknown-key":   {as("unknown"), v1alpha1.ReasonCredentialsRejected, []string{"correct the access key in the destination's Secret", "InvalidAccessKeyId"}},
		"wrong-secret":  {as("wrong"), v1alpha1.ReasonCredentialsRejected, []string{"correct the access key in the destination's Secret", "SignatureDoesNotMatch"}},
		"no-permission": {as("stranger"), v1alpha1.ReasonPermissionMissing, []string{"give the owner of the destination's access key the permission", "AccessDenied"}},
		"no-legal-hold": {func(s *v1alpha1.S3Destination) { s.Bucket, s.SecretRef.Name = "limited", "stranger" }, v1alpha1.ReasonPermissionMissing,
			[]string{"give the owner of the destination's access key the permission", "write to bucket limited", "s3:PutObjectLegalHold"}},
	}
}

// wrongAnswers are codes that the server of the tests does not give, and what the
// destination says then.
func wrongAnswers() map[string]wrongBucket {
	return map[string]wrongBucket{
		"ExpiredToken":         {nil, v1alpha1.ReasonCredentialsRejected, []string{"correct the access key in the destination's Secret", "ExpiredToken"}},
		"RequestTimeTooSkewed": {nil, v1alpha1.ReasonRequestRefused, []string{"RequestTimeTooSkewed", "set the clock"}},
	}
}

// createWrongBuckets makes the buckets and Secrets that wrongBuckets speaks of.
func (w *s3Story) createWrongBuckets() {
	w.Helper()
	w.s3.Bucket("plain", false)
	for name, days := range map[string]int32{"shorter": 29, "longer": 31} {
		w.s3.Bucket(name, true)
		w.s3.DefaultRetention(name, types.ObjectLockRetentionModeCompliance, days)
	}
	w.s3.Bucket("weaker", true)
	w.s3.DefaultRetention("weaker", types.ObjectLockRetentionModeGovernance, 30)
	w.s3.Admin(w.Context(), "create-user", "--access", "AKIDSTRANGER", "--secret", "not-"+s3server.SecretAccessKey, "--role", "user")
	w.s3.Bucket("limited", true)
	w.permitStranger("limited", "GetBucketObjectLockConfiguration", "GetBucketVersioning", "GetObject", "ListBucket", "ListBucketMultipartUploads",
		"AbortMultipartUpload", "PutObject", "PutObjectRetention")
	w.permitStranger("work", "GetObject", "PutObject", "DeleteObject", "ListBucket", "GetBucketObjectLockConfiguration")
	w.Create(w.accessKey(s3server.SecretAccessKey))
	for name, id := range map[string]string{"unknown": "AKIDNOBODY", "wrong": s3server.AccessKeyID, "stranger": "AKIDSTRANGER"} {
		secret := w.accessKey("not-" + s3server.SecretAccessKey)
		secret.Name, secret.StringData["accessKeyId"] = name, id
		w.Create(secret)
	}
}

// permitStranger permits one who is not the server's owner some actions on a bucket.
func (w *s3Story) permitStranger(bucket string, actions ...string) {
	w.Helper()
	policy := fmt.Sprintf(`{"Statement": [{"Effect": "Allow", "Principal": "AKIDSTRANGER", "Resource": ["arn:aws:s3:::%[1]s", "arn:aws:s3:::%[1]s/*"],
		"Action": ["s3:%[2]s"]}]}`, bucket, strings.Join(actions, `", "s3:`))
	w.fix(func(server *s3.Client) error {
		_, err := server.PutBucketPolicy(w.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &policy})
		return err
	})
}

// answering is a way to a server that answers everything with a code, and repeats
// whatever it was sent.
func (w *s3Story) answering(code string) string {
	w.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(rw, "<Error><Code>"+code+"</Code><Message>"+r.Header.Get("Authorization")+"</Message></Error>")
	}))
	w.Cleanup(server.Close)
	return server.URL
}

// TestBucketsThatCannotBeUsed: each destination says what is wrong and what is to
// be done, its export waits, and nothing is written anywhere.
func TestBucketsThatCannotBeUsed(t *testing.T) {
	w := newS3Story(t)
	w.createWrongBuckets()
	cases := wrongBuckets()
	for code, wrong := range wrongAnswers() {
		wrong.change = func(s *v1alpha1.S3Destination) { s.Endpoint = w.answering(code) }
		cases[strings.ToLower(code)] = wrong
	}
	destinations, exports := map[string]*v1alpha1.ExportDestination{}, map[string]*v1alpha1.RecordingExport{}
	for name, wrong := range cases {
		destination, export := w.bucket(wrong.change), w.Export(nil)
		destination.Name, export.Name = "evidence-"+name, name
		export.Spec.DestinationRef.Name = destination.Name
		w.Create(destination)
		w.Create(export)
		destinations[name], exports[name] = destination, export
	}
	registry := prometheus.NewPedanticRegistry()
	w.startWith(registry)
	for name, wrong := range cases {
		w.Await(destinations[name], wrong.reason)
		w.says(destinations[name], wrong.says...)
		if !conditions.IsStalled(destinations[name]) {
			t.Errorf("%s does not need a person", name)
		}
		w.awaitSays(exports[name], "fix the ExportDestination \""+destinations[name].Name)
		w.Await(exports[name], v1alpha1.ReasonDestinationNotReady)
	}
	w.nothingWritten("evidence", "plain", "shorter", "longer", "weaker", "limited")
	w.nothingLeft("work")
	w.noFiles()
	w.nothingLeaked()
	w.notInMetrics(registry, s3server.SecretAccessKey)
}

// startWith starts an operator as start does, with metrics in a registry.
func (w *s3Story) startWith(registry *prometheus.Registry) {
	w.Helper()
	w.Start(func(o *operator.Options) {
		o.Manager.Logger = logr.FromSlogHandler(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.Level(-10)}))
		o.Metrics, o.Endpoints = registry, egress.Any()
	})
}

// notInMetrics looks for secrets in all that a scrape gets.
func (w *story) notInMetrics(registry *prometheus.Registry, secrets ...string) {
	w.Helper()
	families, err := registry.Gather()
	if err != nil || len(families) == 0 {
		w.Fatalf("%d metrics, %v: the search shows nothing", len(families), err)
	}
	scraped := fmt.Sprint(families)
	for _, secret := range secrets {
		if strings.Contains(scraped, secret) {
			w.Errorf("the metrics hold %q", secret)
		}
	}
}

// awaitSays waits until the message of an object's Ready condition says something.
func (w *story) awaitSays(obj world.Object, words string) {
	w.Helper()
	testenv.Eventually(w, obj.GetName()+" says "+words, func() bool {
		w.Refresh(obj)
		return strings.Contains(conditions.Message(obj), words)
	})
}

// noFiles fails if there is a file below the archive root except for what a
// destination is probed with, which is there for a moment at any time.
func (w *story) noFiles() {
	w.Helper()
	err := filepath.WalkDir(w.Root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case path == filepath.Join(filepath.Dir(w.Archive()), ".work"):
			return fs.SkipDir
		case err == nil && !entry.IsDir():
			w.Errorf("%s was written", path)
		}
		return err
	})
	if err != nil {
		w.Error(err)
	}
}

// TestSigningKeysThatCannotBeUsed: the destination says why and what is to be done,
// tells nothing of the key, and nothing is written until there is a good one.
func TestSigningKeysThatCannotBeUsed(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.Conversations = 10 })
	registry, log := prometheus.NewPedanticRegistry(), &lockedBuffer{}
	w.Create(w.Secret(simulator.DefaultClientSecret))
	w.Create(w.Organization())
	destination, export, secret := w.signed(nil), w.Export(nil), w.signingKey(nil)
	secret.Data = nil
	w.Create(secret)
	w.Create(destination)
	w.Create(export)
	w.Start(func(o *operator.Options) {
		o.Manager.Logger = logr.FromSlogHandler(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.Level(-10)}))
		o.Metrics = registry
	})
	w.Await(destination, v1alpha1.ReasonSigningKeyNotFound)
	w.says(destination, "add the key signing.key to the Secret", "openssl genpkey")

	good, keys := w.wrongKeys()
	for _, key := range keys {
		secret.Data = map[string][]byte{"signing.key": key.text}
		w.Update(secret)
		w.awaitSays(destination, key.says)
		w.Await(destination, v1alpha1.ReasonSigningKeyInvalid)
		w.says(destination, "replace signing.key in the Secret", "with an unencrypted ECDSA private key with the curve P-256", "openssl genpkey")
		w.Await(export, v1alpha1.ReasonDestinationNotReady)
		w.noFiles()
	}
	secret.Data["signing.key"] = good
	w.Update(secret)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	secrets := []string{"swordfish"}
	for _, key := range keys {
		if block, _ := pem.Decode(key.text); block != nil && key.secret {
			secrets = append(secrets, bodies(key.text)[0])
		}
	}
	secrets = append(secrets, bodies(good)...)
	w.nowhere(log.String(), secrets...)
	w.notInMetrics(registry, secrets...)
	w.notInArchive(secrets...)
}

// wrongKey is what is not a key to sign with, and what the destination says of it.
type wrongKey struct {
	text []byte
	says string
	// secret tells that nobody may see it.
	secret bool
}

// wrongKeys are a good key and what may be in its place. No two that follow each
// other are wrong in the same way, so each is seen to be found.
func (w *story) wrongKeys() (good []byte, keys []wrongKey) {
	w.Helper()
	good = w.curve("P-256")
	file := filepath.Join(w.TempDir(), "key")
	if err := os.WriteFile(file, good, 0o600); err != nil {
		w.Fatal(err)
	}
	body := bodies(good)[0]
	return good, []wrongKey{
		{w.openssl("genpkey", "-algorithm", "RSA"), "the key is not an ECDSA key", true},
		{w.curve("P-384"), "the key has the curve P-384, not P-256", true},
		{w.openssl("genpkey", "-algorithm", "ED25519"), "the key is not an ECDSA key", true},
		{w.openssl("pkey", "-in", file, "-aes256", "-passout", "pass:swordfish"), "the key is encrypted, and the operator has no password", true},
		{w.openssl("pkey", "-in", file, "-pubout"), "it contains a PUBLIC KEY, not an ECDSA private key", false},
		{[]byte("-----BEGIN PRIVATE KEY-----\n" + body + "\n-----END PRIVATE KEY-----\n"), "cannot be read: it is incomplete", true},
		{[]byte(body), "it contains no private key in PEM", true},
		{[]byte("-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----\n"), "or has an unknown form", false},
		{[]byte{}, "it contains no private key in PEM", false},
	}
}

// TestNoSecretIsSeen: of an export that is signed and lands in S3, and to which
// everything happens that is reported in words, no private key, access key, token or
// signed address is in any log line, event, status or metric, or in the buckets.
func TestNoSecretIsSeen(t *testing.T) {
	w := newS3Story(t)
	way, renew, expired := w.expiringWay()
	for i, r := range w.plainCalls()[:3] {
		w.Sim.InjectFault([]simulator.Fault{
			{Route: simulator.RouteDownload, RecordingID: r.ID, Count: 1, Status: http.StatusForbidden},
			{Route: simulator.RouteDownload, RecordingID: r.ID, Count: 1, Reset: true},
			{Route: simulator.RouteMetadata, ConversationID: r.ConversationID, Count: 1, Status: http.StatusBadGateway},
		}[i])
	}
	w.Create(w.accessKey(s3server.SecretAccessKey))
	destination, export := w.bucket(func(s *v1alpha1.S3Destination) { s.Endpoint = way }), w.Export(nil)
	destination.Spec.Signing = w.signed(func(s *v1alpha1.Signing) { s.Create = true }).Spec.Signing
	w.Create(destination)
	w.Create(export)
	registry := prometheus.NewPedanticRegistry()
	w.startWith(registry)
	<-expired
	w.Await(export, v1alpha1.ReasonCredentialsRejected)
	renew()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judgeBucket()

	var key corev1.Secret
	if err := w.Client.Get(t.Context(), apitypes.NamespacedName{Namespace: w.Namespace, Name: "signing"}, &key); err != nil {
		t.Fatal(err)
	}
	secrets := append(bodies(key.Data["signing.key"]),
		s3server.SecretAccessKey, simulator.DefaultClientSecret, "Bearer ", "Authorization", "Signature=", "AWS4-HMAC", "X-Amz-", "Expires=")
	w.nowhere(w.log.String(), secrets...)
	w.notInMetrics(registry, secrets...)
	w.s3.Download("work", "", filepath.Join(w.Root, "work"))
	w.notInArchive(secrets...)
}
