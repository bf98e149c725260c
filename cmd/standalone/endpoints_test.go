package main

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/egress"
)

// TestNamedEndpoints: what the manifests name is allowed, for that purpose, at that
// port and scheme, and nothing else.
func TestNamedEndpoints(t *testing.T) {
	file := filepath.Join(t.TempDir(), "manifests.yaml")
	if err := os.WriteFile(file, []byte(`
{apiVersion: v1, kind: GenesysOrganization, metadata: {name: a}, spec: {endpoint: "http://127.0.0.1:8686"}}
---
{apiVersion: v1, kind: ExportDestination, metadata: {name: b}, spec: {s3: {endpoint: "https://minio.test"}, signing: {timestamp: {url: "http://tsa.test/stamp"}}}}
---
{apiVersion: v1, kind: GenesysOrganization, metadata: {name: c}, spec: {endpoint: "::", region: 1}}
---
{apiVersion: v1, kind: RecordingExport, metadata: {name: d}, spec: {delivery: {bulkJob: {s3: {endpoint: "http://127.0.0.1:8687"}}}}}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	objects, err := readManifests([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	list := withNamed(egress.List{}, objects)
	for _, tt := range []struct {
		purpose egress.Purpose
		address string
		want    bool
	}{
		{egress.Genesys, "http://127.0.0.1:8686", true},
		{egress.Media, "http://127.0.0.1:8686/recordings/1", true},
		{egress.S3, "http://127.0.0.1:8686", false},
		{egress.Genesys, "https://127.0.0.1:8686", false},
		{egress.Genesys, "http://127.0.0.1:8687", false},
		{egress.S3, "http://127.0.0.1:8687", true},
		{egress.Media, "http://127.0.0.1:8687", false},
		{egress.S3, "https://minio.test:443", true},
		{egress.Genesys, "https://minio.test", false},
		{egress.Timestamp, "http://tsa.test:80/stamp", true},
		{egress.Media, "http://tsa.test", false},
	} {
		at, err := url.Parse(tt.address)
		if err != nil {
			t.Fatal(err)
		}
		if got := list.Allows(tt.purpose, at); got != tt.want {
			t.Errorf("%s=%s allowed: %t, want %t", tt.purpose, tt.address, got, tt.want)
		}
	}
}
