package story

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
	"github.com/gcexport/recording-export-operator/test/world"
)

// TestABucketThatIsNotReady: the export says why and what to do, before anything is surveyed, and
// continues by itself.
func TestABucketThatIsNotReady(t *testing.T) {
	w := newBulkStory(t, small)
	secret := w.BucketSecret()
	if err := w.Client.Delete(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	stop := w.Start(func(o *operator.Options) { o.Endpoints = w.allowed("genesys="+w.Endpoint, "media="+w.Endpoint) })
	export := w.bulkExport(inOneSlice)
	w.Create(export)
	w.awaitSaid(export, v1alpha1.ReasonEndpointNotAllowed, "--allow-endpoints=s3="+w.recordings.URL)
	stop()

	w.Start()
	w.awaitSaid(export, v1alpha1.ReasonSecretNotFound, `create the Secret "`+secret.Name+`"`, "spec.delivery.bulkJob.s3")
	secret = w.BucketSecret()
	delete(secret.StringData, "secretAccessKey")
	w.Create(secret)
	w.awaitSaid(export, v1alpha1.ReasonSecretIncomplete, "add the key secretAccessKey")
	w.setKey(secret, s3server.AccessKeyID, "wrong")
	w.awaitSaid(export, v1alpha1.ReasonCredentialsRejected, `correct the access key in the Secret "`+secret.Name+`"`, "SignatureDoesNotMatch")

	const reader, password = "AKIDREADER", "readers-secret-0123456789"
	w.recordings.Admin(t.Context(), "create-user", "--access", reader, "--secret", password, "--role", "user")
	w.setKey(secret, reader, password)
	for _, allowed := range []string{"s3:GetBucketLocation", "s3:ListBucket"} {
		w.allow(reader, allowed)
		w.awaitSaid(export, v1alpha1.ReasonPermissionMissing, `owner of the access key in the Secret "`+secret.Name+`"`, "s3:ListBucket and s3:GetObject", "AccessDenied")
	}
	if export.Status.Batches.Planned != 0 || len(w.Sim.BulkJobs()) != 0 {
		t.Error("it was surveyed before the bucket could be read")
	}
	w.allow(reader, "s3:ListBucket", "s3:GetObject")
	w.Await(export, v1alpha1.ReasonComplete)
	w.judgeReferences(w.exportable())
}

// setKey puts an access key into a Secret.
func (w *bulkStory) setKey(secret *corev1.Secret, id, key string) {
	w.Helper()
	secret.StringData = map[string]string{"accessKeyId": id, "secretAccessKey": key}
	w.Update(secret)
}

// allow lets a reader of the bucket do something, and nothing else.
func (w *bulkStory) allow(reader string, actions ...string) {
	w.Helper()
	if _, err := w.recordings.Client().PutBucketPolicy(w.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String(world.RecordingBucket), Policy: aws.String(
		`{"Statement": [{"Effect": "Allow", "Principal": "` + reader + `", "Resource": ["arn:aws:s3:::recordings", "arn:aws:s3:::recordings/*"], "Action": ["` +
			strings.Join(actions, `", "`) + `"]}]}`)}); err != nil {
		w.Fatal(err)
	}
}

// TestABucketThatIsMissing: the export says so, and continues once it was made.
func TestABucketThatIsMissing(t *testing.T) {
	w := newBulkStory(t, small)
	if _, err := w.recordings.Client().DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String(world.RecordingBucket)}); err != nil {
		t.Fatal(err)
	}
	w.Start()
	export := w.bulkExport(inOneSlice)
	w.Create(export)
	w.awaitSaid(export, v1alpha1.ReasonBucketNotFound, "create the bucket "+world.RecordingBucket)
	w.recordings.Bucket(world.RecordingBucket, false)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judgeReferences(w.exportable())
}

// wayToBucket is a way to the server on which handle may answer a request itself. It returns whether it
// did.
func (w *bulkStory) wayToBucket(handle func(http.ResponseWriter, *http.Request) bool) string {
	w.Helper()
	target, err := url.Parse(w.recordings.URL)
	if err != nil {
		w.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host }}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !handle(rw, r) {
			proxy.ServeHTTP(rw, r)
		}
	}))
	w.Cleanup(server.Close)
	return server.URL
}

