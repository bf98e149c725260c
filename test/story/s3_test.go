package story

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
)

// s3Story is a story whose evidence lands in S3.
type s3Story struct {
	*story
	s3 *s3server.Server
	// log is what the operator logs, all of it.
	log *lockedBuffer
}

// newS3Story makes a server with the buckets evidence and work, the first with
// Object Lock, and the Secret and the organisation that all stories need.
func newS3Story(t *testing.T) *s3Story {
	t.Helper()
	small := func(o *simulator.Options) { o.Conversations = 30 }
	w := &s3Story{newStory(t, small), s3server.Start(t), &lockedBuffer{}}
	w.s3.Bucket("evidence", true)
	w.s3.Bucket("work", false)
	w.Create(w.Secret(simulator.DefaultClientSecret))
	w.Create(w.Organization())
	return w
}

// start starts an operator that logs everything, and in the end looks for
// secrets wherever they could be seen.
func (w *s3Story) start() {
	w.Helper()
	w.Start(func(o *operator.Options) {
		o.Manager.Logger = logr.FromSlogHandler(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.Level(-10)}))
	})
}

// accessKey is the Secret of the server's owner, unless secret is another.
func (w *s3Story) accessKey(secret string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "s3", Namespace: w.Namespace},
		StringData: map[string]string{"accessKeyId": s3server.AccessKeyID, "secretAccessKey": secret},
	}
}

// bucket is the destination in S3, at the server unless change makes it otherwise.
func (w *s3Story) bucket(change func(*v1alpha1.S3Destination)) *v1alpha1.ExportDestination {
	destination := &v1alpha1.ExportDestination{
		ObjectMeta: metav1.ObjectMeta{Name: "evidence", Namespace: w.Namespace},
		Spec: v1alpha1.ExportDestinationSpec{S3: &v1alpha1.S3Destination{
			Bucket: "evidence", WorkBucket: "work", Prefix: "legal/cases", Region: s3server.Region,
			Endpoint: w.s3.URL, PathStyle: true, SecretRef: v1alpha1.LocalReference{Name: "s3"},
			ObjectLock: &v1alpha1.ObjectLock{Mode: v1alpha1.ObjectLockCompliance, RetentionDays: 30},
		}},
	}
	if change != nil {
		change(destination.Spec.S3)
	}
	return destination
}

// judgeBucket brings the archive here, as a third party would, and judges it.
func (w *s3Story) judgeBucket() {
	w.Helper()
	w.s3.Download("evidence", "legal/cases/case-1/", w.Archive())
	w.judge(w.exportable())
	if left := w.s3.Uploads("evidence"); len(left) != 0 {
		w.Errorf("uploads %v are left", left)
	}
}

// nothingWritten fails if a bucket contains anything.
func (w *s3Story) nothingWritten(buckets ...string) {
	w.Helper()
	for _, bucket := range buckets {
		if keys := w.s3.Keys(bucket, ""); len(keys) != 0 {
			w.Errorf("bucket %s contains %v", bucket, keys)
		}
	}
}

// nothingLeft waits until a bucket is empty: what a destination is probed with is
// there for a moment.
func (w *s3Story) nothingLeft(bucket string) {
	w.Helper()
	testenv.Eventually(w, "bucket "+bucket+" is empty", func() bool { return len(w.s3.Keys(bucket, "")) == 0 })
}

// nothingLeaked looks for the secret, signatures and signed addresses in every
// log line, event and object of the namespace but the Secrets.
func (w *s3Story) nothingLeaked() {
	w.Helper()
	w.nowhere(w.log.String(), s3server.SecretAccessKey, "Signature=", "AWS4-HMAC", "X-Amz-", "x-id=")
}

