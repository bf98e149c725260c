package bulk

import (
	"fmt"
	"slices"
	"time"
)

// Conversation is a conversation whose recordings are looked for.
type Conversation struct {
	ID    string
	Start time.Time
}

// folderForms are how the hour of a conversation's start may be written in keys. The first one
// was seen. It is not verified that days and hours are never padded.
var folderForms = []string{
	"%s/year=%d/month=%d/day=%d/hour=%d/",
	"%s/year=%d/month=%d/day=%02d/hour=%02d/",
	"%s/year=%d/month=%02d/day=%02d/hour=%02d/",
}

// Folders returns the prefixes of keys under which the recordings of conversations may be, each
// once and sorted. A prefix is that of an hour, in UTC, and has the conversations of others, too.
func Folders(organizationID string, conversations []Conversation) []string {
	var folders []string
	for _, c := range conversations {
		start := c.Start.UTC()
		for _, form := range folderForms {
			folders = append(folders, fmt.Sprintf(form, organizationID, start.Year(), start.Month(), start.Day(), start.Hour()))
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}
