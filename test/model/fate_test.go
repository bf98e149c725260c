package model

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

var scopes = []v1alpha1.HoldScope{v1alpha1.HoldInclude, v1alpha1.HoldInclude, v1alpha1.HoldExclude, v1alpha1.HoldOnly}

// row is a line of a table of the archive, by its columns.
type row map[string]string

// table reads a table of every seal, in the order of the seals.
func (m *model) table(t tester, name string) []row {
	seals, err := os.ReadDir(filepath.Join(m.folder(), "seals"))
	if err != nil {
		t.Fatalf("no seal: %v", err)
	}
	var rows []row
	for number := range seals {
		file, err := os.Open(filepath.Join(m.folder(), evidence.SealFolder(number+1), name))
		if err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(file).ReadAll()
		_ = file.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines[1:] {
			r := row{}
			for i, column := range lines[0] {
				r[column] = line[i]
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// told is what the seals tell at last of conversations, by their ids, and of
// recordings, by both ids.
type told struct{ conversations, recordings map[string]row }

// told reads what the seals tell. An item that is listed twice was unavailable
// before, or left its bag at a retry.
func (m *model) told(t tester) told {
	all := told{map[string]row{}, map[string]row{}}
	enter := func(into map[string]row, id string, r row) {
		before, twice := into[id]
		if twice && before["disposition"] != string(evidence.Unavailable) && before["reason"] != evidence.ReasonMovedToIsolated {
			t.Errorf("%s is told of twice: %v, then %v", id, before, r)
		}
		into[id] = r
	}
	for _, r := range m.table(t, "conversations.csv") {
		enter(all.conversations, r["conversation_id"], r)
	}
	for _, r := range m.table(t, "recordings.csv") {
		enter(all.recordings, r["conversation_id"]+"/"+r["recording_id"], r)
	}
	return all
}

// sum counts what an account is to have: conversations, recordings that are exported
// and that are unavailable, and conversations whose recordings could not be determined.
type sum struct{ surveyed, batched, exported, unavailable, unlearned int64 }

func (s sum) gaps() int64 { return s.unavailable + s.unlearned }

// judgeFates compares what the seals tell, and what is stored, with what may have
// become of each conversation and recording.
func (m *model) judgeFates(t tester) sum {
	all, files := m.told(t), m.storedFiles(t)
	var sum sum
	for _, c := range m.wanted(t) {
		sum.surveyed++
		r, listed := all.conversations[c.ID]
		delete(all.conversations, c.ID)
		switch disposition := evidence.Disposition(r["disposition"]); {
		case !listed:
			t.Errorf("nothing is told of conversation %s", c.ID)
		case r["reason"] == evidence.ReasonConversationOpen:
			sum.unlearned++
			if m.openDeadline > mostPassed || !m.wasOpen[c.ID] {
				t.Errorf("conversation %s is not waited for: %v", c.ID, r)
			}
		case disposition == evidence.Excluded:
			if m.mustBeTaken(c) {
				t.Errorf("conversation %s is excluded: %v", c.ID, r)
			}
			if r["bag"] != "" { // its legal hold became known only then
				sum.batched++
			}
			for _, recording := range c.Recordings { // each is listed only as excluded, too
				if id := c.ID + "/" + recording.ID; all.recordings[id]["disposition"] == string(evidence.Excluded) {
					delete(all.recordings, id)
				}
			}
		case m.mustBeLeftOut(c):
			t.Errorf("conversation %s is not excluded: %v", c.ID, r)
		case disposition == evidence.Unavailable:
			sum.batched, sum.unlearned = sum.batched+1, sum.unlearned+1
			m.judgeGap(t, "conversation "+c.ID, r, m.badOf(c.ID, ""))
			m.covered.add("end: unavailable: " + r["reason"])
		default:
			sum.batched++
			for _, recording := range c.Recordings {
				m.judgeRecording(t, recording, all, files, &sum)
			}
		}
	}
	for id, r := range all.conversations {
		t.Errorf("conversation %s is not wanted: %v", id, r)
	}
	for id, r := range all.recordings {
		t.Errorf("recording %s is not wanted, or its conversation is not exported: %v", id, r)
	}
	for key := range files {
		t.Errorf("%s is stored and not wanted", key)
	}
	return sum
}

// judgeRecording judges what became of a recording of a conversation that was read.
func (m *model) judgeRecording(t tester, r simulator.Recording, all told, files map[string]string, sum *sum) {
	id := r.ConversationID + "/" + r.ID
	line, listed := all.recordings[id]
	delete(all.recordings, id)
	switch evidence.Disposition(line["disposition"]) {
	case evidence.Exported:
		sum.exported++
		m.judgeFiles(t, r, files)
	case evidence.Unavailable:
		sum.unavailable++
		m.judgeGap(t, string(r.Medium)+" recording "+id, line, m.badOf(r.ConversationID, r.ID))
		m.covered.add("end: unavailable: " + line["reason"])
	default:
		t.Errorf("recording %s: listed %t, as %v", id, listed, line)
	}
}

// judgeFiles checks that each file of a recording is stored, byte for byte, and takes
// it out of files.
func (m *model) judgeFiles(t tester, r simulator.Recording, files map[string]string) {
	for i, file := range r.Files() {
		key := fmt.Sprintf("%s/%s/%02d", r.ConversationID, r.ID, i+1)
		if files[key] != file.SHA256 {
			t.Errorf("%s recording %s is stored as %q, want %s", r.Medium, key, files[key], file.SHA256)
		}
		delete(files, key)
	}
}

// judgeGap checks that something is unavailable that is bad forever, and that it is
// told why.
func (m *model) judgeGap(t tester, what string, line row, because []*bad) {
	var reasons []string
	for _, b := range because {
		reasons = append(reasons, b.reasons()...)
	}
	if !slices.Contains(reasons, line["reason"]) {
		t.Errorf("%s is unavailable because of %s (%s), it may be because of %q", what, line["reason"], line["detail"], reasons)
	}
}

// badOf are the things that are bad forever about a conversation, and about one of
// its recordings.
func (m *model) badOf(conversation, recording string) []*bad {
	return slices.DeleteFunc(slices.Clone(m.bads), func(b *bad) bool {
		return b.conversation != conversation || b.id != "" && b.id != recording || !b.forEver() || m.comesBack(b)
	})
}

// comesBack reports whether a recording is archived that must be restored: one that is
// archived while it is requested may be refused before anybody learns why.
func (m *model) comesBack(b *bad) bool {
	archived := 0
	for _, other := range m.bads {
		if other.state == simulator.Archived && other.begun {
			archived++
		}
	}
	return b.state == simulator.Archived && b.from == 0 && m.restores && archived <= m.quota && !m.doubtful[b.id]
}

// mustBeTaken and mustBeLeftOut report whether a conversation is surely within the
// export's scope, or surely not: where nobody knows whether it is under legal hold,
// neither is sure, but with a scope that takes both.
func (m *model) mustBeTaken(c simulator.Conversation) bool {
	return m.takes(c) && !m.holdIsDoubtful(c)
}

func (m *model) mustBeLeftOut(c simulator.Conversation) bool {
	return !m.takes(c) && !m.holdIsDoubtful(c)
}

func (m *model) takes(c simulator.Conversation) bool {
	return slicing.Scope(m.spec.LegalHold.Scope).Takes(c.Held)
}

func (m *model) holdIsDoubtful(c simulator.Conversation) bool {
	return m.spec.LegalHold.Scope != v1alpha1.HoldInclude && slices.ContainsFunc(m.bads, func(b *bad) bool {
		return b.name == holdUnknown.name && b.conversation == c.ID
	})
}

// judgeBad judges an export that has ended although items are bad.
func (m *model) judgeBad(t tester) {
	sum := m.judgeArchive(t)
	failures := m.table(t, "failures.csv")
	if int64(len(failures)) != sum.gaps() {
		t.Errorf("failures.csv has %d lines, want %d", len(failures), sum.gaps())
	}
	for _, line := range failures {
		if line["reason"] == "" || line["detail"] == "" && !slices.Contains(plain, line["reason"]) {
			t.Errorf("failures.csv has no reason, or no last error: %v", line)
		}
	}
	for _, batch := range m.allBatches() {
		if !batch.IsFinished() {
			t.Errorf("batch %s is not finished", batch.Name)
		}
	}
	m.judgeIsolated(t)
	if t.Failed() {
		t.Fatal(m.state())
	}
}

// plain are reasons that say everything.
var plain = []string{evidence.ReasonArchived, evidence.ReasonDeleted, evidence.ReasonRestorationQuota, evidence.ReasonConversationOpen}

// judgeIsolated checks that there are no more isolated batches than things that were
// bad, and calls that a trap let fail.
func (m *model) judgeIsolated(t tester) {
	isolated, most := 0, m.chances
	for _, slice := range slicesOf(m.plan()) {
		if slice.Lane == slicing.Isolated {
			isolated++
		}
	}
	for _, b := range m.bads {
		if b.begun {
			most++
		}
	}
	if isolated > most {
		t.Errorf("there are %d isolated batches, but only %d things were bad", isolated, most)
	}
	m.covered.count("isolated batches", isolated)
}
