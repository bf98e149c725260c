package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// announce prints the simulated data and the addresses.
func announce(w io.Writer, sim *simulator.Simulator, address string) error {
	o, d := sim.Options(), sim.Dataset()
	t := d.Totals()
	end := o.Start.Add(time.Duration(o.Days) * 24 * time.Hour)
	earlier := len(d.Started(time.Time{}, o.Start).Conversations)
	working, _ := sim.S3Integrations()

	var text strings.Builder
	fmt.Fprintf(&text, "Genesys Cloud simulator on %s\n\n", address)
	line := func(name, format string, values ...any) {
		fmt.Fprintf(&text, "  %-16s%s\n", name, fmt.Sprintf(format, values...))
	}
	line("organization", "%s (%s), %s", o.OrganizationID, o.OrganizationName, o.Region)
	line("OAuth client", "%s, secret %s", o.Clients[0].ID, shown(o.Clients[0].Secret))
	line("days", "%s to %s, seed %d", o.Start.Format(time.RFC3339), end.Format(time.RFC3339), o.Seed)
	line("conversations", "%d (%d started before), %d under legal hold (%d of them with screen recordings), %d not ended, %d without recordings",
		t.Conversations, earlier, t.HeldConversations, t.HeldScreenConversations, t.OpenConversations, t.SilentConversations)
	line("recordings", "%d: %s", t.RecordingCount(), byMedium(t))
	line("rate limit", "%d requests a minute", o.RequestsPerMinute)
	line("S3 integration", "%s", working)
	line("look behind", "%s/_simulator/dataset, %s/_simulator/journal; faults and more: %s/", address, address, address)
	if _, err := io.WriteString(w, text.String()); err != nil {
		return fmt.Errorf("announce: %w", err)
	}
	return nil
}

// shown returns the default secret, which is public, and hides any other one.
func shown(secret string) string {
	if secret == simulator.DefaultClientSecret {
		return secret
	}
	return "as given"
}

// byMedium returns the number of recordings of each medium, and how many are under legal hold.
func byMedium(t simulator.Totals) string {
	text := ""
	for _, m := range []simulator.Medium{simulator.Call, simulator.Screen, simulator.Chat, simulator.Email, simulator.Message} {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%d %s (%d held)", t.NotHeld[m]+t.Held[m], m, t.Held[m])
	}
	return text
}