// nowhere looks for secrets in a log, and in every event and object of the
// namespace but the Secrets.
func (w *story) nowhere(log string, secrets ...string) {
	w.Helper()
	seen := map[string]string{"the log": log}
	for name, list := range map[string]client.ObjectList{
		"events": &eventsv1.EventList{}, "old events": &corev1.EventList{}, "exports": &v1alpha1.RecordingExportList{},
		"batches": &v1alpha1.RecordingExportBatchList{}, "destinations": &v1alpha1.ExportDestinationList{},
		"organisations": &v1alpha1.GenesysOrganizationList{},
	} {
		if err := w.Client.List(w.Context(), list, client.InNamespace(w.Namespace)); err != nil {
			w.Fatal(err)
		}
		content, err := json.Marshal(list)
		if err != nil {
			w.Fatal(err)
		}
		seen[name] = string(content)
	}
	if !strings.Contains(seen["the log"], "evidence") || !strings.Contains(seen["events"], "evidence") {
		w.Error("neither log nor events tell of the destination: the search shows nothing")
	}
	for where, content := range seen {
		for _, secret := range secrets {
			if i := strings.Index(content, secret); i >= 0 {
				w.Errorf("%s: %q is in …%s…", where, secret, content[max(0, i-100):min(len(content), i+100)])
			}
		}
	}
}

// TestOneExportToS3: everything of a day is in the bucket, readable, signed, locked,
// and what is of held recordings under legal hold.
func TestOneExportToS3(t *testing.T) {
	w := newS3Story(t)
	w.Create(w.accessKey(s3server.SecretAccessKey))
	destination, export := w.bucket(nil), w.Export(nil)
	destination.Spec.Signing = w.signed(func(s *v1alpha1.Signing) { s.Create = true }).Spec.Signing
	w.Create(destination)
	w.Create(export)
	w.start()
	w.Await(destination, v1alpha1.ReasonWritable)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judgeBucket()
	for _, folder := range w.seals() {
		w.expectKey(folder, folder, destination)
		w.expectReport(folder, destination.Status.SigningKey)
	}
	for _, folder := range w.bags() {
		w.expectKey(folder, filepath.Join(folder, "custody"), destination)
	}
	if destination.Status.Location != "s3://evidence/legal/cases" || export.Status.Archive != "s3://evidence/legal/cases/case-1" {
		t.Errorf("location %s, archive %s", destination.Status.Location, export.Status.Archive)
	}
	w.expectKept()
	w.nothingLeaked()
}

// expectKept asks the server how each object of the export is kept.
func (w *s3Story) expectKept() {
	w.Helper()
	held, free := 0, 0
	for _, key := range w.s3.Keys("evidence", "") {
		got, err := w.s3.Client().HeadObject(w.Context(), &s3.HeadObjectInput{Bucket: aws.String("evidence"), Key: &key})
		if err != nil {
			w.Fatal(err)
		}
		if got.ObjectLockMode != types.ObjectLockModeCompliance || aws.ToTime(got.ObjectLockRetainUntilDate).Before(time.Now().AddDate(0, 0, 29)) {
			w.Errorf("%s: mode %q until %v", key, got.ObjectLockMode, got.ObjectLockRetainUntilDate)
		}
		wanted := strings.Contains(key, "/bags/case-1-legalhold")
		if on := got.ObjectLockLegalHoldStatus == types.ObjectLockLegalHoldStatusOn; on != wanted {
			w.Errorf("%s: legal hold %v, want %v", key, on, wanted)
		}
		if wanted {
			held++
		} else {
			free++
		}
	}
	if held < 10 || free < 10 {
		w.Errorf("%d objects are under hold, %d are not: the test shows nothing", held, free)
	}
	for _, key := range w.s3.Keys("work", "") {
		if !strings.HasPrefix(key, "evidence/legal/cases/case-1/.work/") {
			w.Errorf("the bucket of working artifacts contains %s", key)
		}
	}
}

// TestS3IsKilledInMidUpload: when half a recording has been sent the server is
// gone; it comes back, and the export ends as if nothing had been.
func TestS3IsKilledInMidUpload(t *testing.T) {
	w := newS3Story(t)
	killed := make(chan struct{})
	way := w.killingWay(killed)
	w.Create(w.accessKey(s3server.SecretAccessKey))
	w.Create(w.bucket(func(s *v1alpha1.S3Destination) { s.Endpoint = way }))
	export := w.Export(nil)
	w.Create(export)
	w.start()
	testenv.Eventually(t, "a recording is being sent", func() bool {
		select {
		case <-killed:
			return true
		default:
			return false
		}
	})
	w.s3.Run()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judgeBucket()
	w.nothingLeaked()
}

