//go:build failpoints

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/gcexport/recording-export-operator/internal/operator"
)

// applyTestOverrides takes from the environment how fast tests want the operator to be, and
// where its lease is: what REX_TEST_OVERRIDES holds replaces what the options hold.
func applyTestOverrides(options *operator.Options) error {
	text := os.Getenv("REX_TEST_OVERRIDES")
	if text == "" {
		return nil
	}
	manager := &options.Manager
	err := json.Unmarshal([]byte(text), &struct {
		Intervals      *operator.Intervals
		LeaseNamespace *string
		LeaseDuration  **time.Duration
		RenewDeadline  **time.Duration
		RetryPeriod    **time.Duration
	}{&options.Intervals, &manager.LeaderElectionNamespace, &manager.LeaseDuration, &manager.RenewDeadline, &manager.RetryPeriod})
	if err != nil {
		return fmt.Errorf("REX_TEST_OVERRIDES: %w", err)
	}
	return nil
}
