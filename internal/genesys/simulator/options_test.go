package simulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

func TestZeroOptionsMakeSense(t *testing.T) {
	o := simulator.New(simulator.Options{}).Options()
	if o.Days != 1 || o.Conversations != 600 || o.RequestsPerMinute != 300 || o.ResultURLTTL != time.Hour {
		t.Errorf("zero options became %+v", o)
	}
	if want := time.Date(2023, time.October, 1, 0, 0, 0, 0, time.UTC); !o.Start.Equal(want) {
		t.Errorf("start %v, want %v", o.Start, want)
	}
}

func TestStartIsCutToMidnight(t *testing.T) {
	o := simulator.New(simulator.Options{Start: time.Date(2024, 2, 3, 17, 4, 5, 6, time.UTC), Conversations: 1}).Options()
	if want := time.Date(2024, 2, 3, 0, 0, 0, 0, time.UTC); !o.Start.Equal(want) {
		t.Errorf("start %v, want %v", o.Start, want)
	}
}

func TestValidateNamesWhatIsWrong(t *testing.T) {
	for want, o := range map[string]simulator.Options{
		"Days":                    {Days: -1},
		"Conversations":           {Conversations: 2_000_000},
		"HeldShare":               {HeldShare: 1.5},
		"ScreenShare":             {ScreenShare: -0.1},
		"RequestsPerMinute":       {RequestsPerMinute: -3},
		"no weight of Media":      {Media: simulator.MediaWeights{Call: 1, Chat: -1}},
		"Edges.Open":              {Edges: simulator.Edges{Open: -1}},
		`"LOST"`:                  {Edges: simulator.Edges{FileStates: map[simulator.FileState]int{"LOST": 1}}},
		"Limits.AsyncPageSize":    {Limits: simulator.Limits{AsyncPageSize: -1}},
		"no duration":             {BatchDelay: -time.Second},
		`"a" is missing or twice`: {Clients: []simulator.Client{{ID: "a"}, {ID: "a"}}},
	} {
		err := o.Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one about %s", err, want)
		}
	}
	if err := simulator.Defaults().Validate(); err != nil {
		t.Errorf("defaults are refused: %v", err)
	}
}

func TestNewRefusesNonsense(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("New took a negative share")
		}
	}()
	simulator.New(simulator.Options{HeldShare: -1})
}
