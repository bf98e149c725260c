package exportdestination

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/verify"
)

// endless is a file that takes a second to read a byte of, and never ends.
type endless struct{ fs.File }

func (endless) Read(p []byte) (int, error) {
	<-time.After(time.Second)
	return copy(p, "x"), nil
}

// endlessFS holds nothing else.
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

// TestAHugeDestinationIsReadInTurns: what reads it without end, or lists it, holds
// up another namespace for no longer than a turn, whatever it does, and is cancelled
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
				pool := transfer.NewPool(transfer.Room{Each: 1, Total: 1, Turn: time.Minute}, clock.RealClock{}, outcome.DefaultPatience().Backoff)
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
					failed = read(takeTurns(ctx, endlessFS{fstest.MapFS{"huge": {Data: []byte("x")}}}, try))
					return failed
				})
				synctest.Wait()
				do("calm", func(ctx context.Context, try transfer.Try) error {
					_, err := fs.ReadFile(takeTurns(ctx, fstest.MapFS{"small": {Data: []byte("x")}}, try), "small")
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
