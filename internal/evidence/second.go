package evidence

import (
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"iter"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Difference is in what an account and a second source differ.
type Difference string

// The differences.
const (
	// NotInAccount: the second source lists a recording that the account does not know.
	NotInAccount Difference = "NotInAccount"
	// NotInSecondSource: a recording was exported that the second source does not list.
	NotInSecondSource Difference = "NotInSecondSource"
)

// Reasons of differences, besides those of unavailable recordings.
const (
	// ReasonConversationUnknown: analytics did not list the conversation.
	ReasonConversationUnknown = "ConversationUnknown"
	// ReasonRecordingUnknown: the conversation's metadata did not list the recording.
	ReasonRecordingUnknown = "RecordingUnknown"
	// ReasonTooRecent: the conversation began after what the enumeration reaches to.
	ReasonTooRecent = "TooRecent"
	// ReasonEnumerationEmpty: the enumeration lists nothing at all.
	ReasonEnumerationEmpty = "EnumerationEmpty"
)

// SecondSource is how an account compares with an enumeration that does not come
// from where its conversations do. Its numbers add up those of all seals: a
// recording that a later seal has after all stays counted where it was missing.
type SecondSource struct {
	// Source names the enumeration.
	Source string `json:"source"`
	// At is when the newest enumeration was begun, Enumerated how many recordings
	// of the organisation it lists.
	At         time.Time `json:"at"`
	Enumerated int64     `json:"enumerated"`
	// Listed is how many of them are the export's business, Matched how many of
	// those the account knows.
	Listed  int64 `json:"listed"`
	Matched int64 `json:"matched"`
	// NotInAccount and NotInSecondSource count the differences.
	NotInAccount      int64 `json:"notInAccount"`
	NotInSecondSource int64 `json:"notInSecondSource"`
}

// Compared is what the comparison with a second source found, for a seal.
type Compared struct {
	SecondSource
	// Table is where in the archive the table is that Compare wrote.
	Table string `json:"table"`
}

// comparisonSoFar adds up what a seal and those before it found.
func (c *Compared) comparisonSoFar(former *Former) *SecondSource {
	if c == nil {
		return nil
	}
	sum := c.SecondSource
	if former != nil && former.Account.SecondSource != nil {
		before := former.Account.SecondSource
		sum.Listed += before.Listed
		sum.Matched += before.Matched
		sum.NotInAccount += before.NotInAccount
		sum.NotInSecondSource += before.NotInSecondSource
	}
	return &sum
}

// secondColumns are those of second-source.csv.
var secondColumns = []string{"conversation_id", "recording_id", "created", "difference", "reason"}

// mark is what is known of a conversation or recording, a bit each.
type mark uint8

const (
	// ofSeal: a recording is in a bag of the seal, and in none before.
	ofSeal mark = 1 << iota
	// seen: the enumeration has listed the recording.
	seen
	// batched: a conversation is in a bag of the seal, and in none before.
	batched
	// unread: its recordings could not be determined.
	unread
	// accounted: it is in no bag, with a reason.
	accounted
	// recent: it began after what the enumeration reaches to.
	recent
	// elsewhere: another seal, or another window, accounts for it.
	elsewhere
	// before: a recording is in a bag of an earlier seal.
	before
)

// key stands for a conversation or recording in memory, in a few bytes and
// whatever the case of its letters: there may be millions.
type key [16]byte

func keyOf(ids ...string) key {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.Join(ids, "/"))))
	return key(sum[:len(key{})])
}

// AccountIndex is what an account knows of, to be compared with a second source. What
// is known of a conversation is said in this order: first who else accounts for
// it, then what the seal does, then the bags.
type AccountIndex struct {
	// from and until are the part of the window that the seal adds.
	from, until time.Time
	// reaches is up to when the enumeration lists what was recorded.
	reaches       time.Time
	recordings    map[key]mark
	conversations map[key]mark
}

// NewAccountIndex knows nothing yet of a part of the window. The enumeration that it is
// to be compared with lists nothing of after reaches.
func NewAccountIndex(from, until, reaches time.Time) *AccountIndex {
	return &AccountIndex{from, until, reaches, map[key]mark{}, map[key]mark{}}
}

// MarkElsewhere says that another seal, or another window, accounts for a conversation.
func (k *AccountIndex) MarkElsewhere(conversationID string) {
	k.conversations[keyOf(conversationID)] = elsewhere
}

// MarkAccounted says that the seal accounts for a conversation that is in no bag.
func (k *AccountIndex) MarkAccounted(conversationID string) {
	k.conversations[keyOf(conversationID)] = accounted
}

// AddBag adds what a bag of an earlier seal, or of this one, contains.
func (k *AccountIndex) AddBag(root fs.FS, name string, earlier bool) error {
	folder := BagFolder(name)
	err := eachRow(root, folder+"/"+ConversationsTable, ReadConversations, func(c Conversation) error {
		k.addConversation(c, earlier)
		return nil
	})
	if err != nil {
		return err
	}
	return eachRow(root, folder+"/"+IndexTable, ReadIndex, func(r Recording) error {
		if !r.MovedToIsolated() {
			k.addRecording(r, earlier)
		}
		return nil
	})
}

