package story

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/usage"
)

// disk is a small file system of a test's own. It is mounted in a mount namespace
// that a shell keeps open, and reached through that shell's /proc entry, so that
// nothing is mounted where anybody else could see it.
type disk struct {
	testing.TB
	root  string
	input io.Writer
	said  *bufio.Scanner
}

// newDisk makes a disk of so many bytes. Root may mount; anybody else may in a user
// namespace of their own.
func newDisk(t testing.TB, size int64) *disk {
	t.Helper()
	flags := "-m"
	if os.Geteuid() != 0 {
		flags = "-Urm"
	}
	shell := exec.CommandContext(context.WithoutCancel(t.Context()), "unshare", flags, "sh")
	input, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	shell.Stderr = shell.Stdout
	if err := shell.Start(); err != nil {
		t.Fatalf("these tests need unshare of util-linux: %v", err)
	}
	mount := t.TempDir()
	d := &disk{t, fmt.Sprintf("/proc/%d/root%s", shell.Process.Pid, mount), input, bufio.NewScanner(output)}
	t.Cleanup(func() {
		_ = input.Close()
		_ = shell.Wait()
	})
	d.do("mount -t tmpfs -o size=%d tmpfs %s", size, mount)
	return d
}

// try has the shell run a command, and returns what went wrong.
func (d *disk) try(format string, args ...any) string {
	d.Helper()
	if _, err := fmt.Fprintf(d.input, format+" && echo done || echo failed\n", args...); err != nil {
		d.Fatal(err)
	}
	var said []string
	for d.said.Scan() {
		switch line := d.said.Text(); line {
		case "done":
			return ""
		case "failed":
			return strings.Join(append(said, "failed"), ": ")
		default:
			said = append(said, line)
		}
	}
	d.Fatalf("the shell has ended: %v", said)
	return ""
}

func (d *disk) do(format string, args ...any) {
	d.Helper()
	if failed := d.try(format, args...); failed != "" {
		d.Fatalf("a file system of its own: %s (this needs root, or user namespaces)", failed)
	}
}

// remount changes the disk's options, as soon as nobody is in the way.
func (d *disk) remount(options string) {
	d.Helper()
	mount := d.root[strings.Index(d.root, "/root")+len("/root"):]
	testenv.Eventually(d, "mounted again with "+options, func() bool { return d.try("mount -o remount,%s %s", options, mount) == "" })
}

// bytes is the size of everything that is to be exported.
func (w *story) bytes() int64 {
	var sum int64
	for _, r := range w.exportable() {
		for _, f := range r.Files() {
			sum += int64(f.Size)
		}
	}
	return sum
}

// expectNoHalfBag: a bag that is not sealed contains only whole files, and scratch
// files are gone.
func (w *story) expectNoHalfBag() {
	w.Helper()
	whole := map[string]bool{}
	for _, r := range w.exportable() {
		for _, f := range r.Files() {
			whole[f.SHA256] = true
		}
	}
	for key, sum := range w.storedFiles() {
		if !whole[sum] {
			w.Errorf("%s is not whole", key)
		}
	}
	testenv.Eventually(w, "scratch files are gone", func() bool {
		left, err := filepath.Glob(filepath.Join(w.Archive(), ".work", "tmp", "*", "*", "*"))
		return err == nil && len(left) == 0
	})
}

// stalledFor waits until a batch is stalled for a reason.
func (w *story) stalledFor(reason string) *v1alpha1.RecordingExportBatch {
	w.Helper()
	batch := &v1alpha1.RecordingExportBatch{}
	testenv.Eventually(w, "a batch says "+reason, func() bool { return w.anyBatch(batch, reason) })
	return batch
}

func newDiskStory(t *testing.T) *story {
	t.Helper()
	return newStory(t, func(o *simulator.Options) { o.Latency.Media = 20 * time.Millisecond })
}

// downloadsEnd lets some recordings be fetched, and none after that until it is lifted,
// so that an export does not end before its disk changes, however slow the test is.
var downloadsEnd = simulator.Fault{Route: simulator.RouteDownload, Status: http.StatusServiceUnavailable, Nth: 20}

