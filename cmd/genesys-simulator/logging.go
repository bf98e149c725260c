package main

import (
	"log/slog"
	"net/http"
	"time"
)

// logged logs every request after it is answered. It leaves out the query, which may contain a
// signature.
func logged(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		recorder := &statusRecorder{ResponseWriter: w}
		// Deferred, because broken connections leave the handler by a panic.
		defer func() {
			log.Info("Answered request", "method", r.Method, "path", r.URL.EscapedPath(),
				"status", recorder.status, "duration", time.Since(began).Round(time.Microsecond))
		}()
		next.ServeHTTP(recorder, r)
	})
}

// statusRecorder records the status of the answer, 0 if there was none.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status and sends it.
func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
