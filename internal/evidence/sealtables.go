package evidence

import (
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"strconv"
)

// sealFile is a file that is written when a bag or a seal is made.
type sealFile struct {
	path  string
	write func(io.Writer) error
}

// tables are the files of a seal that do not depend on a key.
func (s Seal) tables(root fs.FS, bags []sealedBag) []sealFile {
	files := []sealFile{
		{bagTable, func(w io.Writer) error { return writeBags(w, bags) }},
		{bagDigests, func(w io.Writer) error { return writeBagDigests(w, bags) }},
		{conversations, func(w io.Writer) error { return s.writeConversations(w, root) }},
		{recordings, func(w io.Writer) error { return s.writeRecordings(w, root) }},
		{failures, func(w io.Writer) error { return s.writeFailures(w, root) }},
		{coverage, s.writeCoverage},
		{sealLog, func(w io.Writer) error { return WriteLog(w, s.Events) }},
	}
	if s.Compared != nil {
		files = append(files, sealFile{secondTable, func(w io.Writer) error { return copyFile(w, root, s.Compared.Table) }})
	}
	if s.Orphans != nil && s.Orphans.Table != "" {
		files = append(files, sealFile{orphanTable, func(w io.Writer) error { return copyFile(w, root, s.Orphans.Table) }})
	}
	if restored(bags) {
		files = append(files, sealFile{retentionTable, func(w io.Writer) error { return s.writeRetention(w, root, bags) }})
	}
	if len(s.Artifacts) > 0 {
		files = append(files, sealFile{ArtifactsFile, func(w io.Writer) error { return writeArtifacts(w, s.Artifacts) }})
	}
	if s.LoadFiles {
		files = append(files,
			sealFile{loadCSV, func(w io.Writer) error { return s.writeLoadCSV(w, root) }},
			sealFile{loadDAT, func(w io.Writer) error { return s.writeLoadDAT(w, root) }})
	}
	return files
}

// copyFile writes what a stored file contains.
func copyFile(w io.Writer, root fs.FS, path string) error {
	file, err := root.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	_, err = io.Copy(w, file)
	return err
}

// writeConversations lists every conversation of the survey once: those in bags
// by the lane that accounts for them, then those in none.
func (s Seal) writeConversations(w io.Writer, root fs.FS) error {
	table := csv.NewWriter(w)
	columns := []string{
		"conversation_id", "start", "held_at_survey", "held_at_survey_time", "held_before_transfer", "held_before_transfer_time",
		"held_at_sealing", "held_at_sealing_time", "recordings", "disposition", "reason", "retried", "bag",
	}
	write := func(c Conversation, bag string) error {
		now := s.heldAtSealing(c.ID)
		return table.Write([]string{
			cell(c.ID), stamp(c.Start), strconv.FormatBool(c.Held.Held), stamp(c.Held.At), heldCell(c.HeldLater), stamp(c.HeldLater.At),
			heldCell(now), stamp(now.At), strconv.Itoa(c.Recordings), string(c.Disposition), c.Reason, strconv.FormatBool(c.Retried), bag,
		})
	}
	if err := table.Write(columns); err != nil {
		return err
	}
	err := eachBagRow(root, s.Bags, ConversationsTable, ReadConversations, func(bag BagRef, c Conversation) error {
		if !c.Home {
			return nil
		}
		return write(c, bag.Name)
	})
	if err != nil {
		return err
	}
	for _, c := range s.Unbatched {
		if err := write(c, ""); err != nil {
			return err
		}
	}
	table.Flush()
	return table.Error()
}

// writeRecordings lists every recording of every bag that accounts for it, and
// those that were retried in a bag that they left: they are not gaps of its lane any more.
func (s Seal) writeRecordings(w io.Writer, root fs.FS) error {
	table := csv.NewWriter(w)
	err := table.Write([]string{"conversation_id", "recording_id", "medium", "lane", "disposition", "reason", "detail", "files", "retried", "bag"})
	if err != nil {
		return err
	}
	err = eachBagRow(root, s.Bags, IndexTable, ReadIndex, func(bag BagRef, r Recording) error {
		if r.MovedToIsolated() && !r.Retried {
			return nil
		}
		return table.Write([]string{
			r.ConversationID, r.RecordingID, string(r.Medium), string(bag.Lane), string(r.Disposition), r.Reason,
			r.Detail, strconv.Itoa(r.Files), strconv.FormatBool(r.Retried), bag.Name,
		})
	})
	table.Flush()
	return errors.Join(err, table.Error())
}

// writeBags lists the bags with what they contain.
func writeBags(w io.Writer, bags []sealedBag) error {
	columns := []string{"bag", "lane", "start", "end", "tagmanifest_sha256", "exported", "excluded", "unavailable", "files", "bytes"}
	return writeTable(w, columns, len(bags), func(i int) []string {
		b, n := bags[i], bags[i].SumOfMedia()
		return []string{
			b.Name, string(b.Lane), stamp(b.Start), stamp(b.End), b.Digest, formatInt(n.Exported), formatInt(n.Excluded),
			formatInt(n.Unavailable), formatInt(b.Files), formatInt(b.Bytes),
		}
	})
}

// writeBagDigests writes what "sha256sum -c", run in the seal's folder, checks
// the bags' tag manifests by.
func writeBagDigests(w io.Writer, bags []sealedBag) error {
	digests := make([]Digest, len(bags))
	for i, b := range bags {
		digests[i] = Digest{SHA256: b.Digest, Path: "../../" + BagFolder(b.Name) + "/" + tagManifest}
	}
	_, err := w.Write(manifestBytes(digests))
	return err
}

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }
