package simulator

import (
	"encoding/json"
	"net/http"
)

// adminRoutes registers what is not Genesys Cloud's: a page that says so, and
// the endpoints by which scripts look behind the simulator. They ask for no
// token and do not appear in the journal.
func (s *Simulator) adminRoutes() {
	routes := map[string]http.HandlerFunc{
		"GET /{$}":                   s.index,
		"GET /_simulator/health":     s.health,
		"GET /_simulator/journal":    s.showJournal,
		"GET /_simulator/dataset":    s.showDataset,
		"GET /_simulator/faults":     s.showFaults,
		"POST /_simulator/faults":    s.postFault,
		"DELETE /_simulator/faults":  s.deleteFaults,
		"POST /_simulator/mutations": s.postMutation,
	}
	for pattern, answer := range routes {
		s.mux.HandleFunc(pattern, answer)
	}
}

const indexText = `Genesys Cloud simulator

This server behaves like the Genesys Cloud Platform API for recordings. It is
for trying out and testing an export; nothing here is real.

Log in:   curl -u CLIENT_ID:CLIENT_SECRET -d grant_type=client_credentials HOST/oauth/token
Ask:      curl -H 'Authorization: Bearer TOKEN' HOST/api/v2/organizations/me

GET    /_simulator/health
GET    /_simulator/dataset     what there is; ?full=true with every conversation and file
GET    /_simulator/journal     what was asked; ?full=true with every request
GET    /_simulator/faults      what goes wrong on purpose
POST   /_simulator/faults      make something go wrong, as
                               {"route":"GET /api/v2/conversations/{conversationId}/recordingmetadata",
                                "status":503,"count":3,"retryAfter":"2s"}
DELETE /_simulator/faults      let all go right again
POST   /_simulator/mutations   change something, as
                               {"setProtected":{"conversationId":"ID","protected":true}} or
                               {"setUploading":{"conversationId":"ID","recordingId":"ID","for":"30s"}} or
                               {"setJobTrouble":{"conversationId":"ID","trouble":"poisoned"}} or
                               {"addJobOfOthers":{"lasts":"1m"}}
`

func (s *Simulator) index(w http.ResponseWriter, _ *http.Request) {
	reply{status: http.StatusOK, contentType: "text/plain; charset=utf-8", body: []byte(indexText)}.send(w)
}

func (s *Simulator) health(w http.ResponseWriter, _ *http.Request) {
	ok(map[string]string{"status": "ok"}).send(w)
}

// full reports whether a request wants more than a summary.
func full(r *http.Request) bool { return r.URL.Query().Get("full") == "true" }

// journalView is the journal as the admin endpoint shows it.
type journalView struct {
	Requests     int                    `json:"requests"`
	Throttled    int                    `json:"throttled"`
	ServerErrors int                    `json:"serverErrors"`
	Counts       map[string]map[int]int `json:"counts"`
	Peaks        map[Load]int           `json:"peaks"`
	Windows      []Window               `json:"windows"`
	Entries      []Entry                `json:"entries,omitempty"`
}

func (s *Simulator) showJournal(w http.ResponseWriter, r *http.Request) {
	j := s.journal
	view := journalView{
		Requests:     j.Count("", 0),
		Throttled:    j.Throttled(),
		ServerErrors: j.ServerErrors(),
		Counts:       j.Counts(),
		Peaks:        map[Load]int{},
		Windows:      j.Windows(),
	}
	for _, load := range []Load{HeldScreenLoad, HeldLoad, NotHeldLoad} {
		view.Peaks[load] = j.Peak(load)
	}
	if full(r) {
		view.Entries = j.Entries()
	}
	ok(view).send(w)
}

// faultView is a fault as the admin endpoint shows it.
type faultView struct {
	Fault   Fault `json:"fault"`
	Matched int   `json:"matched"`
	Fired   int   `json:"fired"`
}

func (s *Simulator) showFaults(w http.ResponseWriter, _ *http.Request) {
	views := []faultView{}
	for _, f := range s.faults.list() {
		views = append(views, faultView{f.Fault, f.Matched, f.Fired})
	}
	ok(views).send(w)
}

func (s *Simulator) postFault(w http.ResponseWriter, r *http.Request) {
	var f Fault
	if !decodeAdmin(w, r, &f) {
		return
	}
	if err := f.CheckFields(); err != nil {
		adminError(w, http.StatusBadRequest, err)
		return
	}
	s.InjectFault(f)
	respond(http.StatusCreated, f).send(w)
}

func (s *Simulator) deleteFaults(w http.ResponseWriter, _ *http.Request) {
	s.ClearFaults()
	empty(http.StatusNoContent).send(w)
}

// decodeAdmin reads a body of JSON in which no field may be unknown; if it
// cannot, it says so and returns false.
func decodeAdmin(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		adminError(w, http.StatusBadRequest, err)
		return false
	}
	return true
}

func adminError(w http.ResponseWriter, status int, err error) {
	respond(status, map[string]string{"error": err.Error()}).send(w)
}
