package simulator

import (
	"net/http"
	"time"
)

// datasetView is the data set as the admin endpoint shows it.
type datasetView struct {
	Totals        Totals `json:"totals"`
	Recordings    int    `json:"recordings"`
	S3Integration string `json:"s3Integration"`
	Broken        string `json:"brokenS3Integration"`
	// RetentionChanges are the dates that clients changed without restoring anything.
	RetentionChanges []RetentionChange  `json:"retentionChanges"`
	Orphans          int                `json:"orphans"`
	OrphanRecordings []orphanView       `json:"orphanRecordings,omitempty"`
	Conversations    []conversationView `json:"conversations,omitempty"`
}

type orphanView struct {
	ID             string       `json:"id"`
	ConversationID string       `json:"conversationId,omitempty"`
	Created        time.Time    `json:"created"`
	Medium         Medium       `json:"medium"`
	Size           int          `json:"size"`
	FileState      FileState    `json:"fileState"`
	Status         OrphanStatus `json:"status"`
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
	ArchiveDate  time.Time  `json:"archiveDate,omitzero"`
	DeleteDate   time.Time  `json:"deleteDate,omitzero"`
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
	view := datasetView{Totals: d.Totals(), Recordings: len(d.Recordings()), Orphans: len(d.Orphans), RetentionChanges: nonNil(s.RetentionChanges())}
	view.S3Integration, view.Broken = s.S3Integrations()
	if full(r) {
		for _, o := range d.Orphans {
			view.OrphanRecordings = append(view.OrphanRecordings, orphanView(o))
		}
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
		ArchiveDate: r.ArchiveDate, DeleteDate: r.DeleteDate, ExportDate: r.ExportDate, ExportedDate: r.ExportedDate,
	}
	for _, f := range r.Files() {
		view.Files = append(view.Files, fileView(f))
	}
	return view
}
