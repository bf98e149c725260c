//go:build failpoints

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/gcexport/recording-export-operator/internal/operator"
)

// applyTestOverrides replaces options with the values in REX_TEST_OVERRIDES, by which tests set
// how fast the operator is and where its lease is.
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
