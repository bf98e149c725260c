package s3store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/egress"
)

// liar answers every request with a status and what is repeated without end.
func liar(t *testing.T, status int, begin, repeated string) Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, err := io.WriteString(w, begin)
		for block := strings.Repeat(repeated, 1000); err == nil; {
			_, err = io.WriteString(w, block)
		}
	}))
	t.Cleanup(server.Close)
	c := config(server.URL)
	c.attempts = 1
	return c
}

// TestAnswersThatWouldFillTheMemory: lists, errors and settings without end, deep
// or wide, are refused while they come.
func TestAnswersThatWouldFillTheMemory(t *testing.T) {
	const head = `<?xml version="1.0"?><ListBucketResult>`
	tests := map[string]struct {
		status          int
		begin, repeated string
	}{
		"a list without end":  {200, head, "<Contents><Key>a</Key></Contents>"},
		"a deep list":         {200, head, "<Contents>"},
		"a long key":          {200, head + "<Contents><Key>", "0123456789"},
		"an error":            {403, "<Error><Code>AccessDenied</Code><Message>", "0123456789"},
		"a deep error":        {500, "<Error>", "<Code>"},
		"a file that is none": {404, "<Error><Code>", "NoSuchKey"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			store := openStore(t, liar(t, tt.status, tt.begin, tt.repeated))
			for what, ask := range map[string]func() error{
				"list": func() error { _, err := fs.ReadDir(store.FS(t.Context()), "bags"); return err },
				"read": func() error {
					if tt.status == http.StatusOK {
						return errors.New("the bytes of a file are bounded by who reads them")
					}
					_, err := fs.ReadFile(store.FS(t.Context()), "bags/1")
					return err
				},
			} {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				err := ask()
				runtime.ReadMemStats(&after)
				if err == nil {
					t.Errorf("%s: no error", what)
				}
				if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 150 {
					t.Errorf("%s: %d MB were allocated: %v", what, took, err)
				}
			}
		})
	}
}

// TestAListOfAThousandObjects with the longest keys, escaped, is within the bound.
func TestAListOfAThousandObjects(t *testing.T) {
	var list strings.Builder
	list.WriteString(`<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>evidence</Name>`)
	for i := range 1000 {
		fmt.Fprintf(&list, `<Contents><Key>legal/case-1/bags/%s%04d</Key><LastModified>2023-10-01T00:00:00.000Z</LastModified><ETag>&quot;%032d&quot;</ETag>`+
			`<ChecksumAlgorithm>SHA256</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>1</Size><StorageClass>STANDARD</StorageClass>`+
			`<Owner><ID>%064d</ID><DisplayName>owner</DisplayName></Owner><RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress></RestoreStatus></Contents>`,
			strings.Repeat("%C3%A9", 500), i, i, i)
	}
	list.WriteString(`<IsTruncated>false</IsTruncated></ListBucketResult>`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, list.String()) }))
	t.Cleanup(server.Close)
	entries, err := fs.ReadDir(openStore(t, config(server.URL)).FS(t.Context()), "bags")
	if err != nil || len(entries) != 1000 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

// TestAnEndpointOfThisMachine is asked only by who has it on the list for S3.
func TestAnEndpointOfThisMachine(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	byName := "http://localhost:" + at.Port()
	for _, tt := range []struct {
		allowed, endpoint string
		good              bool
	}{
		{"", server.URL, false},
		{"genesys=" + server.URL, server.URL, false},
		{"s3=" + server.URL, server.URL, true},
		{"s3=" + server.URL, byName, false},
		{"s3=" + byName, byName, true},
		{"s3=" + byName, "https://localhost:" + at.Port(), false},
	} {
		list, err := egress.ParseList(tt.allowed)
		if err != nil {
			t.Fatal(err)
		}
		asked = 0
		c := config(tt.endpoint)
		c.attempts, c.HTTP = 1, NewHTTPClient(list)
		_, err = fs.ReadDir(openStore(t, c).FS(t.Context()), "bags")
		var failed *archive.Error
		if !errors.As(err, &failed) || (asked > 0) != tt.good {
			t.Errorf("%+v: asked %d times, %v", tt, asked, err)
		}
		if !tt.good && !strings.Contains(err.Error(), "start the manager with --allow-endpoints=s3="+tt.endpoint) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}
