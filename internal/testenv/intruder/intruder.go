// Package intruder is another user of the machine that tests run on: it finds the
// ports that processes listen at, and asks each for everything without a
// certificate or a token. It reads /proc, so that it works on Linux alone.
package intruder

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Processes are the processes that have a text in their command line.
func Processes(t testing.TB, text string) (pids []int) {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		line, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(line, []byte(text)) {
			continue // it has ended, or is another one
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Port is where a process listens.
type Port struct {
	Process string
	// Address is as /proc/net/tcp writes it, in hexadecimal digits.
	Address string
	Number  int
}

// Ports are those that processes listen at, over TCP.
func Ports(t testing.TB, pids ...int) (ports []Port) {
	t.Helper()
	for _, pid := range pids {
		folder := fmt.Sprintf("/proc/%d", pid)
		name, err := os.ReadFile(folder + "/comm")
		if err != nil {
			t.Fatal(err)
		}
		held := sockets(t, folder)
		for _, table := range []string{"tcp", "tcp6"} {
			for _, fields := range listening(t, folder+"/net/"+table) {
				if !held[fields[9]] {
					continue
				}
				address, port, _ := strings.Cut(fields[1], ":")
				number, err := strconv.ParseUint(port, 16, 16)
				if err != nil {
					t.Fatal(err)
				}
				ports = append(ports, Port{strings.TrimSpace(string(name)), address, int(number)})
			}
		}
	}
	return ports
}

// sockets are the inodes of a process's sockets.
func sockets(t testing.TB, folder string) map[string]bool {
	t.Helper()
	files, err := os.ReadDir(folder + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	held := map[string]bool{}
	for _, file := range files {
		target, err := os.Readlink(folder + "/fd/" + file.Name())
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			held[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return held
}

// listening are the lines of a table of sockets that are listening.
func listening(t testing.TB, path string) (lines [][]string) {
	t.Helper()
	table, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = table.Close() }()
	const listen = "0A"
	for scanner := bufio.NewScanner(table); scanner.Scan(); {
		if fields := strings.Fields(scanner.Text()); len(fields) > 9 && fields[3] == listen {
			lines = append(lines, fields)
		}
	}
	return lines
}

// paths are what is worth asking for at any port of a control plane.
var paths = []string{
	"/", "/version", "/metrics", "/health", "/healthz", "/livez", "/readyz", "/configz", "/debug/pprof/", "/debug/pprof/heap", "/debug/vars",
	"/api/v1/secrets", "/api/v1/namespaces/legal/secrets/signing", "/apis", "/openapi/v2", "/openid/v1/jwks",
	"/members", "/version/cluster", "/v3/kv/range", "/v3/maintenance/snapshot", "/v2/keys", "/raft",
}

// Try asks a port for everything, in every way that needs neither a certificate nor
// a token of the one that listens, and fails the test if anything is answered.
func Try(t testing.TB, port Port, holds string) {
	t.Helper()
	const loopback, loopback6 = "0100007F", "00000000000000000000000001000000"
	if !slices.Contains([]string{loopback, loopback6}, port.Address) {
		t.Errorf("%s listens at port %d of more than this machine: %s", port.Process, port.Number, port.Address)
	}
	own := selfMade(t)
	for way, config := range map[string]*tls.Config{
		"without a certificate":       {InsecureSkipVerify: true},
		"with one of its own":         {InsecureSkipVerify: true, Certificates: []tls.Certificate{own}},
		"over HTTP/1.1 and TLS 1.2":   {InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12},
		"in plain text, without TLS ": nil,
	} {
		for _, header := range []string{"", "Bearer x", "Basic YWRtaW46YWRtaW4="} {
			for _, path := range paths {
				status, body := ask(t.Context(), port, path, config, header)
				if status != 0 && status < http.StatusBadRequest || strings.Contains(body, holds) {
					t.Errorf("%s, port %d, %s, authorization %q: %s answers %d: %.200s", port.Process, port.Number, way, header, path, status, body)
				}
			}
		}
	}
}

// ask makes one request; without an answer the status is 0.
func ask(ctx context.Context, port Port, path string, config *tls.Config, authorization string) (int, string) {
	scheme := "https"
	if config == nil {
		scheme = "http"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s://127.0.0.1:%d%s", scheme, port.Number, path), nil)
	if err != nil {
		return 0, ""
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	client := http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, ForceAttemptHTTP2: config != nil && config.MaxVersion == 0},
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	return response.StatusCode, string(body)
}

// selfMade is a certificate that bears the name of an administrator, and that
// nobody has signed.
func selfMade(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root", Organization: []string{"system:masters"}},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, time.January, 1, 0, 0, 0, 0, time.UTC),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	made, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{made}, PrivateKey: key}
}

// Readable are the files below a folder that another user could open: those whose
// rights, and those of all folders above them up to this one, let others in.
func Readable(t testing.TB, folder string) (open []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		const others = 0o007
		if info.Mode().Perm()&others == 0 {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		open = append(open, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return open
}

// InStorage reports whether a text is in a file below a folder, as it is or in
// hexadecimal digits: that it is there shows that looking for it elsewhere makes sense.
func InStorage(t testing.TB, folder, text string) (found bool) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		found = found || bytes.Contains(content, []byte(text)) || bytes.Contains(content, []byte(hex.EncodeToString([]byte(text))))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
