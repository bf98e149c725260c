package receiver

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"

	"github.com/gcexport/recording-export-operator/internal/events"
)

const (
	// maxConcurrent bounds the requests that are handled at the same time, and so the memory: each
	// has a body of at most events.MaxBody.
	maxConcurrent = 64
	// acceptTimeout bounds how long accepting an event may take.
	acceptTimeout = 15 * time.Second
	// retryAfter tells senders when to retry, in seconds.
	retryAfter = "10"
)

// Handler handles requests with events.
type Handler struct {
	triggers Triggers
	now      func() time.Time
	log      logr.Logger
	room     chan struct{}
	rates    rates
	counts   counts
}

// NewHandler makes a handler.
func NewHandler(triggers Triggers, now func() time.Time, log logr.Logger) *Handler {
	return &Handler{triggers: triggers, now: now, log: log, room: make(chan struct{}, maxConcurrent)}
}

// ServeHTTP handles one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case h.room <- struct{}{}:
		defer func() { <-h.room }()
	default:
		h.finish(w, Name{}, refuse(http.StatusServiceUnavailable, "Busy", "the receiver handles too many requests"))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), acceptTimeout)
	defer cancel()
	known, response := h.handle(ctx, w, r)
	h.finish(w, known, response)
}

// handle decides about a request. The name is that of an existing trigger, or empty.
func (h *Handler) handle(ctx context.Context, w http.ResponseWriter, r *http.Request) (Name, answer) {
	name, isName := parse(r.URL.Path)
	if !isName {
		return Name{}, unknownTrigger
	}
	if r.Method != http.MethodPost {
		return Name{}, refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "send events with POST")
	}
	trigger, err := h.triggers.Find(ctx, name)
	switch {
	case errors.Is(err, ErrUnknown):
		return Name{}, unknownTrigger
	case err != nil:
		return name, h.failed(err, "Failed to prepare a trigger", name)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, events.MaxBody))
	if err != nil {
		return name, unreadable(err)
	}
	return name, h.decide(ctx, trigger, r.Header, body)
}

// decide decides about a request with this header and body.
func (h *Handler) decide(ctx context.Context, trigger Trigger, header http.Header, body []byte) answer {
	signed, err := events.Verify(trigger.Secrets, h.now(), header, body)
	if err != nil {
		return refusalOf(err)
	}
	if !h.rates.allow(trigger, h.now()) {
		return refuse(http.StatusTooManyRequests, "RateExceeded", "the trigger has accepted as many events as it may in a minute")
	}
	event, err := events.Read(header, body)
	if err != nil {
		return refusalOf(err)
	}
	if named := event.OrganizationID; named != "" && named != trigger.OrganizationID {
		if trigger.OrganizationID == "" {
			return refuse(http.StatusServiceUnavailable, "OrganizationUnknown", "the organisation of the trigger is not known yet")
		}
		return refuse(http.StatusForbidden, "OtherOrganization", "the event belongs to another organisation")
	}
	if !trigger.Wants(event) {
		return answer{status: http.StatusOK, Result: "Ignored", Message: "the trigger's filter ignores the event"}
	}
	receipt, err := h.triggers.Accept(ctx, trigger.Name, Delivery{Event: event, Signed: signed})
	return h.accepted(trigger.Name, receipt, err)
}

// accepted answers a request whose event was to be accepted.
func (h *Handler) accepted(name Name, receipt Receipt, err error) answer {
	switch {
	case errors.Is(err, ErrReplayed):
		return refuse(http.StatusConflict, "Replayed", "this request was accepted before")
	case errors.Is(err, ErrFull):
		return refuse(http.StatusTooManyRequests, "WindowFull", "the window has as many exports as it may have")
	case errors.Is(err, ErrUnknown):
		return unknownTrigger
	case err != nil:
		return h.failed(err, "Failed to accept an event", name)
	case receipt.IsDuplicate:
		return answer{status: http.StatusOK, Result: "Duplicate", Export: receipt.Export, Message: "the event was accepted before"}
	default:
		return answer{status: http.StatusAccepted, Result: "Accepted", Export: receipt.Export, Message: "the export has the conversation"}
	}
}

// failed logs an error that concerns the manager, and answers without it.
func (h *Handler) failed(err error, message string, name Name) answer {
	h.log.Error(err, message, "namespace", name.Namespace, "trigger", name.Name)
	return refuse(http.StatusServiceUnavailable, "Unavailable", "the event cannot be accepted now; see the RecordingExportTrigger and the manager's log")
}

// parse returns the name in a path, which has the only form that Name.Path gives it.
func parse(path string) (name Name, isName bool) {
	parts := strings.Split(path, "/")
	if len(parts) != 4 || len(path) > maxPath {
		return Name{}, false
	}
	name = Name{parts[2], parts[3]}
	return name, name.Namespace != "" && name.Name != "" && name.Path() == path
}

// maxPath bounds paths: names have at most 253 characters.
const maxPath = 400

// answer is a response.
type answer struct {
	status int
	// Result is Accepted, Duplicate or Ignored, or why the event was refused.
	Result  string `json:"result"`
	Message string `json:"message"`
	Export  string `json:"export,omitempty"`
}

func refuse(status int, result, message string) answer {
	return answer{status: status, Result: result, Message: message}
}

var unknownTrigger = refuse(http.StatusNotFound, "UnknownTrigger", "no trigger has this address")

// statuses of the reasons of package events.
var statuses = map[events.Reason]int{
	events.TooLarge: http.StatusRequestEntityTooLarge, events.UnsupportedContentType: http.StatusUnsupportedMediaType, events.Malformed: http.StatusBadRequest,
	events.SignatureMissing: http.StatusUnauthorized, events.SignatureStale: http.StatusUnauthorized, events.SignatureWrong: http.StatusUnauthorized,
}

// refusalOf is the answer to an error of package events.
func refusalOf(err error) answer {
	var refused *events.Error
	if !errors.As(err, &refused) {
		return refuse(http.StatusBadRequest, string(events.Malformed), "the event cannot be read")
	}
	return refuse(statuses[refused.Reason], string(refused.Reason), refused.Message)
}

// unreadable is the answer to a body that cannot be read as a whole.
func unreadable(err error) answer {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return refuse(http.StatusRequestEntityTooLarge, string(events.TooLarge), "the body is longer than 64 KiB")
	}
	return refuse(http.StatusBadRequest, "BodyIncomplete", "the body did not arrive as a whole")
}

// finish counts and sends an answer.
func (h *Handler) finish(w http.ResponseWriter, name Name, response answer) {
	h.counts.add(name, response.Result)
	if response.status == http.StatusServiceUnavailable || response.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", retryAfter)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(response.status)
	if err := json.NewEncoder(w).Encode(response); err != nil {
		h.log.V(1).Info("Failed to send an answer", "error", err.Error())
	}
}
