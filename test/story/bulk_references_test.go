package story

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/controlplane"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/world"
)

// small has fewer conversations than other stories.
func small(o *simulator.Options) { o.Conversations = 30 }

// inOneSlice has an export make few batches: one of each lane.
func inOneSlice(spec *v1alpha1.RecordingExportSpec) {
	spec.Slicing.Width = &metav1.Duration{Duration: 24 * time.Hour}
}

// openObject opens what a bag refers to, as the bucket's owner.
func openObject(server *s3server.Server) func(context.Context, string) (io.ReadCloser, error) {
	return func(ctx context.Context, location string) (io.ReadCloser, error) {
		at, err := url.Parse(location)
		if err != nil {
			return nil, err
		}
		key := strings.TrimPrefix(at.Path, "/")
		out, err := server.Client().GetObject(ctx, &s3.GetObjectInput{Bucket: &at.Host, Key: &key})
		if err != nil {
			return nil, err
		}
		return out.Body, nil
	}
}

// complete returns a copy of the archive in which each bag has the files that it refers to: fetched, as
// BagIt says, from the places in fetch.txt. It also returns how many files that are.
func (w *bulkStory) complete() (completed *story, fetched int) {
	w.Helper()
	copied := *w.World
	copied.Root = w.TempDir()
	completed = &story{World: &copied}
	if err := os.CopyFS(completed.Archive(), os.DirFS(w.Archive())); err != nil {
		w.Fatal(err)
	}
	lists, err := filepath.Glob(filepath.Join(completed.Archive(), "bags", "*", "fetch.txt"))
	if err != nil {
		w.Fatal(err)
	}
	for _, list := range lists {
		lines, err := os.ReadFile(list)
		if err != nil {
			w.Fatal(err)
		}
		for line := range strings.Lines(string(lines)) {
			fields := strings.Fields(line)
			w.fetch(fields[0], filepath.Join(filepath.Dir(list), filepath.FromSlash(fields[2])))
			fetched++
		}
	}
	return completed, fetched
}

// fetch copies an object into a file that is not there yet.
func (w *bulkStory) fetch(location, file string) {
	w.Helper()
	from, err := w.openReferenced(w.Context(), location)
	if err != nil {
		w.Fatalf("%s: %v", location, err)
	}
	defer func() { _ = from.Close() }()
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		w.Fatal(err)
	}
	to, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		w.Fatal(err)
	}
	if err := to.Close(); err != nil {
		w.Fatal(err)
	}
}

// judgeReferences judges the archive together with what it refers to, and returns how many files are in
// the bucket.
func (w *bulkStory) judgeReferences(wanted []simulator.Recording) int {
	w.Helper()
	completed, fetched := w.complete()
	completed.judge(wanted)
	return fetched
}

// references are the lines of all references.csv, by the ids of recordings.
func (w *bulkStory) references() map[string]row {
	w.Helper()
	tables, err := filepath.Glob(filepath.Join(w.Archive(), "bags", "*", "data", "references.csv"))
	if err != nil {
		w.Fatal(err)
	}
	found := map[string]row{}
	for _, table := range tables {
		for _, line := range readCSV(w, table) {
			found[filepath.Base(filepath.Dir(line["path"]))] = line
		}
	}
	return found
}

// TestReferencedBags: everything of a day stays in the bucket. The bags refer to it, and verify, ls and
// cat read it there.
func TestReferencedBags(t *testing.T) {
	w := newBulkStory(t, small)
	w.Start()
	export := w.bulkExport(inOneSlice)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
	wanted := w.exportable()
	files := 0
	for _, r := range wanted {
		files += len(r.Files())
	}
	if fetched := w.judgeReferences(wanted); fetched != files {
		t.Errorf("%d files are in the bucket, want all %d", fetched, files)
	}
	buckets := filepath.Join(w.TempDir(), "buckets")
	w.recordings.Download(world.RecordingBucket, "", filepath.Join(buckets, world.RecordingBucket))
	if says, sound := w.Verify(w.Archive(), "-buckets", buckets); !sound {
		t.Error(says)
	}
	w.expectReadable(wanted[0])
	w.expectNoJobLeft()
}

