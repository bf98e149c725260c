// Package tsaserver gives tests a time-stamping authority of their own: openssl,
// asked over HTTP.
package tsaserver

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// settings of "openssl ts".
const settings = `
[tsa]
default_tsa = here
[here]
serial = FOLDER/serial
crypto_device = builtin
signer_cert = FOLDER/tsa.pem
certs = FOLDER/ca.pem
signer_key = FOLDER/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
`

// Server is a time-stamping authority.
type Server struct {
	// URL is where it is asked.
	URL string
	// CA is the file with the certificate that its answers are verified by.
	CA string

	folder string
	// answering is locked while openssl numbers its answers.
	answering sync.Mutex
}

// Start starts an authority with certificates of its own.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{folder: t.TempDir()}
	s.CA = s.file("ca.pem")
	for name, content := range map[string]string{
		"settings": strings.ReplaceAll(settings, "FOLDER", s.folder), "serial": "01\n",
		"extensions": "extendedKeyUsage=critical,timeStamping\n",
	} {
		if err := os.WriteFile(s.file(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	curve := []string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"}
	for _, arguments := range [][]string{
		append([]string{"req", "-x509", "-subj", "/CN=Test CA", "-days", "2", "-keyout", s.file("ca.key"), "-out", s.CA}, curve...),
		append([]string{"req", "-new", "-subj", "/CN=Test TSA", "-keyout", s.file("tsa.key"), "-out", s.file("tsa.csr")}, curve...),
		{
			"x509", "-req", "-in", s.file("tsa.csr"), "-CA", s.CA, "-CAkey", s.file("ca.key"), "-CAcreateserial", "-days", "2",
			"-extfile", s.file("extensions"), "-out", s.file("tsa.pem"),
		},
	} {
		if output, err := exec.CommandContext(t.Context(), "openssl", arguments...).CombinedOutput(); err != nil {
			t.Fatalf("openssl %s: %v: %s", arguments[0], err, output)
		}
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

func (s *Server) file(name string) string { return filepath.Join(s.folder, name) }

// ServeHTTP answers a question.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var answer []byte
	question, err := io.ReadAll(r.Body)
	if err == nil {
		answer, err = s.answer(r.Context(), question)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(answer)
}

func (s *Server) answer(ctx context.Context, question []byte) ([]byte, error) {
	s.answering.Lock()
	defer s.answering.Unlock()
	if err := os.WriteFile(s.file("question"), question, 0o600); err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, "openssl", "ts", "-reply", "-config", s.file("settings"), "-section", "here", "-queryfile", s.file("question")).Output()
}
