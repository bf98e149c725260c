package evidence

import (
	"context"
	"io/fs"
	"path"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// HeldConversations are those of a bag that are under legal hold by now, though
// the bag's lane is not for such conversations alone.
type HeldConversations map[string]bool

// Needs reports whether a file of the bag is to be kept as long as they are: their
// own recordings and metadata, and what proves them, which is every file that is
// not of another conversation.
func (held HeldConversations) Needs(file string) bool {
	id := conversationOf(file)
	return len(held) > 0 && (id == "" || held[id])
}

// conversationOf is the conversation that a file of a bag belongs to, empty if the
// file is about all of them.
func conversationOf(file string) string {
	for _, folder := range []string{RecordingsFolder, metadataFolder} {
		if below, ok := strings.CutPrefix(file, folder+"/"); ok {
			id, _, _ := strings.Cut(below, "/")
			id, _, _ = strings.Cut(id, ".")
			return id
		}
	}
	return ""
}

// isMixed reports whether a lane contains conversations whether or not they are under
// legal hold.
func isMixed(lane slicing.Lane) bool { return lane == slicing.Standard || lane == slicing.Isolated }

// HeldHere are the conversations of a batch of the lanes Standard and Isolated that
// were under legal hold before their transfer and stay in it.
func (inventory Inventory) HeldHere() HeldConversations {
	held := HeldConversations{}
	for _, c := range inventory.Conversations {
		if isMixed(inventory.Lane) && c.isInBag() && c.LastHeld() {
			held[c.ID] = true
		}
	}
	return held
}

// isInBag reports whether the conversation's recordings are in the slice's bag.
func (c Conversation) isInBag() bool { return c.Disposition != Excluded }

// HeldIn lists, by bag, the conversations that are under legal hold by the last
// answer about each, of all bags that they were stored in when they were not:
// those of this seal, and those of seals before if they were requested again.
func (s Seal) HeldIn(root fs.FS) (map[string]HeldConversations, error) {
	found, again := map[string]HeldConversations{}, HeldConversations{}
	err := eachBagRow(root, s.Bags, ConversationsTable, ReadConversations, func(bag BagRef, c Conversation) error {
		held := c.LastHeld()
		if now := s.heldAtSealing(c.ID); !now.At.IsZero() {
			held = now.Held
		}
		if !isMixed(bag.Lane) || !held || !c.isInBag() {
			return nil
		}
		addHeld(found, bag.Name, c.ID)
		if c.Retried || !c.Home {
			again[c.ID] = true
		}
		return nil
	})
	for number := 1; err == nil && len(again) > 0 && number < s.Number; number++ {
		err = heldInSeal(root, SealFolder(number), again, found)
	}
	return found, err
}

// heldInSeal enters the bags of the lanes Standard and Isolated of a seal before in
// which some of the conversations are.
func heldInSeal(root fs.FS, folder string, held HeldConversations, found map[string]HeldConversations) error {
	bags := map[string]bool{}
	err := eachCell(root, folder+"/"+bagTable, func(row map[string]string) error {
		bags[row["bag"]] = isMixed(slicing.Lane(row["lane"]))
		return nil
	})
	if err != nil {
		return err
	}
	return eachCell(root, folder+"/"+conversations, func(row map[string]string) error {
		c := Conversation{ID: row["conversation_id"], Disposition: Disposition(row["disposition"])}
		if bags[row["bag"]] && held[c.ID] && c.isInBag() {
			addHeld(found, row["bag"], c.ID)
		}
		return nil
	})
}

func addHeld(found map[string]HeldConversations, bag, id string) {
	if found[bag] == nil {
		found[bag] = HeldConversations{}
	}
	found[bag][id] = true
}

// Each calls with every file that is stored in the bag and that they need.
func (held HeldConversations) Each(ctx context.Context, bag fs.FS, call func(ctx context.Context, file string) error) error {
	return fs.WalkDir(bag, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !entry.IsDir() && held.Needs(name):
			return call(ctx, name)
		case entry.IsDir() && path.Dir(name) == RecordingsFolder && !held.Needs(name):
			return fs.SkipDir
		default:
			return ctx.Err()
		}
	})
}