// unreadable is a bucket whose objects cannot be read, although it can be listed.
func unreadable(r *http.Request) bool { return strings.Contains(r.URL.Path, "/year=") }

// brokenWay is a way to the server on which it refuses requests until it is corrected.
func (w *bulkStory) brokenWay(refused func(*http.Request) bool) (way string, correct func()) {
	w.Helper()
	var corrected atomic.Bool
	way = w.wayToBucket(func(rw http.ResponseWriter, r *http.Request) bool {
		if corrected.Load() || !refused(r) {
			return false
		}
		rw.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(rw, "<Error><Code>AccessDenied</Code></Error>")
		return true
	})
	return way, func() { corrected.Store(true) }
}

// TestABucketThatBreaks after the jobs were executed: the batches say so. What is exported comes once it
// can be read, and by download if that does not happen before the deadline.
func TestABucketThatBreaks(t *testing.T) {
	for name, refused := range map[string]func(*http.Request) bool{
		"it cannot be listed": func(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, "year%3D") },
		"it cannot be read":   unreadable,
	} {
		for end, corrected := range map[string]bool{"corrected": true, "until the deadline": false} {
			t.Run(name+" "+end, func(t *testing.T) {
				w := newBulkStory(t, small)
				way, correct := w.brokenWay(refused)
				w.Start()
				export := w.bulkExport(func(spec *v1alpha1.RecordingExportSpec) {
					inOneSlice(spec)
					spec.Delivery.BulkJob.S3.Endpoint = way
					if !corrected {
						spec.Retry.Deadline = &metav1.Duration{Duration: 2 * time.Second}
					}
				})
				w.Create(export)
				if corrected {
					w.awaitBatch("give the owner of the access key", "bucket recordings", "AccessDenied", "retry.deadline")
					correct()
				}
				w.Await(export, v1alpha1.ReasonComplete)
				if !corrected {
					w.expectBucketNamed()
				}
				fetched, downloads := w.judgeReferences(w.exportable()), w.Sim.Journal().Count(simulator.RouteDownload, http.StatusOK)
				if corrected && fetched <= downloads || !corrected && (downloads == 0 || fetched > 0) {
					t.Errorf("%d files are in the bucket, %d were downloaded", fetched, downloads)
				}
			})
		}
	}
}

// expectBucketNamed: a batch whose recordings were downloaded still says why.
func (w *bulkStory) expectBucketNamed() {
	w.Helper()
	for _, batch := range w.batches() {
		said := meta.FindStatusCondition(batch.Status.Conditions, v1alpha1.ConditionBulkExported)
		if said == nil || said.Status != metav1.ConditionTrue || !strings.Contains(said.Message, "bucket recordings: ") || !strings.Contains(said.Message, "AccessDenied") {
			w.Errorf("%s says of its bulk jobs: %v", batch.Name, said)
		}
	}
}

// TestAnIntegrationThatCannotBeSeenAfterARestart does not keep an export that has a plan from its seal:
// only the first survey waits for it.
func TestAnIntegrationThatCannotBeSeenAfterARestart(t *testing.T) {
	w := newBulkStory(t, small)
	way, correct := w.brokenWay(unreadable)
	stop := w.Start()
	export := w.bulkExport(func(spec *v1alpha1.RecordingExportSpec) {
		inOneSlice(spec)
		spec.Delivery.BulkJob.S3.Endpoint = way
	})
	w.Create(export)
	w.awaitBatch("AccessDenied")
	stop()
	w.permit([]string{"integrations:integration:view"}, false)
	w.Start()
	correct()
	w.Await(export, v1alpha1.ReasonComplete)
	if w.judgeReferences(w.exportable()) == 0 {
		t.Error("no job has exported anything")
	}
}

// awaitBatch waits until a batch says words.
func (w *story) awaitBatch(words ...string) {
	w.Helper()
	testenv.Eventually(w, "a batch says "+strings.Join(words, ", "), func() bool {
		var batches v1alpha1.RecordingExportBatchList
		if err := w.Client.List(w.Context(), &batches, client.InNamespace(w.Namespace)); err != nil {
			w.Fatal(err)
		}
		for i := range batches.Items {
			said := true
			for _, word := range words {
				said = said && strings.Contains(conditions.Message(&batches.Items[i]), word)
			}
			if said {
				return true
			}
		}
		return false
	})
}
