package controlplane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// pair is a certificate and its key, each in a file.
type pair struct{ folder, name string }

func (p pair) certificate() string { return filepath.Join(p.folder, p.name+".crt") }

func (p pair) key() string { return filepath.Join(p.folder, p.name+".key") }

// authority is the certificate of the authority that etcd trusts, whose key exists
// only while the certificates are made.
func (p pki) authority() string { return filepath.Join(p.folder, "etcd-authority.crt") }

// clientTLS is how etcd is asked: as kube-apiserver asks it.
func (p pki) clientTLS() (*tls.Config, error) {
	own, err := tls.LoadX509KeyPair(p.server.certificate(), p.server.key())
	if err != nil {
		return nil, err
	}
	trusted, err := os.ReadFile(p.authority())
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(trusted) {
		return nil, errors.New("no certificate in " + p.authority())
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{own}, RootCAs: pool}, nil
}

// certify makes an authority, and has it certify etcd and kube-apiserver.
func (p pki) certify() error {
	authority, err := newCertificate("etcd authority of a standalone control plane")
	if err != nil {
		return err
	}
	authority.template.IsCA, authority.template.BasicConstraintsValid = true, true
	authority.template.KeyUsage = x509.KeyUsageCertSign
	signed, err := authority.signedBy(authority)
	if err != nil {
		return err
	}
	if err := writePEM(p.authority(), "CERTIFICATE", signed); err != nil {
		return err
	}
	for _, to := range []pair{p.etcd, p.server} {
		if err := to.certifyBy(authority); err != nil {
			return err
		}
	}
	return nil
}

// certifyBy makes a key and has an authority certify it, for both sides of a
// connection on this machine: etcd asks itself too.
func (p pair) certifyBy(authority certificate) error {
	made, err := newCertificate(p.name)
	if err != nil {
		return err
	}
	made.template.KeyUsage = x509.KeyUsageDigitalSignature
	made.template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	made.template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	signed, err := made.signedBy(authority)
	if err != nil {
		return err
	}
	key, err := x509.MarshalECPrivateKey(made.key)
	if err != nil {
		return err
	}
	return errors.Join(writePEM(p.certificate(), "CERTIFICATE", signed), writePEM(p.key(), "EC PRIVATE KEY", key))
}

// certificate is one in the making.
type certificate struct {
	template *x509.Certificate
	key      *ecdsa.PrivateKey
}

// newCertificate begins a certificate that is valid for as long as anybody may run
// the control plane without a restart, whatever the clock says.
func newCertificate(name string) (certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, err
	}
	const bits = 127
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), bits))
	if err != nil {
		return certificate{}, err
	}
	return certificate{&x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, time.January, 1, 0, 0, 0, 0, time.UTC),
	}, key}, nil
}

func (c certificate) signedBy(authority certificate) ([]byte, error) {
	return x509.CreateCertificate(rand.Reader, c.template, authority.template, c.key.Public(), authority.key)
}

// writePEM writes a file that only its owner can read, in the place of an older one.
func writePEM(path, kind string, content []byte) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600)
}
