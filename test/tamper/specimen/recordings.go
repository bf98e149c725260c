package specimen

import (
	"encoding/json"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// sixth are the recordings of conversation 6, the third and fourth of which are in
// a state.
func sixth(third, fourth genesys.FileState) []genesys.Recording {
	return []genesys.Recording{
		recording(61, genesys.Call), recording(62, genesys.Call), {ID: ID(63), Medium: genesys.Call, FileState: third},
		{ID: ID(64), Medium: genesys.Call, FileState: fourth}, recording(65, genesys.Call),
	}
}

// arrived is how many files had come of the recordings that leave a bag for one of
// the lane Isolated, which contains the others.
var arrived = map[string]int{ID(62): 1, ID(63): 0, ID(64): 0, ID(65): 1}

// filesOf is how many files a recording has.
func filesOf(recording string) int {
	if recording == ID(65) {
		return 1
	}
	return 2
}

// left is a conversation of which recordings left another bag.
func left(n int, recordings ...int) evidence.Conversation {
	c := conversation(n)
	c.Left = true
	for _, r := range recordings {
		c.Only = append(c.Only, ID(r))
	}
	return c
}

func conversation(n int) evidence.Conversation {
	surveyed := Day.AddDate(0, 0, 2).Add(time.Hour + time.Minute)
	return evidence.Conversation{ID: ID(n), Start: Day.Add(time.Duration(n) * time.Hour), Held: evidence.HoldAnswer{At: surveyed}}
}

func recording(n int, medium genesys.Medium) genesys.Recording {
	return genesys.Recording{ID: ID(n), Medium: medium, FileState: genesys.FileAvailable}
}

// metadata is what Genesys Cloud says of recordings.
func metadata(recordings []genesys.Recording) []byte {
	if recordings == nil {
		return nil
	}
	type one struct {
		ID    string `json:"id"`
		Media string `json:"media"`
		State string `json:"fileState"`
	}
	list := make([]one, len(recordings))
	for i, r := range recordings {
		list[i] = one{r.ID, string(r.Medium), string(r.FileState)}
	}
	content, err := json.Marshal(list)
	if err != nil {
		return nil
	}
	return content
}
