package transfer

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

func TestWhatALimitLearnsFrom(t *testing.T) {
	tests := map[string]struct {
		err  error
		want verdict
	}{
		"success":                  {nil, succeeded},
		"a time-out":               {&genesys.Error{Kind: genesys.KindTimeout}, overwhelmed},
		"a 5xx, wrapped":           {fmt.Errorf("batch: %w", &genesys.Error{Kind: genesys.KindTransient, Status: 503}), overwhelmed},
		"429":                      {&genesys.Error{Kind: genesys.KindThrottled}, neutral},
		"our own cancellation":     {&genesys.Error{Kind: genesys.KindCancelled, Err: context.Canceled}, neutral},
		"credentials":              {&genesys.Error{Kind: genesys.KindUnauthorized}, neutral},
		"a permission":             {&genesys.Error{Kind: genesys.KindForbidden}, neutral},
		"nothing there":            {&genesys.Error{Kind: genesys.KindNotFound}, neutral},
		"a request that is wrong":  {&genesys.Error{Kind: genesys.KindInvalid}, neutral},
		"an answer that is wrong":  {&genesys.Error{Kind: genesys.KindMalformed}, neutral},
		"an error of another kind": {errors.New("no space left on device"), neutral},
	}
	for name, tt := range tests {
		if got := verdictOf(tt.err); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

func TestLimit(t *testing.T) {
	tests := map[string]struct {
		ceiling int
		ends    []verdict
		want    int
	}{
		"nothing known":              {4, nil, 4},
		"all well":                   {4, []verdict{succeeded, succeeded, succeeded}, 4},
		"silence":                    {4, []verdict{neutral, neutral}, 4},
		"cut in half":                {4, []verdict{overwhelmed}, 2},
		"and again":                  {4, []verdict{overwhelmed, overwhelmed}, 1},
		"not below one":              {4, []verdict{overwhelmed, overwhelmed, overwhelmed, overwhelmed}, 1},
		"silence does not heal":      {4, []verdict{overwhelmed, neutral, neutral, neutral}, 2},
		"a round and a half heals":   {4, []verdict{overwhelmed, succeeded, succeeded, succeeded}, 3},
		"from the lowest limit":      {4, []verdict{overwhelmed, overwhelmed, succeeded}, 2},
		"back at the ceiling":        {4, []verdict{overwhelmed, succeeded, succeeded, succeeded, succeeded, succeeded, succeeded}, 4},
		"not above it":               {2, []verdict{overwhelmed, succeeded, succeeded, succeeded, succeeded, succeeded, succeeded}, 2},
		"a ceiling of one stays one": {1, []verdict{overwhelmed, succeeded, overwhelmed}, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var l limit
			for _, v := range tt.ends {
				l.update(v, tt.ceiling, l.cuts)
			}
			if got := l.allowed(tt.ceiling); got != tt.want {
				t.Errorf("%d after %v, want %d", got, tt.ends, tt.want)
			}
		})
	}
}

// TestWhatWasInFlightTogetherCutsOnce: four time-outs at a time tell of one trouble.
func TestWhatWasInFlightTogetherCutsOnce(t *testing.T) {
	var l limit
	for range 4 {
		l.update(overwhelmed, 8, 0)
	}
	if got := l.allowed(8); got != 4 {
		t.Errorf("%d, want 4", got)
	}
	l.update(overwhelmed, 8, 1)
	if got := l.allowed(8); got != 2 {
		t.Errorf("%d after one that set out later, want 2", got)
	}
}

// TestALowCeilingDoesNotHoldAHighOneDown: exports with different ceilings share a limit.
func TestALowCeilingDoesNotHoldAHighOneDown(t *testing.T) {
	var l limit
	l.update(overwhelmed, 2, 0)
	for range 40 {
		l.update(succeeded, 2, l.cuts)
	}
	if got := l.allowed(8); got != 2 {
		t.Errorf("%d after requests under a ceiling of 2, want 2: more is not known to go well", got)
	}
	for range 40 {
		l.update(succeeded, 8, l.cuts)
	}
	if got := l.allowed(8); got != 8 {
		t.Errorf("%d, want 8", got)
	}
}

// TestAnyHistoryKeepsTheBounds: whatever happens, the limit is at least one and at most
// the ceiling, and grows back once all goes well.
func TestAnyHistoryKeepsTheBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l limit
		ceilings := rapid.IntRange(1, 64)
		for range rapid.IntRange(0, 200).Draw(t, "requests") {
			before := l
			ceiling := ceilings.Draw(t, "ceiling")
			v := rapid.SampledFrom([]verdict{neutral, succeeded, overwhelmed}).Draw(t, "verdict")
			l.update(v, ceiling, rapid.IntRange(0, l.cuts).Draw(t, "cuts"))
			if got := l.allowed(ceiling); got < 1 || got > ceiling {
				t.Fatalf("limit %d under a ceiling of %d", got, ceiling)
			}
			if v == neutral && l != before {
				t.Fatalf("silence changed %+v to %+v", before, l)
			}
			if v == succeeded && l.allowed(64) < before.allowed(64) || v == overwhelmed && l.allowed(64) > before.allowed(64) {
				t.Fatalf("verdict %d changed %+v to %+v", v, before, l)
			}
		}
		ceiling := ceilings.Draw(t, "last ceiling")
		for range ceiling * ceiling {
			l.update(succeeded, ceiling, l.cuts)
		}
		if got := l.allowed(ceiling); got != ceiling {
			t.Fatalf("%d after %d requests that went well, want %d", got, ceiling*ceiling, ceiling)
		}
	})
}
