// Package silentserver gives tests an HTTP server that takes requests and never answers them.
package silentserver

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Start starts a server that never answers a request, unless answered returns a handler for it.
// It returns the server's URL. The server is closed when the test ends.
func Start(t testing.TB, answered func(*http.Request) http.Handler) (endpoint string) {
	t.Helper()
	until := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handler := answered(r); handler != nil {
			handler.ServeHTTP(w, r)
			return
		}
		// A server learns that a client has left only once the request is read.
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		select {
		case <-until:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() {
		close(until)
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}
