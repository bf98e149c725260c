package simulator

import (
	"bytes"
	"compress/gzip"
	"maps"
	"net/http"
	"strings"
	"sync"
)

// bombTimes is how many empty objects a bomb contains: 60 MB of them.
const bombTimes = 20_000_000

// deepTimes is how deep a deep answer is.
const deepTimes = 100_000

// bomb is the gzip of many empty objects, which is made once.
var bomb = sync.OnceValue(func() []byte {
	var body bytes.Buffer
	to := gzip.NewWriter(&body)
	block := []byte(strings.Repeat("{},", 1<<10))
	_, _ = to.Write([]byte("["))
	for range bombTimes >> 10 {
		_, _ = to.Write(block)
	}
	_, _ = to.Write([]byte("{}]"))
	_ = to.Close()
	return body.Bytes()
})

// burden makes an answer into one that takes much more memory than bytes.
func (f *fault) burden(answer reply) reply {
	if f.Body == Deep {
		answer.body = []byte(strings.Repeat("[", deepTimes) + strings.Repeat("]", deepTimes))
		return answer
	}
	answer.header = maps.Clone(answer.header)
	if answer.header == nil {
		answer.header = http.Header{}
	}
	answer.header.Set("Content-Encoding", "gzip")
	answer.body = bomb()
	return answer
}

// toward makes an answer into a redirect.
func (r reply) toward(address string) reply {
	r.header = maps.Clone(r.header)
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set("Location", address)
	r.status, r.body, r.contentType = http.StatusFound, nil, ""
	return r
}
