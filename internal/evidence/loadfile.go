package evidence

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// The load files of a seal: what review platforms import.
const (
	loadCSV = "loadfile.csv"
	loadDAT = "loadfile.dat"
)

var loadColumns = []string{
	"CONTROL_NUMBER", "EXPORT", "BAG", "CONVERSATION_ID", "RECORDING_ID", "MEDIUM", "LANE", "CONVERSATION_START",
	"FILE_SIZE", "SHA256", "NATIVE_PATH",
}

// eachLoadLine gives the cells of each line of a load file, the names of the
// columns first: one line for each file of the seal's bags. The path of a file that is outside
// the archive is its location.
func (s Seal) eachLoadLine(root fs.FS, do func(cells []string) error) error {
	if err := do(loadColumns); err != nil {
		return err
	}
	n := 0
	for _, bag := range s.Bags {
		folder := BagFolder(bag.Name)
		starts, media := map[string]string{}, map[genesys.RecordingRef]string{}
		err := errors.Join(
			eachRow(root, folder+"/"+ConversationsTable, ReadConversations, func(c Conversation) error {
				starts[c.ID] = stamp(c.Start)
				return nil
			}),
			eachRow(root, folder+"/"+IndexTable, ReadIndex, func(r Recording) error {
				media[r.Ref()] = string(r.Medium)
				return nil
			}))
		if err != nil {
			return err
		}
		sub, err := fs.Sub(root, folder)
		if err != nil {
			return err
		}
		locations, err := bagLocations(sub)
		if err != nil {
			return err
		}
		err = eachRow(root, folder+"/"+FilesTable, ReadFiles, func(f File) error {
			n++
			return do([]string{
				fmt.Sprintf("%s-%d-%07d", s.Record.Name, s.Number, n), s.Record.Namespace + "/" + s.Record.Name, bag.Name,
				f.ConversationID, f.RecordingID, media[genesys.RecordingRef{ConversationID: f.ConversationID, RecordingID: f.RecordingID}],
				string(bag.Lane), starts[f.ConversationID], formatInt(f.Size), f.SHA256, cmp.Or(locations[f.Path], folder+"/"+f.Path),
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeLoadCSV writes the load file as CSV.
func (s Seal) writeLoadCSV(w io.Writer, root fs.FS) error {
	table := csv.NewWriter(w)
	err := s.eachLoadLine(root, table.Write)
	table.Flush()
	return errors.Join(err, table.Error())
}

// What Concordance puts around cells and between them.
const (
	datQuote     = "\u00fe"
	datSeparator = datQuote + "\x14" + datQuote
	byteOrder    = "\ufeff"
)

// writeLoadDAT writes the load file as Concordance wants it, in UTF-8. No cell
// contains what would have to be escaped: they are ids, names, numbers and instants.
func (s Seal) writeLoadDAT(w io.Writer, root fs.FS) error {
	if _, err := io.WriteString(w, byteOrder); err != nil {
		return err
	}
	return s.eachLoadLine(root, func(cells []string) error {
		_, err := fmt.Fprintf(w, "%s%s%s\r\n", datQuote, strings.Join(cells, datSeparator), datQuote)
		return err
	})
}
