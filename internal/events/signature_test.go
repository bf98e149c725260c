package events

import (
	"bytes"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

var (
	signed  = time.Unix(1_800_000_000, 0)
	current = []byte("the current secret, 32 bytes long")
	next    = []byte("the next secret, also 32 bytes long")
)

// sign returns a request's header with its signature.
func sign(r request, secret []byte) http.Header {
	h := r.header.Clone()
	Sign(secret, signed, h, []byte(r.body))
	return h
}

func TestVerify(t *testing.T) {
	tests := map[string]struct {
		header  http.Header
		body    string
		now     time.Time
		secrets [][]byte
		reason  Reason
	}{
		"signed":                      {sign(webhook, current), webhook.body, signed, [][]byte{current}, ""},
		"with the first of two":       {sign(webhook, current), webhook.body, signed, [][]byte{current, next}, ""},
		"with the second of two":      {sign(webhook, next), webhook.body, signed, [][]byte{current, next}, ""},
		"five minutes ago":            {sign(webhook, current), webhook.body, signed.Add(Window), [][]byte{current}, ""},
		"in five minutes":             {sign(webhook, current), webhook.body, signed.Add(-Window), [][]byte{current}, ""},
		"binary":                      {sign(binary, current), binary.body, signed, [][]byte{current}, ""},
		"two signatures":              {header(TimestampHeader, "1800000000", SignatureHeader, "v1="+strings.Repeat("0", 64)+", "+sign(webhook, current).Get(SignatureHeader)), webhook.body, signed, [][]byte{current}, ""},
		"unsigned":                    {webhook.header, webhook.body, signed, [][]byte{current}, SignatureMissing},
		"with a retired secret":       {sign(webhook, next), webhook.body, signed, [][]byte{current}, SignatureWrong},
		"without secrets":             {sign(webhook, nil), webhook.body, signed, nil, SignatureWrong},
		"another body":                {sign(webhook, current), webhook.body + " ", signed, [][]byte{current}, SignatureWrong},
		"another attribute":           {with(sign(binary, current), "Ce-Id", "e-2"), binary.body, signed, [][]byte{current}, SignatureWrong},
		"one more attribute":          {with(sign(binary, current), "Ce-Subject", "x"), binary.body, signed, [][]byte{current}, SignatureWrong},
		"another time":                {with(sign(webhook, current), TimestampHeader, "1800000001"), webhook.body, signed, [][]byte{current}, SignatureWrong},
		"stale":                       {sign(webhook, current), webhook.body, signed.Add(Window + time.Second), [][]byte{current}, SignatureStale},
		"in the future":               {sign(webhook, current), webhook.body, signed.Add(-Window - time.Second), [][]byte{current}, SignatureStale},
		"no time":                     {with(sign(webhook, current), TimestampHeader, "now"), webhook.body, signed, [][]byte{current}, SignatureMissing},
		"a time in another form":      {with(sign(webhook, current), TimestampHeader, "+1800000000"), webhook.body, signed, [][]byte{current}, SignatureMissing},
		"no scheme":                   {with(sign(webhook, current), SignatureHeader, strings.Repeat("0", 64)), webhook.body, signed, [][]byte{current}, SignatureMissing},
		"a short signature":           {with(sign(webhook, current), SignatureHeader, "v1=00"), webhook.body, signed, [][]byte{current}, SignatureMissing},
		"many signatures":             {with(sign(webhook, current), SignatureHeader, strings.Repeat(sign(webhook, current).Get(SignatureHeader)+",", 5)), webhook.body, signed, [][]byte{current}, SignatureMissing},
		"two headers with signatures": {add(sign(webhook, current), SignatureHeader, "v1="+strings.Repeat("0", 64)), webhook.body, signed, [][]byte{current}, SignatureMissing},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			at, err := Verify(tt.secrets, tt.now, tt.header, []byte(tt.body))
			var refused *Error
			if errors.As(err, &refused); err == nil && !at.Equal(signed) || tt.reason == "" && err != nil || tt.reason != "" && (refused == nil || refused.Reason != tt.reason) {
				t.Errorf("signed at %v, %v; want %q", at, err, tt.reason)
			}
		})
	}
}

func with(h http.Header, name, value string) http.Header {
	h.Set(name, value)
	return h
}

func add(h http.Header, name, value string) http.Header {
	h.Add(name, value)
	return h
}

// TestAShellSigns: the command in docs/events.md makes the same signature.
func TestAShellSigns(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("openssl is missing: make openssl")
	}
	command := exec.CommandContext(t.Context(), "sh", "-c", `printf '%s.%s' 1800000000 "$BODY" | openssl dgst -sha256 -hmac "$SECRET" -r | cut -d' ' -f1`)
	command.Env = append(command.Environ(), "BODY="+webhook.body, "SECRET="+string(current))
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := "v1="+strings.TrimSpace(string(output)), sign(webhook, current).Get(SignatureHeader); got != want {
		t.Errorf("the shell makes %s, this package %s", got, want)
	}
}

// FuzzVerify: only the signed request is accepted.
func FuzzVerify(f *testing.F) {
	genuine := sign(webhook, current)
	f.Add(genuine.Get(TimestampHeader), genuine.Get(SignatureHeader), "", []byte(webhook.body))
	f.Add("1800000000", "v1=", "e-1", []byte("{}"))
	f.Fuzz(func(t *testing.T, stamp, signature, id string, body []byte) {
		h := header(TimestampHeader, stamp, SignatureHeader, signature)
		if id != "" {
			h.Set("Ce-Id", id)
		}
		if _, err := Verify([][]byte{current, next}, signed, h, body); err != nil {
			return
		}
		if stamp != "1800000000" || id != "" || !bytes.Equal(body, []byte(webhook.body)) {
			t.Fatalf("accepted %q %q %q %q", stamp, signature, id, body)
		}
	})
}