// addConversation adds a line about a conversation. One that is requested again
// was judged by an earlier seal; one that is not at home here is by another bag.
func (k *AccountIndex) addConversation(c Conversation, earlier bool) {
	id := keyOf(c.ID)
	m := elsewhere
	if !earlier && c.Home && !c.Retried {
		m = batched
		if c.Disposition == Unavailable {
			m |= unread
		}
	}
	if !c.Start.Before(k.reaches) {
		m |= recent
	}
	if m&batched != 0 || k.conversations[id]&batched == 0 {
		k.conversations[id] = m
	}
}

func (k *AccountIndex) addRecording(r Recording, earlier bool) {
	id := keyOf(r.ConversationID, r.RecordingID)
	m := k.recordings[id]
	switch {
	case earlier:
		m = m&^ofSeal | before
	case !r.Retried && m&before == 0:
		m |= ofSeal
	}
	k.recordings[id] = m
}

// Compare compares an enumeration with what is known and exported, and writes
// every difference to second-source.csv. A recording matters if the account knows
// it or its conversation, whenever it was created; one of a conversation that
// nobody knows, if it was created in the part of the window that the seal adds.
func (k *AccountIndex) Compare(w io.Writer, enumeration iter.Seq2[genesys.Retained, error], exported iter.Seq2[Recording, error]) (SecondSource, error) {
	c := comparison{AccountIndex: k, table: csv.NewWriter(w)}
	err := c.table.Write(secondColumns)
	for retained, failed := range enumeration {
		if err = errors.Join(err, failed); err == nil {
			err = c.addRetained(retained)
		}
		if err != nil {
			return c.found, err
		}
	}
	for recording, failed := range exported {
		if err = errors.Join(err, failed); err == nil {
			err = c.export(recording)
		}
		if err != nil {
			return c.found, err
		}
	}
	c.table.Flush()
	return c.found, errors.Join(err, c.table.Error())
}

// comparison is a Compare in progress.
type comparison struct {
	*AccountIndex
	table *csv.Writer
	found SecondSource
}

// addRetained adds a recording that the enumeration lists. Listed twice, it counts once.
func (c *comparison) addRetained(r genesys.Retained) error {
	c.found.Enumerated++
	id := keyOf(r.ConversationID, indexed(r.RecordingID))
	known, there := c.recordings[id]
	if known&seen != 0 {
		return nil
	}
	reason, matters := "", known&ofSeal != 0
	if !there {
		if reason, matters = c.missing(r); !matters {
			return nil
		}
	}
	c.recordings[id] = known | seen
	switch {
	case !matters:
		return nil
	case reason == "":
		c.found.Listed++
		c.found.Matched++
		return nil
	default:
		c.found.Listed++
		c.found.NotInAccount++
		return c.writeDifference(r.ConversationID, indexed(r.RecordingID), r.Created, NotInAccount, reason)
	}
}

// missing says why a recording is in no bag, nothing if its conversation is
// accounted for as a whole; and whether it matters at all.
func (c *comparison) missing(r genesys.Retained) (reason string, matters bool) {
	of := c.conversations[keyOf(r.ConversationID)]
	invalid := !genesys.ValidID(r.ConversationID) || !genesys.ValidID(r.RecordingID)
	switch {
	case of&accounted != 0:
		return "", true
	case of&elsewhere != 0:
		return "", false
	case of&unread != 0:
		return ReasonMetadataUnreadable, true
	case of&batched == 0 && (r.Created.Before(c.from) || !r.Created.Before(c.until)):
		return "", false
	case invalid:
		return ReasonInvalidID, true
	case of&batched != 0:
		return ReasonRecordingUnknown, true
	default:
		return ReasonConversationUnknown, true
	}
}

// export adds a recording of a bag of the seal, once all are listed.
func (c *comparison) export(r Recording) error {
	if r.Disposition != Exported || c.recordings[keyOf(r.ConversationID, r.RecordingID)]&seen != 0 {
		return nil
	}
	c.found.NotInSecondSource++
	reason := ""
	switch {
	case c.found.Enumerated == 0:
		reason = ReasonEnumerationEmpty
	case c.conversations[keyOf(r.ConversationID)]&recent != 0:
		reason = ReasonTooRecent
	}
	return c.writeDifference(r.ConversationID, r.RecordingID, time.Time{}, NotInSecondSource, reason)
}

func (c *comparison) writeDifference(conversation, recording string, created time.Time, difference Difference, reason string) error {
	return c.table.Write([]string{cell(conversation), cell(recording), stamp(created), string(difference), reason})
}

// indexed is a recording's id as the index of a bag has it.
func indexed(recordingID string) string {
	if genesys.ValidID(recordingID) {
		return recordingID
	}
	return cell(Printable(recordingID, 80))
}

// Indexes reads the recordings that bags account for, one bag after the other.
func Indexes(root fs.FS, bags []BagRef) iter.Seq2[Recording, error] {
	return func(yield func(Recording, error) bool) {
		for _, bag := range bags {
			stop := errors.New("no more is wanted")
			err := eachRow(root, BagFolder(bag.Name)+"/"+IndexTable, ReadIndex, func(r Recording) error {
				if !r.MovedToIsolated() && !yield(r, nil) {
					return stop
				}
				return nil
			})
			if errors.Is(err, stop) || err != nil && !yield(Recording{}, err) {
				return
			}
		}
	}
}
