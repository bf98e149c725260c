package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/internal/verify/index"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// runList lists recordings.
func runList(ctx context.Context, arguments []string, to streams) error {
	var (
		where location
		shape format
		query index.Query
	)
	flags := where.flags("ls", to.err)
	shape.add(flags)
	addQueryFlags(flags, &query)
	if err := where.parse(flags, arguments); err != nil {
		return err
	}
	hits, _, err := find(ctx, where, query)
	if err != nil {
		return err
	}
	if shape == "json" {
		encoder := json.NewEncoder(to.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(hits)
	}
	if len(hits) == 0 {
		fmt.Fprintf(to.err, "No recordings in %s match. Without flags, ls lists all recordings.\n", verify.Printable(where.name))
		return nil
	}
	table := tabwriter.NewWriter(to.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "START\tCONVERSATION\tRECORDING\tMEDIUM\tLANE\tDISPOSITION\tREASON\tSIZE\tFILE")
	row := func(cells ...string) {
		for i := range cells {
			cells[i] = verify.Printable(cells[i])
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	for _, h := range hits {
		cells := []string{words.Time(h.Start), h.Conversation, h.Recording.Recording, h.Medium, h.Lane, h.Disposition, h.Reason}
		for _, file := range h.Files {
			row(append(cells[:len(cells):len(cells)], words.Bytes(file.Size), h.place(file))...)
		}
		if len(h.Files) == 0 {
			row(append(cells, "", "")...)
		}
	}
	return table.Flush()
}
