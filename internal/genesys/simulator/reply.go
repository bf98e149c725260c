package simulator

import (
	"errors"
	"maps"
	"net"
	"net/http"
	"strconv"
)

// reply is an answer before it is sent.
type reply struct {
	status      int
	header      http.Header
	contentType string
	body        []byte
	// problem is the error that the body will report, if it is one: it learns
	// the correlation id from the call.
	problem *problem
	// cut sends half of the body and breaks the connection, reset breaks it
	// before a byte is sent. stands sends half of the body, and then nothing until
	// gone is closed.
	cut, reset, stands bool
	gone               <-chan struct{}
	// endless sends the body again and again, until the client goes away.
	endless bool
}

// respond answers with JSON.
func respond(status int, body any) reply {
	return reply{status: status, contentType: "application/json", body: encode(body)}
}

// ok answers 200 with JSON.
func ok(body any) reply { return respond(http.StatusOK, body) }

// empty answers with a status alone.
func empty(status int) reply { return reply{status: status} }

// abandoned is the answer to a client that did not wait for one.
func abandoned() reply { return reply{reset: true} }

// with adds what every answer to this call carries.
func (r reply) with(c *call) reply {
	header := maps.Clone(c.header)
	maps.Copy(header, r.header)
	r.header = header
	r.gone = c.Context().Done()
	if r.problem != nil {
		r.problem.ContextID = c.correlation
		r.body = encode(r.problem)
	}
	return r
}

// send writes the answer. It panics with http.ErrAbortHandler where the
// connection is to break, as net/http asks of handlers.
func (r reply) send(w http.ResponseWriter) {
	if r.reset {
		reset(w)
		return
	}
	maps.Copy(w.Header(), r.header)
	if r.contentType != "" {
		w.Header().Set("Content-Type", r.contentType)
	}
	if r.status != http.StatusNoContent && !r.endless {
		w.Header().Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	w.WriteHeader(r.status)
	body := r.body
	if r.cut || r.stands {
		body = body[:len(body)/2]
	}
	_, err := w.Write(body)
	for err == nil && r.endless && len(body) > 0 {
		_, err = w.Write(body)
	}
	if r.cut || r.stands {
		err = errors.Join(err, http.NewResponseController(w).Flush(), errCut)
	}
	if r.stands {
		<-r.gone
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
}

// errCut ends an answer that is to be cut.
var errCut = errors.New("cut")

// reset breaks the connection so that the client sees "connection reset", or at
// least an unexpected end where the connection cannot be reset.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	if tcp, isTCP := conn.(*net.TCPConn); isTCP {
		err = tcp.SetLinger(0) // without it, the connection would end in good order
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
}