// TestAFullDisk: writes fail in the middle, since nobody could tell how much room
// there is. The batch says so, leaves no half file, and continues when there is room.
func TestAFullDisk(t *testing.T) {
	w := newDiskStory(t)
	d := newDisk(t, w.bytes()/2)
	w.Root = d.root
	w.createWithMinFree("1Mi")
	w.Start(func(o *operator.Options) {
		o.OpenArchive = func(root, name string) (archive.Store, error) {
			store, err := archive.OpenDirectory(root, name)
			return struct{ archive.Store }{store}, err
		}
	})
	export := w.exportWithin(time.Hour)
	w.says(w.stalledFor(v1alpha1.ReasonDestinationFull), "free space at the destination", "no space left on device")
	w.expectNoHalfBag()
	d.remount(fmt.Sprintf("size=%d", 8*w.bytes()))
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// createWithMinFree is CreateReferences with minFree set.
func (w *story) createWithMinFree(floor string) {
	w.Helper()
	w.Create(w.Secret(simulator.DefaultClientSecret))
	w.Create(w.Organization())
	destination, quantity := w.Destination(), resource.MustParse(floor)
	destination.Spec.Directory.MinFree = &quantity
	w.Create(destination)
}

// TestADiskBelowItsFloor: no transfer begins, and those in progress end, though there
// is some room left; all continues when there is enough.
func TestADiskBelowItsFloor(t *testing.T) {
	w := newDiskStory(t)
	size := 8*w.bytes() + 64<<20
	d := newDisk(t, size)
	w.Root = d.root
	w.createWithMinFree("32Mi")
	w.Sim.InjectFault(downloadsEnd)
	w.Start()
	export := w.exportWithin(time.Hour)
	destination := w.Destination()
	w.Await(destination, v1alpha1.ReasonWritable)
	if free := destination.Status.Free; free == nil || free.Value() > size || free.Value() < size/2 {
		t.Errorf("%v are free of %d", free, size)
	}
	testenv.Eventually(t, "transfers are under way", func() bool { return w.Sim.Journal().Count(simulator.RouteDownload, http.StatusOK) > 10 })
	ballast := filepath.Join(d.root, "ballast")
	if err := os.WriteFile(ballast, make([]byte, size-24<<20-8*w.bytes()), 0o600); err != nil {
		t.Fatal(err)
	}
	d.remount(fmt.Sprintf("size=%d", size-8*w.bytes()))
	w.Sim.ClearFaults()
	w.says(w.stalledFor(v1alpha1.ReasonDestinationFull), "free space at the destination", "spec.directory.minFree", "32Mi")
	w.expectNoHalfBag()
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	d.remount(fmt.Sprintf("size=%d", size))
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestANamespaceAtItsBound: it takes no more of the volume than it may, its batches say
// why and what to do, and nothing is lost once it may take more. Its deadline does not
// run meanwhile.
func TestANamespaceAtItsBound(t *testing.T) {
	w := newDiskStory(t)
	w.createWithMinFree("1Mi")
	most := w.bytes() / 2
	limits := func(bytes int64) func(*operator.Options) {
		return func(o *operator.Options) {
			var err error
			if o.MaxBytes, err = usage.ParseLimits(fmt.Sprintf("%s=%d,*=1Ki", w.Namespace, bytes)); err != nil {
				t.Fatal(err)
			}
		}
	}
	stop := w.Start(limits(most))
	export := w.exportWithin(time.Hour)
	w.says(w.stalledFor(v1alpha1.ReasonNamespaceFull), "delete the RecordingExports of complete archives", "the namespace "+w.Namespace, "--max-bytes-per-namespace")
	w.expectNoHalfBag()
	stop()
	w.Start(limits(100 * w.bytes()))
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestADiskWithoutRoomFromTheStart: the destination says so, and nothing is asked of
// Genesys Cloud.
func TestADiskWithoutRoomFromTheStart(t *testing.T) {
	w := newDiskStory(t)
	d := newDisk(t, 8<<20)
	w.Root = d.root
	w.createWithMinFree("32Mi")
	w.Start()
	export, destination := w.exportWithin(time.Hour), w.Destination()
	w.Await(destination, v1alpha1.ReasonDestinationFull)
	w.says(destination, "free space at the destination", "32Mi")
	w.Await(export, v1alpha1.ReasonDestinationNotReady)
	if n := w.Sim.Journal().Count(simulator.RouteBatchSubmit, 0); n != 0 {
		t.Errorf("%d batch requests were made", n)
	}
	d.remount(fmt.Sprintf("size=%d", 64<<20+8*w.bytes()))
	w.Await(destination, v1alpha1.ReasonWritable)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestADiskThatTurnsReadOnly, as they do after an error, and back.
func TestADiskThatTurnsReadOnly(t *testing.T) {
	w := newDiskStory(t)
	d := newDisk(t, 64<<20+8*w.bytes())
	w.Root = d.root
	w.createWithMinFree("1Mi")
	w.Sim.InjectFault(downloadsEnd)
	w.Start()
	export := w.exportWithin(time.Hour)
	testenv.Eventually(t, "transfers are under way", func() bool { return w.Sim.Journal().Count(simulator.RouteDownload, http.StatusOK) > 10 })
	d.remount("ro")
	w.Sim.ClearFaults()
	w.says(w.stalledFor(v1alpha1.ReasonDestinationNotWritable), "let the manager write to the destination", "read-only file system")
	d.remount("rw")
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// slowStore takes its time for each piece of a recording that is written.
type slowStore struct {
	archive.Store
	each time.Duration
}

func (s slowStore) Create(ctx context.Context, key string, write func(io.Writer) error) error {
	if !strings.Contains(key, "/data/recordings/") {
		return s.Store.Create(ctx, key, write)
	}
	return s.Store.Create(ctx, key, func(w io.Writer) error { return write(slowWriter{ctx, w, s.each}) })
}

type slowWriter struct {
	ctx  context.Context
	to   io.Writer
	each time.Duration
}

func (s slowWriter) Write(p []byte) (int, error) {
	select {
	case <-time.After(s.each):
		return s.to.Write(p)
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	}
}

// TestASlowDisk: writes that take longer than a stream may pause, and than a
// request is waited for, make nothing fail. Nor does a store that cannot tell how
// much room it has.
func TestASlowDisk(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.Conversations, o.HeldShare = 12, 0 })
	w.CreateReferences()
	w.Start(func(o *operator.Options) {
		o.Intervals.Stall = 500 * time.Millisecond
		o.Intervals.Batch.NoProgress, o.Intervals.Batch.Missing = 200*time.Millisecond, 200*time.Millisecond
		o.OpenArchive = func(root, name string) (archive.Store, error) {
			store, err := archive.OpenDirectory(root, name)
			return slowStore{store, 700 * time.Millisecond}, err
		}
	})
	export := w.exportWithin(time.Hour)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	destination := w.Destination()
	if w.Refresh(destination); destination.Status.Free != nil {
		t.Errorf("%v are said to be free, which nobody can know", destination.Status.Free)
	}
}