// killingWay is a way to the server on which it is killed, once, when half of
// the tenth recording has been sent.
func (w *s3Story) killingWay(killed chan struct{}) string {
	w.Helper()
	target, err := url.Parse(w.s3.URL)
	if err != nil {
		w.Fatal(err)
	}
	var mu sync.Mutex
	recordings := 0
	way := httptest.NewServer(&httputil.ReverseProxy{
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			if r.In.Method != http.MethodPut || !strings.Contains(r.In.URL.Path, "/data/recordings/") {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if recordings++; recordings == 10 {
				r.Out.Body = &halfBody{ReadCloser: r.Out.Body, left: r.In.ContentLength / 2, then: func() { w.s3.Kill(); close(killed) }}
			}
		},
	})
	w.Cleanup(way.Close)
	return way.URL
}

// halfBody does something when half of it has been read, and then ends badly.
type halfBody struct {
	io.ReadCloser
	left int64
	then func()
}

func (b *halfBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		if b.then != nil {
			b.then()
			b.then = nil
		}
		return 0, io.ErrUnexpectedEOF
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// TestAnAccessKeyThatIsMissingWrongThenCorrected: nobody has to touch anything
// but the Secret, and until then nothing is written.
func TestAnAccessKeyThatIsMissingWrongThenCorrected(t *testing.T) {
	w := newS3Story(t)
	destination, export := w.bucket(nil), w.Export(nil)
	w.Create(destination)
	w.Create(export)
	w.start()
	w.Await(destination, v1alpha1.ReasonSecretNotFound)
	w.says(destination, "create the Secret", `"s3"`, "accessKeyId", "secretAccessKey")
	w.Await(export, v1alpha1.ReasonDestinationNotReady)

	secret := w.accessKey("")
	w.Create(secret)
	w.Await(destination, v1alpha1.ReasonSecretIncomplete)
	w.says(destination, "add the key secretAccessKey")

	secret.StringData = map[string]string{"secretAccessKey": "not-" + s3server.SecretAccessKey}
	w.Update(secret)
	w.Await(destination, v1alpha1.ReasonCredentialsRejected)
	w.says(destination, "correct the access key in the destination's Secret", "SignatureDoesNotMatch")
	w.nothingWritten("evidence", "work")

	secret.StringData = map[string]string{"secretAccessKey": s3server.SecretAccessKey}
	w.Update(secret)
	w.Await(destination, v1alpha1.ReasonWritable)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judgeBucket()
	w.nothingLeaked()
}

// TestAnAccessKeyThatExpiresInTheMiddle: the service refuses it from one request
// to the next, whatever it is; the export waits for another and continues.
func TestAnAccessKeyThatExpiresInTheMiddle(t *testing.T) {
	w := newS3Story(t)
	way, renew, expired := w.expiringWay()
	secret := w.accessKey(s3server.SecretAccessKey)
	w.Create(secret)
	destination, export := w.bucket(func(s *v1alpha1.S3Destination) { s.Endpoint = way }), w.Export(nil)
	w.Create(destination)
	w.Create(export)
	w.start()
	<-expired
	w.Await(export, v1alpha1.ReasonCredentialsRejected)
	w.says(export, "correct the access key in the destination's Secret", "ExpiredToken")
	renew()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judgeBucket()
	w.nothingLeaked()
}

// expiringWay is a way to the server on which every access key has expired from
// the tenth recording on, until it is renewed.
func (w *s3Story) expiringWay() (way string, renew func(), expired chan struct{}) {
	w.Helper()
	target, err := url.Parse(w.s3.URL)
	if err != nil {
		w.Fatal(err)
	}
	var mu sync.Mutex
	recordings, valid := 0, true
	expired = make(chan struct{})
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host }}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/data/recordings/") {
			if recordings++; recordings == 10 {
				valid = false
				close(expired)
			}
		}
		accepted := valid
		mu.Unlock()
		if accepted {
			proxy.ServeHTTP(rw, r)
			return
		}
		rw.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(rw, "<Error><Code>ExpiredToken</Code><Message>"+r.Header.Get("Authorization")+"</Message></Error>")
	}))
	w.Cleanup(server.Close)
	return server.URL, func() {
		mu.Lock()
		defer mu.Unlock()
		valid = true
	}, expired
}

