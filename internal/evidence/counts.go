package evidence

// Counts counts recordings by what became of them.
type Counts struct {
	// Wanted ones are still to be transferred.
	Wanted      int64 `json:"-"`
	Exported    int64 `json:"exported"`
	Excluded    int64 `json:"excluded"`
	Unavailable int64 `json:"unavailable"`
}

// Total is how many recordings are to be exported: all but the excluded ones.
func (c Counts) Total() int64 { return c.Wanted + c.Exported + c.Unavailable }

// Found is how many recordings there are.
func (c Counts) Found() int64 { return c.Total() + c.Excluded }

// Add adds other to c.
func (c *Counts) Add(other Counts) {
	c.Wanted += other.Wanted
	c.Exported += other.Exported
	c.Excluded += other.Excluded
	c.Unavailable += other.Unavailable
}

func (c *Counts) add(d Disposition) {
	switch d {
	case Wanted:
		c.Wanted++
	case Exported:
		c.Exported++
	case Excluded:
		c.Excluded++
	case Unavailable:
		c.Unavailable++
	}
}

// Replaced counts lines that replace lines of earlier bags, by
// which a recording, or all of a conversation, was unavailable.
type Replaced struct {
	Recordings    int64 `json:"recordings,omitempty"`
	Conversations int64 `json:"conversations,omitempty"`
}

// Sum is how many gaps of earlier bags do not count any more.
func (r Replaced) Sum() int64 { return r.Recordings + r.Conversations }

// Replaced counts the lines of the inventory that replace earlier ones. A
// conversation counts in its home lane alone.
func (inventory Inventory) Replaced() Replaced {
	var replaced Replaced
	for _, r := range inventory.Recordings {
		if r.Retried {
			replaced.Recordings++
		}
	}
	for _, c := range inventory.Conversations {
		if c.Retried && c.Home {
			replaced.Conversations++
		}
	}
	return replaced
}

// CountIsolated counts the conversations and the recordings that left for the lane
// Isolated.
func (inventory Inventory) CountIsolated() (conversations, recordings int) {
	for _, c := range inventory.Conversations {
		if c.Isolated() {
			conversations++
		}
	}
	for _, r := range inventory.Recordings {
		if r.MovedToIsolated() {
			recordings++
		}
	}
	return conversations, recordings
}

// CountMoved counts the conversations that left for another lane because their legal
// hold changed.
func (inventory Inventory) CountMoved() int {
	n := 0
	for _, c := range inventory.Conversations {
		if c.Moved() {
			n++
		}
	}
	return n
}

// Counts counts the inventory's recordings except for those that left for another
// batch, which counts them.
func (inventory Inventory) Counts() Counts {
	var counts Counts
	for _, r := range inventory.Recordings {
		if !r.MovedToIsolated() {
			counts.add(r.Disposition)
		}
	}
	return counts
}

// Gaps is how many recordings and conversations could not be exported. A
// conversation counts in its home lane alone.
func (inventory Inventory) Gaps() int64 {
	gaps := inventory.Counts().Unavailable
	for _, c := range inventory.Conversations {
		if c.Home && c.Disposition == Unavailable {
			gaps++
		}
	}
	return gaps
}
