package simulator

import (
	"errors"
	"net/http"
	"time"
)

// mutation is the body of POST /_simulator/mutations: one or more changes, made
// in this order.
type mutation struct {
	SetProtected *struct {
		ConversationID string `json:"conversationId"`
		Protected      bool   `json:"protected"`
	} `json:"setProtected"`
	SetListed *struct {
		ConversationID string `json:"conversationId"`
		Listed         bool   `json:"listed"`
	} `json:"setListed"`
	EndConversation *struct {
		ConversationID string    `json:"conversationId"`
		At             time.Time `json:"at"`
	} `json:"endConversation"`
	SetFileState *struct {
		ConversationID string    `json:"conversationId"`
		RecordingID    string    `json:"recordingId"`
		FileState      FileState `json:"fileState"`
	} `json:"setFileState"`
	SetUploading *struct {
		ConversationID string `json:"conversationId"`
		RecordingID    string `json:"recordingId"`
		For            span   `json:"for"`
	} `json:"setUploading"`
	SetRetention *struct {
		ConversationID string    `json:"conversationId"`
		RecordingID    string    `json:"recordingId"`
		ArchiveDate    time.Time `json:"archiveDate"`
		DeleteDate     time.Time `json:"deleteDate"`
	} `json:"setRetention"`
	SetJobTrouble *struct {
		ConversationID string     `json:"conversationId"`
		Trouble        JobTrouble `json:"trouble"`
	} `json:"setJobTrouble"`
	SetExportTrouble *struct {
		ConversationID string        `json:"conversationId"`
		RecordingID    string        `json:"recordingId"`
		Trouble        ExportTrouble `json:"trouble"`
	} `json:"setExportTrouble"`
	AddJobOfOthers *struct {
		Lasts span `json:"lasts"`
	} `json:"addJobOfOthers"`
	RevokeTokens *struct {
		ClientID string `json:"clientId"`
	} `json:"revokeTokens"`
	SetSecret *struct {
		ClientID string `json:"clientId"`
		Secret   string `json:"secret"`
	} `json:"setSecret"`
	SetPermission *struct {
		ClientID   string `json:"clientId"`
		Permission string `json:"permission"`
		Granted    bool   `json:"granted"`
	} `json:"setPermission"`
	ExpireResultURLs bool `json:"expireResultUrls"`
}

func (s *Simulator) postMutation(w http.ResponseWriter, r *http.Request) {
	var m mutation
	if !decodeAdmin(w, r, &m) {
		return
	}
	if err := errors.Join(s.mutateConversations(m), s.mutateJobs(m), s.mutateClients(m)); err != nil {
		adminError(w, http.StatusNotFound, err)
		return
	}
	if m.ExpireResultURLs {
		s.ExpireResultURLs()
	}
	empty(http.StatusNoContent).send(w)
}

func (s *Simulator) mutateConversations(m mutation) error {
	var errs []error
	if p := m.SetProtected; p != nil {
		errs = append(errs, s.SetProtected(p.ConversationID, p.Protected))
	}
	if l := m.SetListed; l != nil {
		errs = append(errs, s.SetListed(l.ConversationID, l.Listed))
	}
	if e := m.EndConversation; e != nil {
		at := e.At
		if at.IsZero() {
			at = s.now()
		}
		errs = append(errs, s.EndConversation(e.ConversationID, at))
	}
	if f := m.SetFileState; f != nil {
		errs = append(errs, s.SetFileState(f.ConversationID, f.RecordingID, f.FileState))
	}
	if u := m.SetUploading; u != nil {
		errs = append(errs, s.SetUploading(u.ConversationID, u.RecordingID, time.Duration(u.For)))
	}
	if r := m.SetRetention; r != nil {
		errs = append(errs, s.SetRetention(r.ConversationID, r.RecordingID, r.ArchiveDate, r.DeleteDate))
	}
	return errors.Join(errs...)
}

func (s *Simulator) mutateJobs(m mutation) error {
	var errs []error
	if j := m.SetJobTrouble; j != nil {
		errs = append(errs, s.SetJobTrouble(j.ConversationID, j.Trouble))
	}
	if e := m.SetExportTrouble; e != nil {
		errs = append(errs, s.SetExportTrouble(e.ConversationID, e.RecordingID, e.Trouble))
	}
	if j := m.AddJobOfOthers; j != nil {
		s.AddJobOfOthers(time.Duration(j.Lasts))
	}
	return errors.Join(errs...)
}

func (s *Simulator) mutateClients(m mutation) error {
	var errs []error
	if t := m.RevokeTokens; t != nil {
		errs = append(errs, s.RevokeTokens(t.ClientID))
	}
	if c := m.SetSecret; c != nil {
		errs = append(errs, s.SetSecret(c.ClientID, c.Secret))
	}
	if p := m.SetPermission; p != nil {
		errs = append(errs, s.SetPermission(p.ClientID, p.Permission, p.Granted))
	}
	return errors.Join(errs...)
}
