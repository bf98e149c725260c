package recordingexportbatch

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// TestEveryWaitEnds: each wait names an instant, the same at every look; and at
// that instant it is over, or needs a person.
func TestEveryWaitEnds(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("CET", 3600))
	deadline := start.Add(24 * time.Hour)
	failed := func(kind genesys.Kind) outcome.Outcome {
		return outcome.Of(&genesys.Error{Op: "read batch request", Kind: kind}, time.Minute)
	}
	const listed, waited = "listed as unavailable", "waited for until"
	tests := map[string]struct {
		out  outcome.Outcome
		says string
		// then is the reason once the deadline has passed, empty if the work ends by itself.
		then string
	}{
		"metadata":      {outcome.Wait(v1alpha1.ReasonFetchingMetadata, "asking", 0), listed, ""},
		"parked":        {outcome.Of(&parkedError{3, errors.New("HTTP 504")}, time.Minute), listed, ""},
		"submission":    {outcome.Wait(v1alpha1.ReasonSubmitting, "requesting", 0), listed, ""},
		"transfer":      {outcome.Wait(v1alpha1.ReasonTransferring, "fetching", 0), listed, ""},
		"outstanding":   {outcome.Of(&outstandingError{count: 2}, time.Minute), listed, ""},
		"login":         {outcome.Wait(v1alpha1.ReasonOrganizationNotReady, "waiting for the login", 0), waited, v1alpha1.ReasonDeadlineExceeded},
		"throttled":     {failed(genesys.KindThrottled), waited, v1alpha1.ReasonDeadlineExceeded},
		"time-out":      {failed(genesys.KindTimeout), waited, v1alpha1.ReasonDeadlineExceeded},
		"server error":  {failed(genesys.KindTransient), waited, v1alpha1.ReasonDeadlineExceeded},
		"malformed":     {failed(genesys.KindMalformed), waited, v1alpha1.ReasonDeadlineExceeded},
		"anything else": {outcome.Of(errors.New("odd"), time.Minute), waited, v1alpha1.ReasonDeadlineExceeded},
		"unheard of":    {outcome.Wait("Unheard", "of", 0), waited, v1alpha1.ReasonDeadlineExceeded},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			early, late := bounded(tt.out, deadline, start), bounded(tt.out, deadline, deadline.Add(-time.Second))
			if early.Message != late.Message || early.State != outcome.Waiting || early.Reason != tt.out.Reason {
				t.Errorf("%v, later %v", early, late)
			}
			for _, part := range []string{tt.out.Message, tt.says, "2026-01-01T23:00:00Z"} {
				if !strings.Contains(early.Message, part) {
					t.Errorf("%q does not say %q", early.Message, part)
				}
			}
			if late.After <= 0 || late.After > time.Second {
				t.Errorf("looked at %v after a second before the deadline", late.After)
			}
			over := bounded(tt.out, deadline, deadline)
			if stalls := over.State == outcome.Stalled; stalls != (tt.then != "") || stalls && over.Reason != tt.then || over.After != tt.out.After {
				t.Errorf("past the deadline %v, want %s", over, tt.then)
			}
			if !strings.Contains(over.Message, tt.out.Message) {
				t.Errorf("past the deadline %q leaves out why", over.Message)
			}
		})
	}
}

// TestWhatIsNoWaitStays as it is.
func TestWhatIsNoWaitStays(t *testing.T) {
	for _, out := range []outcome.Outcome{
		outcome.Done(), outcome.Stall(v1alpha1.ReasonPermissionMissing, "give it", time.Minute),
		outcome.Wait(v1alpha1.ReasonSuspended, "the export is suspended", 0),
	} {
		if got := bounded(out, time.Unix(0, 0), time.Unix(1, 0)); got != out {
			t.Errorf("%v became %v", out, got)
		}
	}
}

// TestEveryReasonToWaitIsListed: who adds a wait says how it ends.
func TestEveryReasonToWaitIsListed(t *testing.T) {
	files, err := parser.ParseDir(token.NewFileSet(), ".", nil, 0) //nolint:staticcheck // one package without build tags
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{"ReasonSuspended": ""}
	for reason := range waits {
		reasons["Reason"+reason] = ""
	}
	found := 0
	for _, pkg := range files {
		ast.Inspect(pkg, func(node ast.Node) bool {
			for _, reason := range waitReasons(node) {
				found++
				if _, listed := reasons[reason]; !listed {
					t.Errorf("v1alpha1.%s is waited for, and not listed in waits", reason)
				}
			}
			return true
		})
	}
	if found < 5 {
		t.Errorf("only %d waits were found in the source", found)
	}
}

// waitReasons returns the reasons that outcome.Wait or a loop.Task is made with.
func waitReasons(node ast.Node) []string {
	reason := func(e ast.Expr) []string {
		s, ok := e.(*ast.SelectorExpr)
		if !ok {
			return nil
		}
		if from, ok := s.X.(*ast.Ident); !ok || from.Name != "v1alpha1" {
			return nil
		}
		return []string{s.Sel.Name}
	}
	switch n := node.(type) {
	case *ast.CallExpr:
		if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Wait" && len(n.Args) == 3 {
			return reason(n.Args[0])
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Reason" {
			return reason(n.Value)
		}
	}
	return nil
}
