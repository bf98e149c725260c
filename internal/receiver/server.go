package receiver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/net/netutil"
	"k8s.io/client-go/util/cert"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
)

// Limits of connections.
const (
	maxConnections = 256
	maxHeader      = 16 << 10
	headerTimeout  = 5 * time.Second
	readTimeout    = 10 * time.Second
	writeTimeout   = 30 * time.Second
	idleTimeout    = time.Minute
	shutdownLimit  = 20 * time.Second
)

// Server serves a Handler over HTTPS. Every replica runs it, not only the leader.
type Server struct {
	// Address to listen at.
	Address string
	// CertDir has tls.crt and tls.key, which are read again when they change. If it is empty, the
	// server makes a certificate that nobody has signed.
	CertDir string
	Handler http.Handler
	Log     logr.Logger
	// Listening, if it is set, is told the address once the server listens.
	Listening func(net.Addr)
}

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (s *Server) NeedLeaderElection() bool { return false }

// Start serves until the context ends, and then finishes requests in flight.
func (s *Server) Start(ctx context.Context) error {
	config, err := s.tls(ctx)
	if err != nil {
		return fmt.Errorf("prepare TLS for events: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Address)
	if err != nil {
		return fmt.Errorf("listen for events: %w", err)
	}
	if s.Listening != nil {
		s.Listening(listener.Addr())
	}
	server := &http.Server{
		Handler: s.Handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, TLSConfig: config, Protocols: &http.Protocols{},
	}
	server.Protocols.SetHTTP1(true)
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit)
		defer cancel()
		stopped <- server.Shutdown(ending)
	}()
	err = server.ServeTLS(netutil.LimitListener(listener, maxConnections), "", "")
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve events: %w", err)
	}
	return <-stopped
}

// tls returns the configuration with the server's certificate.
func (s *Server) tls(ctx context.Context) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS13}
	if s.CertDir == "" {
		certificate, key, err := cert.GenerateSelfSignedCertKeyWithFixtures("localhost", []net.IP{{127, 0, 0, 1}}, nil, "")
		if err != nil {
			return nil, err
		}
		pair, err := tls.X509KeyPair(certificate, key)
		config.Certificates = []tls.Certificate{pair}
		return config, err
	}
	watcher, err := certwatcher.New(filepath.Join(s.CertDir, "tls.crt"), filepath.Join(s.CertDir, "tls.key"))
	if err != nil {
		return nil, err
	}
	go func() {
		if err := watcher.Start(ctx); err != nil {
			s.Log.Error(err, "Failed to watch the certificate for events; restart the manager to use a new one")
		}
	}()
	config.GetCertificate = watcher.GetCertificate
	return config, nil
}
