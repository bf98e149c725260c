package evidence

import (
	"errors"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Summary is what a sealed bag contains, read from the bag itself.
type Summary struct {
	// Digest is the SHA-256 of the bag's tag manifest.
	Digest string
	// Counts by medium; the empty medium is one that this version does not know.
	Media map[genesys.Medium]*Counts
	// Conversations that the bag's lane accounts for, and no bag before.
	Conversations int64
	// Moved is how many conversations left for another lane because their legal hold changed.
	Moved int64
	// Isolated is how many conversations left for the lane Isolated, IsolatedRecordings
	// how many recordings of others did. Nothing else counts these recordings.
	Isolated, IsolatedRecordings int64
	// Replaced counts lines in the place of lines of earlier bags.
	Replaced Replaced
	// ReplacedMedia is how many of its recordings there are, by medium.
	ReplacedMedia map[genesys.Medium]int64
	// Listed is how many recordings Genesys Cloud listed for those conversations, of whatever lane.
	Listed int64
	// Gaps is how many recordings and conversations could not be exported.
	Gaps int64
	// Files and Bytes are the number and size of the files, in the bag and referenced.
	Files, Bytes int64
	// Referenced is what of that is outside the archive, by bucket.
	Referenced []ReferencedAccount
	// Restorations is how many recordings were asked to be restored, RetentionChanged
	// those of which another date than the archive date was another one afterwards.
	Restorations     int64
	RetentionChanged []Restoration
}

// SumOfMedia sums up all media.
func (s Summary) SumOfMedia() Counts {
	var sum Counts
	for _, counts := range s.Media {
		sum.Add(*counts)
	}
	return sum
}

// ReadSummary reads a sealed bag. The error is fs.ErrNotExist if the bag is not sealed.
func ReadSummary(bag fs.FS) (Summary, error) {
	if _, err := fs.Stat(bag, BagDeclaration); err != nil {
		return Summary{}, err
	}
	digest, err := digestFile(bag, tagManifest)
	if err != nil {
		return Summary{}, err
	}
	summary := Summary{Digest: digest.SHA256, Media: map[genesys.Medium]*Counts{}}
	return summary, errors.Join(summary.countConversations(bag), summary.readIndex(bag), summary.readFiles(bag), summary.countRestorations(bag))
}

func (s *Summary) countConversations(bag fs.FS) error {
	return eachRow(bag, ConversationsTable, ReadConversations, func(c Conversation) error {
		switch {
		case c.Moved():
			s.Moved++
		case c.Isolated():
			s.Isolated++
		}
		if !c.Home {
			return nil
		}
		if c.Retried {
			s.Replaced.Conversations++
		} else {
			s.Conversations++
		}
		s.Listed += int64(c.Recordings)
		if c.Disposition == Unavailable {
			s.Gaps++
		}
		return nil
	})
}

func (s *Summary) readIndex(bag fs.FS) error {
	return eachRow(bag, IndexTable, ReadIndex, func(r Recording) error {
		if r.Retried {
			s.Replaced.Recordings++
			s.replaced(r.Medium)
		}
		if r.MovedToIsolated() {
			s.IsolatedRecordings++
			return nil
		}
		s.count(r.Medium).add(r.Disposition)
		if r.Disposition == Unavailable {
			s.Gaps++
		}
		return nil
	})
}

// count returns the counts of a medium, which it adds if there are none.
func (s *Summary) count(medium genesys.Medium) *Counts {
	counts := s.Media[medium]
	if counts == nil {
		counts = &Counts{}
		s.Media[medium] = counts
	}
	return counts
}

// replaced notes that a recording of a medium was unavailable in an earlier bag. The
// medium has counts then, even if all of its recordings left this bag, too.
func (s *Summary) replaced(medium genesys.Medium) {
	s.count(medium)
	if s.ReplacedMedia == nil {
		s.ReplacedMedia = map[genesys.Medium]int64{}
	}
	s.ReplacedMedia[medium]++
}

func (s *Summary) readFiles(bag fs.FS) error {
	locations, err := bagLocations(bag)
	if err != nil {
		return err
	}
	counted := map[string]bool{}
	return eachRow(bag, FilesTable, ReadFiles, func(f File) error {
		s.Files++
		s.Bytes += f.Size
		location, referenced := locations[f.Path]
		if !referenced {
			return nil
		}
		bucket, _, err := ParseS3Location(location)
		counts := ReferencedAccount{Bucket: bucket, Files: 1, Bytes: f.Size}
		if recording := bucket + "/" + f.ConversationID + "/" + f.RecordingID; !counted[recording] {
			counted[recording], counts.Recordings = true, 1
		}
		s.Referenced = addReferenced(s.Referenced, []ReferencedAccount{counts})
		return err
	})
}