// TestAnswersOfS3ThatAreLost: what was stored anyway is found, and adopted.
func TestAnswersOfS3ThatAreLost(t *testing.T) {
	w := newS3Story(t)
	target, err := url.Parse(w.s3.URL)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	lost := map[string]bool{}
	way := httptest.NewServer(&httputil.ReverseProxy{
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		ModifyResponse: func(r *http.Response) error {
			mu.Lock()
			defer mu.Unlock()
			path := r.Request.URL.Path
			if r.Request.Method != http.MethodPut || !strings.Contains(path, "/data/recordings/") || len(lost) == 20 || lost[path] {
				return nil
			}
			lost[path] = true
			return errors.New("lost")
		},
	})
	t.Cleanup(way.Close)
	w.Create(w.accessKey(s3server.SecretAccessKey))
	w.Create(w.bucket(func(s *v1alpha1.S3Destination) { s.Endpoint = way.URL }))
	export := w.Export(nil)
	w.Create(export)
	w.start()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judgeBucket()
	adopted := 0
	logs, err := filepath.Glob(filepath.Join(w.Archive(), "bags", "*", "custody", "events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range logs {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		adopted += strings.Count(string(content), `"adopted":"true"`)
	}
	if adopted != len(lost) || adopted == 0 {
		t.Errorf("%d recordings were adopted, want the %d whose answers were lost", adopted, len(lost))
	}
	w.nothingLeaked()
}

// TestABucketThatIsNotAsDemanded: the destination says what is wrong, nothing is
// written, and once it is fixed the export continues by itself.
func TestABucketThatIsNotAsDemanded(t *testing.T) {
	w := newS3Story(t)
	w.Create(w.accessKey(s3server.SecretAccessKey))
	destination, export := w.bucket(func(s *v1alpha1.S3Destination) { s.Bucket, s.Prefix = "plain", "" }), w.Export(nil)
	w.Create(destination)
	w.Create(export)
	w.start()
	w.Await(destination, v1alpha1.ReasonBucketNotFound)
	w.says(destination, "create the bucket", "plain")

	w.s3.Bucket("plain", false)
	w.Await(destination, v1alpha1.ReasonObjectLockMissing)
	w.says(destination, "Object Lock", "bucket plain")
	w.Await(export, v1alpha1.ReasonDestinationNotReady)
	w.says(export, "fix the ExportDestination", "Object Lock")

	w.fix(func(s3api *s3.Client) error {
		_, err := s3api.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
			Bucket: aws.String("plain"), VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		})
		return err
	})
	w.s3.DefaultRetention("plain", types.ObjectLockRetentionModeCompliance, 7)
	w.Await(destination, v1alpha1.ReasonRetentionMismatch)
	w.says(destination, "COMPLIANCE for 7 days", "but spec.s3.objectLock requires COMPLIANCE for 30 days")
	w.nothingWritten("plain", "work")

	w.s3.DefaultRetention("plain", types.ObjectLockRetentionModeCompliance, 30)
	w.Await(destination, v1alpha1.ReasonWritable)
	w.Await(export, v1alpha1.ReasonComplete)
	w.s3.Download("plain", "case-1/", w.Archive())
	w.judge(w.exportable())
	w.nothingLeaked()
}

func (w *s3Story) fix(how func(*s3.Client) error) {
	w.Helper()
	if err := how(w.s3.Client()); err != nil {
		w.Fatal(err)
	}
}

// TestABucketsEndpointThatIsNotAllowed: the manager asks nobody else for a bucket.
func TestABucketsEndpointThatIsNotAllowed(t *testing.T) {
	w := newS3Story(t)
	w.Create(w.accessKey(s3server.SecretAccessKey))
	asked := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(other.Close)
	destination := w.bucket(func(s *v1alpha1.S3Destination) { s.Endpoint = other.URL })
	w.Create(destination)
	w.Start(func(o *operator.Options) {
		o.Endpoints = w.allowed("genesys="+w.Endpoint, "media="+w.Endpoint, "s3="+w.s3.URL, "genesys="+other.URL)
	})
	w.Await(destination, v1alpha1.ReasonEndpointNotAllowed)
	w.says(destination, "--allow-endpoints=s3="+other.URL)
	if asked {
		t.Error("it was asked anyway")
	}
}

// lockedBuffer is written by many.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
