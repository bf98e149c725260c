// Package artifacts plays the attacks of docs/threat-model.md on what the operator
// keeps at a destination: somebody can write there, in S3 to the bucket without Object
// Lock, and has neither the signing key nor the artifact key. The operator is the real
// one. It must sign nothing that follows from what was planted.
package artifacts

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

var server *rest.Config

func TestMain(m *testing.M) {
	testenv.Main(m, func(config *rest.Config) { server = config })
}

// scene is a world with a destination that signs, and an attacker who can write to it.
type scene struct{ *world.World }

func newScene(t *testing.T, change ...func(*simulator.Options)) *scene {
	t.Helper()
	t.Parallel()
	s := &scene{world.New(t, server, func(o *simulator.Options) {
		o.Conversations = 40
		for _, c := range change {
			c(o)
		}
	})}
	s.Create(s.Secret(simulator.DefaultClientSecret))
	s.Create(s.Organization())
	destination := s.Destination()
	destination.Spec.Signing = &v1alpha1.Signing{SecretRef: v1alpha1.LocalReference{Name: "signing"}, Create: true}
	s.Create(destination)
	return s
}

// begun begins an export, stops its requests from the nth on of a route, waits until
// it is as it should be, and stops the operator.
func (s *scene) begun(route string, nth int, until func() bool) *v1alpha1.RecordingExport {
	s.Helper()
	s.Sim.InjectFault(simulator.Fault{Route: route, Status: http.StatusServiceUnavailable, Nth: nth})
	export := s.Export(nil)
	s.Create(export)
	stop := s.Start()
	testenv.Eventually(s, "the attack can begin", until)
	stop()
	s.Sim.ClearFaults()
	return export
}

// sealed runs an export to its end, and stops the operator.
func (s *scene) sealed() *v1alpha1.RecordingExport {
	s.Helper()
	export := s.Export(nil)
	s.Create(export)
	stop := s.Start()
	s.Await(export, v1alpha1.ReasonComplete)
	stop()
	return export
}

// retry asks for what an export lacks, so that one that has ended is looked at again.
func (s *scene) retry(export *v1alpha1.RecordingExport) {
	s.Helper()
	s.Refresh(export)
	export.Annotations = map[string]string{v1alpha1.AnnotationRetry: "2024-01-01T00:00:00Z"}
	s.Update(export)
}

// path is where a file of the export's archive is.
func (s *scene) path(key string) string { return filepath.Join(s.Archive(), filepath.FromSlash(key)) }

func (s *scene) read(key string) []byte {
	s.Helper()
	content, err := os.ReadFile(s.path(key))
	if err != nil {
		s.Fatal(err)
	}
	return content
}

// plant writes a file in the place of what is there.
func (s *scene) plant(key string, content []byte) {
	s.Helper()
	name := s.path(key)
	_ = os.Remove(name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o750), os.WriteFile(name, content, 0o600)); err != nil {
		s.Fatal(err)
	}
}

// match lists the keys that a pattern matches, in order.
func (s *scene) match(pattern string) []string {
	s.Helper()
	names, err := filepath.Glob(s.path(pattern))
	if err != nil {
		s.Fatal(err)
	}
	keys := make([]string, len(names))
	for i, name := range names {
		if keys[i], err = filepath.Rel(s.Archive(), name); err != nil {
			s.Fatal(err)
		}
		keys[i] = filepath.ToSlash(keys[i])
	}
	slices.Sort(keys)
	return keys
}

// accuses waits until an object says that the archive is corrupt, and names what is.
func (s *scene) accuses(obj world.Object, key string) {
	s.Helper()
	s.Await(obj, v1alpha1.ReasonArchiveCorrupt)
	if says := conditions.Message(obj); !strings.Contains(says, key) {
		s.Errorf("%s does not name %s: %s", obj.GetName(), key, says)
	}
}

// accusesBatch is accuses for a batch of the export.
func (s *scene) accusesBatch(name, key string) {
	s.Helper()
	s.accuses(&v1alpha1.RecordingExportBatch{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: name}}, key)
}

// batches are those that the API server has.
func (s *scene) batches() []v1alpha1.RecordingExportBatch {
	s.Helper()
	var list v1alpha1.RecordingExportBatchList
	if err := s.Client.List(s.Context(), &list, client.InNamespace(s.Namespace)); err != nil {
		s.Fatal(err)
	}
	return list.Items
}

// settled waits until every batch has either ended or accuses somebody.
func (s *scene) settled() {
	s.Helper()
	testenv.Eventually(s, "the other batches end", func() bool {
		for _, batch := range s.batches() {
			if !batch.IsFinished() && conditions.Reason(&batch) != v1alpha1.ReasonArchiveCorrupt {
				return false
			}
		}
		return true
	})
}

// expectSeals: there are this many, and none is signed that is not one.
func (s *scene) expectSeals(n int) {
	s.Helper()
	if seals := s.match("seals/*/manifest-sha256.txt"); len(seals) != n {
		s.Errorf("seals %v, want %d", seals, n)
	}
	if signed := s.match("seals/*/manifest-sha256.txt.sig"); len(signed) > n {
		s.Errorf("signed: %v, want %d", signed, n)
	}
}

// changed is content with one bit changed in the middle.
func changed(content []byte) []byte {
	content = bytes.Clone(content)
	content[len(content)/2] ^= 1
	return content
}

// batchOf is the name of the batch that a key is about.
func batchOf(key string) string {
	parts := strings.Split(key, "/")
	return parts[slices.IndexFunc(parts, func(p string) bool { return p == "batches" || p == "bags" })+1]
}

func work(format string, values ...any) string { return ".work/" + fmt.Sprintf(format, values...) }
