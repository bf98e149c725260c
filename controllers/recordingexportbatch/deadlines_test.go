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
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// TestEveryWaitEnds: what is retried names how long, in the same words at every
// evaluation, and once that is used up a person is told.
func TestEveryWaitEnds(t *testing.T) {
	failed := func(kind genesys.Kind) outcome.Outcome {
		return outcome.Of(&genesys.Error{Op: "read batch request", Kind: kind}, time.Minute)
	}
	tests := map[string]struct {
		out  outcome.Outcome
		says string
	}{
		"metadata":     {outcome.Wait(v1alpha1.ReasonFetchingMetadata, "asking", 0), ""},
		"failed":       {outcome.Of(&metadataRetryError{count: 3, last: errors.New("HTTP 504")}, time.Minute), "the operator retries for 24 h, then lists what is missing as unavailable"},
		"not ready":    {outcome.Of(&metadataRetryError{count: 1, last: &notReadyError{2}}, time.Minute), "the operator waits for up to 24 h, then lists what is missing as unavailable"},
		"restoring":    {outcome.Of(&restoringError{pending: 2}, time.Minute), "the operator waits for up to 24 h, then lists what is missing as unavailable"},
		"outstanding":  {outcome.Of(&outstandingError{count: 2}, time.Minute), "the operator retries for 24 h, then lists what is missing as unavailable"},
		"login":        {outcome.Wait(v1alpha1.ReasonOrganizationNotReady, "waiting for the login", 0), ""},
		"throttled":    {failed(genesys.KindThrottled), ""},
		"time-out":     {failed(genesys.KindTimeout), "the operator retries for 24 h, then reports Stalled (DeadlineExceeded)"},
		"server error": {failed(genesys.KindTransient), "the operator retries for 24 h, then reports Stalled (DeadlineExceeded)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			early := withDeadline(tt.out, transfer.State{Err: errors.New("failed")}, 24*time.Hour)
			if early.State != outcome.Waiting || early.Reason != tt.out.Reason || early.After != tt.out.After || !strings.HasSuffix(early.Message, tt.says) || !strings.HasPrefix(early.Message, tt.out.Message) {
				t.Errorf("%v, want %q", early, tt.says)
			}
			over := withDeadline(tt.out, transfer.State{Err: errors.New("failed"), Exhausted: true}, 24*time.Hour)
			if over.State != outcome.Stalled || over.Reason != v1alpha1.ReasonDeadlineExceeded || !strings.Contains(over.Message, tt.out.Message) {
				t.Errorf("once the deadline is used up: %v", over)
			}
		})
	}
}

// TestWhoIsToldOfAMissingPermission: a person if it is missing for all conversations that failed,
// and not in the lane Isolated, where the deadline ends it.
func TestWhoIsToldOfAMissingPermission(t *testing.T) {
	forbidden := &genesys.Error{Op: "read recording metadata", Kind: genesys.KindForbidden}
	failed := &genesys.Error{Op: "read recording metadata", Kind: genesys.KindTransient}
	tests := map[string]struct {
		isolated bool
		why      []error
		want     outcome.State
	}{
		"for all":                    {why: []error{forbidden, forbidden}, want: outcome.Stalled},
		"for some":                   {why: []error{failed, forbidden}, want: outcome.Waiting},
		"for some, in other order":   {why: []error{forbidden, failed}, want: outcome.Waiting},
		"for none":                   {why: []error{failed}, want: outcome.Waiting},
		"for all, that are isolated": {isolated: true, why: []error{forbidden}, want: outcome.Waiting},
	}
	for name, tt := range tests {
		failed := &metadataRetryError{isolated: tt.isolated}
		for _, why := range tt.why {
			failed.addFailure(why)
		}
		if got := failed.Outcome().State; got != tt.want || failed.UsesDeadline() != (tt.want == outcome.Waiting) {
			t.Errorf("%s: state %v, uses up the deadline: %t", name, got, failed.UsesDeadline())
		}
	}
}

// TestWhatIsNoWaitStays as it is.
func TestWhatIsNoWaitStays(t *testing.T) {
	for _, out := range []outcome.Outcome{outcome.Done(), outcome.Stall(v1alpha1.ReasonPermissionMissing, "give it", time.Minute)} {
		if got := withDeadline(out, transfer.State{Err: errors.New("failed"), Exhausted: true}, time.Hour); got != out {
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
	reasons := map[string]string{}
	for reason := range waitEnds {
		reasons["Reason"+reason] = ""
	}
	found := 0
	for _, pkg := range files {
		ast.Inspect(pkg, func(node ast.Node) bool {
			for _, reason := range waitReasons(node) {
				found++
				if _, listed := reasons[reason]; !listed {
					t.Errorf("v1alpha1.%s is waited for, and not listed in ends", reason)
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
