package s3store

import (
	"io"
	"net/http"

	"github.com/gcexport/recording-export-operator/internal/bounded"
)

// answers bounds every answer except the bytes of a file, before the SDK decodes it. The
// largest is a list of 1000 objects: at most 1024 bytes of key, three times as many when
// it is escaped, and about ten elements for each.
var answers = bounded.XML{Bytes: 8 << 20, Tags: 50_000}

// bounding bounds the answers of a transport.
type bounding struct{ http.RoundTripper }

// RoundTrip sends a request. Reading an answer that exceeds the bounds fails.
func (b bounding) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err != nil || isFile(r, response) {
		return response, err
	}
	response.Body = boundedBody{answers.Reader(response.Body), response.Body}
	return response, nil
}

// isFile tells whether an answer is the bytes of a file: the SDK marks the requests
// for them (x-id in the query, service/s3 v1.109.1 serializers.go).
func isFile(r *http.Request, response *http.Response) bool {
	ok := response.StatusCode == http.StatusOK || response.StatusCode == http.StatusPartialContent
	return ok && r.Method == http.MethodGet && r.URL.Query().Get("x-id") == "GetObject"
}

type boundedBody struct {
	io.Reader
	io.Closer
}
