package genesys

import "testing"

func TestBulkStates(t *testing.T) {
	tests := map[BulkState]struct{ ended, running bool }{
		BulkPending:    {false, true},
		BulkProcessing: {false, true},
		BulkReady:      {false, false},
		BulkFulfilled:  {true, false},
		BulkFailed:     {true, false},
		BulkCancelled:  {true, false},
		"":             {false, false},
		"CANCELED":     {false, false},
		"SOMETHING":    {false, false},
	}
	for state, want := range tests {
		if state.Ended() != want.ended || state.Running() != want.running {
			t.Errorf("%s: ended %v, running %v; want %+v", state, state.Ended(), state.Running(), want)
		}
	}
}

func TestExportsToBucket(t *testing.T) {
	for kind, want := range map[string]bool{
		"aws-s3-recording-bulk-actions-integration": true,
		"AWS-S3-Recording-Bulk-Actions-Integration": true,
		"s3-export-of-recordings":                   true,
		"purecloud-data-actions":                    false,
		"":                                          false,
	} {
		if got := (Integration{Type: kind}).ExportsToBucket(); got != want {
			t.Errorf("%q: %v, want %v", kind, got, want)
		}
	}
}
