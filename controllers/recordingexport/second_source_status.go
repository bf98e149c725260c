package recordingexport

import (
	"fmt"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// secondStatus is what the status tells of a comparison, and of orphaned recordings.
func secondStatus(account evidence.Account) *v1alpha1.SecondSourceStatus {
	if account.SecondSource == nil {
		return nil
	}
	status := &v1alpha1.SecondSourceStatus{NotInAccount: account.SecondSource.NotInAccount, NotInSecondSource: account.SecondSource.NotInSecondSource}
	if orphans := account.Orphans; orphans != nil {
		status.Orphans = orphans.Listed
		if orphans.NotListed != nil {
			status.OrphansNotListed = orphans.NotListed.Why
		}
	}
	return status
}

// differences ends a message with in what the second source differs, if it does.
func differences(status v1alpha1.RecordingExportStatus) (message string) {
	if status.Seal == nil || status.Seal.SecondSource == nil {
		return ""
	}
	second := status.Seal.SecondSource
	if n := second.NotInAccount; n > 0 {
		message += fmt.Sprintf("; the second source lists %s that the account does not have", words.Count(n, "recording"))
	}
	if n := second.NotInSecondSource; n > 0 {
		message += fmt.Sprintf("; not in the second source: %s", words.Count(n, "exported recording"))
	}
	if message != "" {
		message += ": see second-source.csv in the seals"
	}
	return message + orphansSay(*second)
}

// orphansSay tells of recordings that are attached to no conversation.
func orphansSay(second v1alpha1.SecondSourceStatus) (message string) {
	switch n := second.Orphans; {
	case n == 1:
		message = "; 1 recording is attached to no conversation: see orphans.csv in the seals"
	case n > 1:
		message = fmt.Sprintf("; %d recordings are attached to no conversation: see orphans.csv in the seals", n)
	}
	if why := second.OrphansNotListed; why != "" {
		message += "; orphaned recordings were not listed: " + why
	}
	return message
}
