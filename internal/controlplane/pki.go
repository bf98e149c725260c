package controlplane

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// pki is the key material of a control plane, in a directory.
type pki struct {
	folder string
	// etcd and server are the certificates of etcd, and of kube-apiserver where it
	// asks etcd.
	etcd, server pair
}

// newPKI makes what is missing: the key that signs the tokens of service
// accounts, and the token of the one person that the control plane serves. The
// certificates for etcd are made at each start.
func newPKI(folder string) (pki, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return pki{}, err
	}
	p := pki{folder, pair{folder, "etcd"}, pair{folder, "etcd-client"}}
	if err := p.certify(); err != nil {
		return p, err
	}
	err := once(p.serviceAccountKey(), func() ([]byte, error) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), nil
	})
	return p, errors.Join(err, once(p.tokens(), func() ([]byte, error) {
		return fmt.Appendf(nil, "%s,admin,admin,system:masters\n", rand.Text()), nil
	}))
}

// once makes a file, unless it is there.
func once(path string, content func() ([]byte, error)) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	made, err := content()
	if err != nil {
		return err
	}
	return os.WriteFile(path, made, 0o600)
}

func (p pki) serviceAccountKey() string { return filepath.Join(p.folder, "service-account.key") }

// tokens is kube-apiserver's static token file: token, user, uid, group.
func (p pki) tokens() string { return filepath.Join(p.folder, "tokens.csv") }

// serving is where kube-apiserver puts a certificate that it signs itself.
func (p pki) serving() string { return filepath.Join(p.folder, "serving") }

func (p pki) certificate() string { return filepath.Join(p.serving(), "apiserver.crt") }

// token returns the person's token.
func (p pki) token() (string, error) {
	content, err := os.ReadFile(p.tokens())
	if err != nil {
		return "", err
	}
	for i, c := range content {
		if c == ',' {
			return string(content[:i]), nil
		}
	}
	return "", fmt.Errorf("%s contains no token", p.tokens())
}
