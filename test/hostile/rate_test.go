package hostile

import (
	"math"
	"testing"
	"time"
)

func TestSlowed(t *testing.T) {
	seconds := func(all ...time.Duration) []time.Duration {
		for i := range all {
			all[i] *= time.Second
		}
		return all
	}
	for name, tt := range map[string]struct {
		alone, beside []time.Duration
		want          float64
	}{
		"slower":             {seconds(10, 10), seconds(10, 12), 10},
		"quicker":            {seconds(20), seconds(10), -50},
		"one that took long": {seconds(1, 1, 1), seconds(1, 1, 4), 100},
		"none alone":         {nil, seconds(1), 0},
		"none beside":        {seconds(1), nil, 0},
	} {
		if got := Slowed(tt.alone, tt.beside); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%s: %v %%, want %v %%", name, got, tt.want)
		}
	}
}
