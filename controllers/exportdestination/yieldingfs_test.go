package exportdestination

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/verify"
)

// endless is a file that takes a second to read a byte of, and never ends.
type endless struct{ fs.File }

func (endless) Read(p []byte) (int, error) {
	<-time.After(time.Second)
	return copy(p, "x"), nil
}

// endlessFS contains nothing else.
type endlessFS struct{ fstest.MapFS }

func (f endlessFS) Open(name string) (fs.File, error) {
	file, err := f.MapFS.Open(name)
	return endless{file}, err
}

func (f endlessFS) Walk(_ string, do func(string, int64) error) error {
	for {
		<-time.After(time.Second)
		if err := do("huge", 1); err != nil {
			return err
		}
	}
}

// TestAHugeDestinationIsReadInTurns: what reads it without end, or lists it,
// delays another namespace for no longer than a turn, whatever it does, and is cancelled
// in the middle.
func TestAHugeDestinationIsReadInTurns(t *testing.T) {
	reads := map[string]func(fs.FS) error{
		"a file": func(fsys fs.FS) error { _, err := fs.ReadFile(fsys, "huge"); return err },
		"a listing": func(fsys fs.FS) error {
			return fsys.(verify.Walker).Walk(".", func(string, int64) error { return nil })
		},
		"many folders": func(fsys fs.FS) error {
			for {
				<-time.After(time.Second)
				if _, err := fs.ReadDir(fsys, "."); err != nil {
					return err
				}
			}
		},
		"many files": func(fsys fs.FS) error {
			for {
				<-time.After(time.Second)
				if _, err := fs.Stat(fsys, "huge"); err != nil {
					return err
				}
			}
		},
	}
	for name, read := range reads {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool := transfer.NewPool(transfer.Capacity{PerTenant: 1, Total: 1, Turn: time.Minute}, clock.RealClock{}, transfer.DefaultRetryPolicy().Backoff)
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan struct{})
				go func() { _ = pool.Start(ctx); close(ended) }()
				var failed error
				small := time.Duration(0)
				start := time.Now()
				do := func(tenant string, work transfer.Work) {
					pool.Do(transfer.Job{Key: tenant, Tenant: tenant, Owner: tenant, Wake: func() {}, Work: work})
				}
				do("mallory", func(ctx context.Context, try transfer.Try) error {
					failed = read(newYieldingFS(ctx, endlessFS{fstest.MapFS{"huge": {Data: []byte("x")}}}, try))
					return failed
				})
				synctest.Wait()
				do("calm", func(ctx context.Context, try transfer.Try) error {
					_, err := fs.ReadFile(newYieldingFS(ctx, fstest.MapFS{"small": {Data: []byte("x")}}, try), "small")
					small = time.Since(start)
					return err
				})
				<-time.After(10 * time.Minute)
				synctest.Wait()
				if small != time.Minute {
					t.Errorf("the small destination was verified after %v, want a minute", small)
				}
				cancel()
				<-ended
				if !errors.Is(failed, context.Canceled) {
					t.Errorf("the huge one ended with %v, want it cancelled", failed)
				}
			})
		})
	}
}

// remote is a file system that is told what of it is open, and whose files can be opened
// in the middle, as S3's can. A byte of a file takes a second.
type remote struct {
	content string
	open    atomic.Int64
	opened  []int64
}

func (r *remote) Open(name string) (fs.File, error) { return r.OpenFrom(name, 0) }

func (r *remote) OpenFrom(_ string, offset int64) (fs.File, error) {
	r.open.Add(1)
	r.opened = append(r.opened, offset)
	return &remoteFile{of: r, left: r.content[offset:]}, nil
}

type remoteFile struct {
	fs.File
	of   *remote
	left string
}

func (f *remoteFile) Read(p []byte) (int, error) {
	<-time.After(time.Second)
	if f.left == "" {
		return 0, io.EOF
	}
	n := copy(p[:1], f.left)
	f.left = f.left[n:]
	return n, nil
}

func (f *remoteFile) Close() error {
	f.of.open.Add(-1)
	return nil
}

// TestNothingIsHeldOpenInAPause: a file of a service that ends what nobody reads is closed
// while others have their turn, and read on from where it was.
func TestNothingIsHeldOpenInAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := transfer.NewPool(transfer.Capacity{PerTenant: 1, Total: 1, Turn: time.Minute}, clock.RealClock{}, transfer.DefaultRetryPolicy().Backoff)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { _ = pool.Start(ctx); close(ended) }()
		far, read, meanwhile := &remote{content: strings.Repeat("0123456789", 9)}, "", int64(-1)
		pool.Do(transfer.Job{Key: "a", Tenant: "a", Owner: "a", Wake: func() {}, Work: func(ctx context.Context, try transfer.Try) error {
			file, err := newYieldingFS(ctx, far, try).Open("x")
			if err != nil {
				return err
			}
			content, err := io.ReadAll(file)
			read = string(content)
			return errors.Join(err, file.Close())
		}})
		synctest.Wait()
		pool.Do(transfer.Job{Key: "b", Tenant: "b", Owner: "b", Wake: func() {}, Work: func(ctx context.Context, _ transfer.Try) error {
			err := transfer.Wait(ctx, clock.RealClock{}, 10*time.Minute)
			meanwhile = far.open.Load()
			return err
		}})
		<-time.After(time.Hour)
		cancel()
		<-ended
		if read != far.content || meanwhile != 0 || far.open.Load() != 0 {
			t.Errorf("%q was read, %d files were open in the pause, and %d in the end", read, meanwhile, far.open.Load())
		}
		if len(far.opened) != 2 || far.opened[1] < 59 || far.opened[1] > 61 {
			t.Errorf("it was opened at %v, want in the beginning, and after a minute", far.opened)
		}
	})
}
