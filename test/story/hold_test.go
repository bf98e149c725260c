package story

import (
	"io"
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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
)

// held asks the server which objects are under legal hold, by their keys below
// the export, and which are not.
func (w *s3Story) held() (held, free map[string]bool) {
	w.Helper()
	held, free = map[string]bool{}, map[string]bool{}
	for _, key := range w.s3.Keys("evidence", "") {
		got, err := w.s3.Client().HeadObject(w.Context(), &s3.HeadObjectInput{Bucket: aws.String("evidence"), Key: &key})
		if err != nil {
			w.Fatal(err)
		}
		short := strings.TrimPrefix(key, "legal/cases/case-1/")
		if got.ObjectLockLegalHoldStatus == types.ObjectLockLegalHoldStatusOn {
			held[short] = true
		} else {
			free[short] = true
		}
	}
	return held, free
}

// expectHeldLater: in the bags of the Standard lane a conversation's own files and
// those that prove them are under legal hold, in so many bags, and no other's, of
// which there are so many beside them.
func (w *s3Story) expectHeldLater(conversation string, bags int) (others int) {
	w.Helper()
	held, free := w.held()
	holding, files := map[string]bool{}, 0
	for key := range held {
		if strings.HasPrefix(key, "bags/case-1-standard") {
			holding[strings.Split(key, "/")[1]] = true
		} else if !strings.HasPrefix(key, "bags/case-1-legalhold") {
			w.Errorf("%s is under legal hold", key)
		}
	}
	for key := range free {
		if strings.HasPrefix(key, "bags/case-1-legalhold") {
			w.Errorf("%s is not under legal hold", key)
		}
	}
	for bag := range holding {
		for _, keys := range []map[string]bool{held, free} {
			for key := range keys {
				file, within := strings.CutPrefix(key, "bags/"+bag+"/")
				if !within {
					continue
				}
				own := strings.Contains(file, conversation)
				other := !own && (strings.HasPrefix(file, "data/recordings/") || strings.HasPrefix(file, "data/metadata/"))
				if held[key] == other {
					w.Errorf("%s: legal hold %v", key, held[key])
				}
				if own && strings.HasPrefix(file, "data/recordings/") {
					files++
				}
				if other {
					others++
				}
			}
		}
	}
	if len(holding) != bags || files < bags {
		w.Errorf("in %d bags of the Standard lane is something under hold, with %d recordings of the conversation; want %d bags", len(holding), files, bags)
	}
	return others
}

// refusingWay is a way to the server that refuses, from the nth time on, to put
// what is stored under legal hold, until it is permitted.
func (w *s3Story) refusingWay(nth int) (way string, permit func() (asked int)) {
	w.Helper()
	target, err := url.Parse(w.s3.URL)
	if err != nil {
		w.Fatal(err)
	}
	var mu sync.Mutex
	asked, permitted := 0, false
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host }}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		refused := false
		if r.Method == http.MethodPut && r.URL.Query().Has("legal-hold") {
			asked++
			refused = !permitted && asked >= nth
		}
		mu.Unlock()
		if !refused {
			proxy.ServeHTTP(rw, r)
			return
		}
		rw.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(rw, "<Error><Code>AccessDenied</Code><Message>"+r.Header.Get("Authorization")+"</Message></Error>")
	}))
	w.Cleanup(server.Close)
	return server.URL, func() int {
		mu.Lock()
		defer mu.Unlock()
		permitted = true
		return asked
	}
}

// TestAHoldThatComesAfterStorageInS3: what is stored already comes under legal hold
// before the seal that reports the change is written. While that is refused in
// the middle of it, nothing is sealed; then it is done again, and the rest of it.
func TestAHoldThatComesAfterStorageInS3(t *testing.T) {
	w := newS3Story(t)
	c := w.plainCalls()[0].ConversationID
	review := w.holdReview()
	way, permit := w.refusingWay(3)
	w.Create(w.accessKey(s3server.SecretAccessKey))
	w.Create(w.bucket(func(s *v1alpha1.S3Destination) { s.Endpoint = way }))
	export := w.Export(nil)
	w.Create(export)
	w.start()
	review.await()
	if held, _ := w.held(); len(held) == 0 {
		t.Error("nothing is under hold before: the test shows nothing")
	}
	if err := w.Sim.SetProtected(c, true); err != nil {
		t.Fatal(err)
	}
	review.release()
	w.Await(export, v1alpha1.ReasonPermissionMissing)
	w.says(export, "give the owner of the destination's access key the permission", "under legal hold (s3:PutObjectLegalHold)")
	for _, key := range w.s3.Keys("evidence", "legal/cases/case-1/seals/") {
		t.Errorf("%s is there before its conversations are under hold", key)
	}
	if asked := permit(); asked < 3 {
		t.Errorf("it was refused at the third request, %d were made", asked)
	}
	w.Await(export, v1alpha1.ReasonComplete)
	w.judgeBucket()
	if w.expectHeldLater(c, 1) == 0 {
		t.Error("nothing of another conversation is beside it: the test shows nothing")
	}
	events, err := os.ReadFile(filepath.Join(w.Archive(), "seals", "1", "events.jsonl"))
	if err != nil || !strings.Contains(string(events), `"HoldChanged"`) || strings.Count(string(events), `"LegalHoldPlaced"`) != 1 {
		t.Errorf("the seal's log does not tell of the change and the hold: %v, %s", err, events)
	}
	w.nothingLeaked()
}

// TestAHoldThatComesBeforeARetryInS3: what the retry stores is under legal hold from
// the beginning, and what the first seal contains of the conversation comes under it.
func TestAHoldThatComesBeforeARetryInS3(t *testing.T) {
	w := newS3Story(t)
	c := w.severalRecordings()
	w.Sim.InjectFault(simulator.Fault{RecordingID: c.Recordings[0].ID, ResultError: "recording.recording.not.found"})
	w.Create(w.accessKey(s3server.SecretAccessKey))
	way, permit := w.refusingWay(1)
	w.Create(w.bucket(func(s *v1alpha1.S3Destination) { s.Endpoint = way }))
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.Retry.Deadline = &metav1.Duration{Duration: 3 * time.Second} })
	w.Create(export)
	w.start()
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	w.expectHeldLater(c.ID, 0)

	w.Sim.ClearFaults()
	if err := w.Sim.SetProtected(c.ID, true); err != nil {
		t.Fatal(err)
	}
	w.annotate(export, v1alpha1.AnnotationRetry, "again")
	testenv.Eventually(t, "the request is acted upon", func() bool { w.Refresh(export); return export.Status.LastRetryRequest == "again" })
	w.Await(export, v1alpha1.ReasonPermissionMissing)
	w.expectHeldLater(c.ID, 1)
	permit()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judgeBucket()
	if w.expectHeldLater(c.ID, 2) == 0 {
		t.Error("nothing of another conversation is beside it: the test shows nothing")
	}
	w.nothingLeaked()
}

// severalRecordings is a conversation that is not under legal hold and has several
// recordings.
func (w *story) severalRecordings() simulator.Conversation {
	w.Helper()
	for _, c := range w.Sim.Dataset().NotHeld().Started(day, day.AddDate(0, 0, 1)).Conversations {
		if len(c.Recordings) > 1 && !c.End.IsZero() {
			return c
		}
	}
	w.Fatal("there is no such conversation")
	return simulator.Conversation{}
}
