package loop

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// TestALookThatHangs is not waited for, nor begun a second time; a look at another
// object is, and one at the same once the first has ended.
func TestALookThatHangs(t *testing.T) {
	var looks Looks
	until, begun := make(chan struct{}), make(chan struct{}, 2)
	look := Look{Name: types.NamespacedName{Name: "a"}, Now: time.Unix(0, 0), Answer: time.Hour, Again: time.Minute, Destination: func() string { return "evidence" }}
	hanging := look
	hanging.Run = func(context.Context) outcome.Outcome {
		begun <- struct{}{}
		<-until
		return outcome.Done()
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	for range 2 {
		out, ended := looks.Wait(ctx, hanging)
		if ended || out.After != look.Again || !strings.Contains(out.Message, `since 1970-01-01T00:00:00Z: check that the file system or bucket of the ExportDestination "evidence"`) {
			t.Errorf("ended %t: %v", ended, out)
		}
	}
	other := look
	other.Name.Name, other.Run = "b", func(context.Context) outcome.Outcome { return outcome.Wait("Works", "", 0) }
	if out, ended := looks.Wait(t.Context(), other); !ended || out.Reason != "Works" {
		t.Errorf("another look: ended %t, %v", ended, out)
	}
	close(until)
	again := look
	again.Run = other.Run
	for ended := false; !ended; {
		_, ended = looks.Wait(t.Context(), again)
	}
	if len(begun) != 0 {
		t.Error("the look was begun twice")
	}
}

// TestALookThatPanics has an outcome.
func TestALookThatPanics(t *testing.T) {
	var looks Looks
	out, ended := looks.Wait(t.Context(), Look{Answer: time.Hour, Again: time.Minute, Run: func(context.Context) outcome.Outcome { panic(errors.New("broken")) }})
	if !ended || out.State != outcome.Waiting || !strings.Contains(out.Message, "panic: broken") {
		t.Errorf("ended %t: %v", ended, out)
	}
}