// buildTool builds the command for people who were given an archive, and returns what runs it.
func (w *bulkStory) buildTool() (run func(arguments ...string) (output string, code int)) {
	w.Helper()
	root, err := controlplane.SourceRoot()
	if err != nil {
		w.Fatal(err)
	}
	program := filepath.Join(w.TempDir(), "kubectl-genesys_export")
	build := exec.CommandContext(w.Context(), "go", "build", "-trimpath", "-o", program, "./cmd/kubectl-genesys_export")
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		w.Fatalf("%v: %s", err, output)
	}
	return func(arguments ...string) (string, int) {
		command := exec.CommandContext(w.Context(), program, arguments...)
		command.Env = append(os.Environ(), "AWS_REGION="+s3server.Region, "AWS_ACCESS_KEY_ID="+s3server.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+s3server.SecretAccessKey)
		content, _ := command.Output() // the code tells of an error
		return string(content), command.ProcessState.ExitCode()
	}
}

// expectReadable: the command reads a recording where it is, and verifies all of them.
func (w *bulkStory) expectReadable(r simulator.Recording) {
	w.Helper()
	tool, where := w.buildTool(), []string{"--recordings-endpoint", w.recordings.URL, "--path-style"}
	if output, code := tool(append([]string{"cat", "--recording", r.ID}, append(where, w.Archive())...)...); code != 0 || output != string(r.Media(0)) {
		w.Errorf("cat ends with %d and %d bytes, want %d", code, len(output), len(r.Media(0)))
	}
	if output, code := tool("ls", "--recording", r.ID, w.Archive()); code != 0 || !strings.Contains(output, r.ID) {
		w.Errorf("ls ends with %d and prints %q", code, output)
	}
	if output, code := tool(append([]string{"verify"}, append(where, w.Archive())...)...); code != 0 {
		w.Errorf("verify ends with %d and prints %s", code, output)
	}
	if output, code := tool("verify", w.Archive(), "--recordings-endpoint", "http://127.0.0.1:1", "--path-style"); code != 3 {
		w.Errorf("without access verify ends with %d and prints %s", code, output)
	}
}

// TestAllDeliveriesAreEqual: one data set has the same files in all modes of delivery.
func TestAllDeliveriesAreEqual(t *testing.T) {
	w := newBulkStory(t, small)
	w.Start()
	deliveries := map[string]v1alpha1.Delivery{"case-1": w.BulkDelivery(w.recordings, false), "copied": w.BulkDelivery(w.recordings, true), "downloaded": {}}
	exports := map[string]*v1alpha1.RecordingExport{}
	for name, delivery := range deliveries {
		export := w.Export(func(spec *v1alpha1.RecordingExportSpec) {
			inOneSlice(spec)
			spec.Delivery = delivery
		})
		export.Name = name
		w.Create(export)
		exports[name] = export
	}
	for _, export := range exports {
		w.Await(export, v1alpha1.ReasonComplete)
	}
	var want []string
	for _, r := range w.exportable() {
		for _, file := range r.Files() {
			want = append(want, r.ID+" "+file.SHA256)
		}
	}
	slices.Sort(want)
	for name := range exports {
		folder := filepath.Join(filepath.Dir(w.Archive()), name)
		if got := w.listedFiles(folder); !slices.Equal(got, want) {
			t.Errorf("%s has %d files, want %d", name, len(got), len(want))
		}
		report, err := verify.Archive(w.Context(), os.DirFS(folder), verify.Options{OpenReferenced: w.openReferenced})
		if err != nil || len(report.Findings) > 0 {
			t.Errorf("%s: %v, %v", name, err, report.Findings)
		}
	}
}

// listedFiles are the recordings and SHA-256 of all files of an archive, sorted.
func (w *story) listedFiles(folder string) (files []string) {
	w.Helper()
	tables, err := filepath.Glob(filepath.Join(folder, "bags", "*", "data", "files.csv"))
	if err != nil {
		w.Fatal(err)
	}
	for _, table := range tables {
		for _, line := range readCSV(w, table) {
			files = append(files, fmt.Sprint(line["recording_id"], " ", line["sha256"]))
		}
	}
	slices.Sort(files)
	return files
}
