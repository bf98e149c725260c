package simulator

import (
	"net/http"
	"time"
)

// datasetView is the data set as the admin endpoint shows it.
type datasetView struct {
	Totals        Totals             `json:"totals"`
	Recordings    int                `json:"recordings"`
	S3Integration string             `json:"s3Integration"`
	Broken        string             `json:"brokenS3Integration"`
	Conversations []conversationView `json:"conversations,omitempty"`
}

type conversationView struct {
	ID         string          `json:"id"`
	Start      time.Time       `json:"start"`
	End        time.Time       `json:"end,omitzero"`
	Medium     Medium          `json:"medium"`
	Held       bool            `json:"held"`
	Recordings []recordingView `json:"recordings"`
}

type recordingView struct {
	ID           string     `json:"id"`
	Medium       Medium     `json:"medium"`
	FileState    FileState  `json:"fileState"`
	Sensitive    bool       `json:"sensitive"`
	ExportDate   time.Time  `json:"exportDate,omitzero"`
	ExportedDate time.Time  `json:"exportedDate,omitzero"`
	Files        []fileView `json:"files"`
}

type fileView struct {
	ContentType string `json:"contentType"`
	Size        int    `json:"size"`
	SHA256      string `json:"sha256"`
}

func (s *Simulator) showDataset(w http.ResponseWriter, r *http.Request) {
	d := s.Dataset()
	view := datasetView{Totals: d.Totals(), Recordings: len(d.Recordings())}
	view.S3Integration, view.Broken = s.S3Integrations()
	if full(r) {
		for _, c := range d.Conversations {
			view.Conversations = append(view.Conversations, viewConversation(c))
		}
	}
	ok(view).send(w)
}

func viewConversation(c Conversation) conversationView {
	view := conversationView{ID: c.ID, Start: c.Start, End: c.End, Medium: c.Medium, Held: c.Held, Recordings: []recordingView{}}
	for _, r := range c.Recordings {
		view.Recordings = append(view.Recordings, viewRecording(r))
	}
	return view
}

func viewRecording(r Recording) recordingView {
	view := recordingView{
		ID: r.ID, Medium: r.Medium, FileState: r.FileState, Sensitive: r.Sensitive,
		ExportDate: r.ExportDate, ExportedDate: r.ExportedDate,
	}
	for _, f := range r.Files() {
		view.Files = append(view.Files, fileView(f))
	}
	return view
}
