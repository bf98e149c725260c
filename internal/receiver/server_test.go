package receiver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/client-go/util/cert"
)

// serve runs a server until the test ends, and returns its address.
func serve(t *testing.T, certDir string) string {
	t.Helper()
	listening := make(chan net.Addr, 1)
	server := &Server{
		Address: "127.0.0.1:0", CertDir: certDir, Handler: newHandler(&fakeTriggers{}), Log: logr.Discard(), Listening: func(a net.Addr) { listening <- a },
	}
	if server.NeedLeaderElection() {
		t.Error("only the leader would serve")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case address := <-listening:
		return address.String()
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
		return ""
	}
}

func get(address string, config *tls.Config) (int, error) {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	response, err := client.Get("https://" + address + "/")
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// TestTLS: the server shows the certificate that it is given, or one of its own, and speaks no old version of TLS.
func TestTLS(t *testing.T) {
	certificate, key, err := cert.GenerateSelfSignedCertKeyWithFixtures("localhost", []net.IP{{127, 0, 0, 1}}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	for name, content := range map[string][]byte{"tls.crt": certificate, "tls.key": key} {
		if err := os.WriteFile(filepath.Join(directory, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate)
	given, own := serve(t, directory), serve(t, "")
	if status, err := get(given, &tls.Config{RootCAs: roots}); status != http.StatusNotFound {
		t.Errorf("with the given certificate: %d, %v", status, err)
	}
	if status, err := get(own, &tls.Config{InsecureSkipVerify: true}); status != http.StatusNotFound {
		t.Errorf("with its own certificate: %d, %v", status, err)
	}
	if _, err := get(own, &tls.Config{RootCAs: roots}); err == nil {
		t.Error("somebody has signed its own certificate")
	}
	if _, err := get(given, &tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS12}); err == nil {
		t.Error("it speaks TLS 1.2")
	}
}

// TestWhatCannotBeServed: a missing certificate and a used address end the manager with an error that says so.
func TestWhatCannotBeServed(t *testing.T) {
	for name, server := range map[string]*Server{
		"no certificate": {Address: "127.0.0.1:0", CertDir: t.TempDir()},
		"a used address": {Address: serve(t, "")},
	} {
		if err := server.Start(t.Context()); err == nil {
			t.Errorf("%s: it serves", name)
		}
	}
}
