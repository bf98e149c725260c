package genesys

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// printed is v as everything prints it that can print.
func printed(t *testing.T, v any) string {
	t.Helper()
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&out, verb+"\n", v)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("as JSON", "value", v)
	slog.New(slog.NewTextHandler(&out, nil)).Info("as text", "value", v)
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(data)
	return out.String()
}

func TestCredentialsHideTheirSecret(t *testing.T) {
	c := Credentials{ClientID: "client", ClientSecret: "MARKER"}
	for name, v := range map[string]any{
		"value": c, "pointer": &c, "in a struct": struct{ C Credentials }{c}, "in a list": []Credentials{c},
	} {
		t.Run(name, func(t *testing.T) {
			got := printed(t, v)
			if strings.Contains(got, "MARKER") || strings.Contains(got, fmt.Sprintf("%x", "MARKER")) {
				t.Errorf("the secret shows:\n%s", got)
			}
			if !strings.Contains(got, "client:[redacted]") {
				t.Errorf("the client does not show:\n%s", got)
			}
		})
	}
}

func TestSignedURLHidesAllButItsHost(t *testing.T) {
	u := NewSignedURL("https://media.example/MARKER/a?X-Amz-Signature=MARKER")
	for name, v := range map[string]any{
		"value": u, "pointer": &u, "in a result": BatchResult{URL: u},
	} {
		t.Run(name, func(t *testing.T) {
			got := printed(t, v)
			if strings.Contains(got, "MARKER") || strings.Contains(got, fmt.Sprintf("%x", "MARKER")) {
				t.Errorf("the address shows:\n%s", got)
			}
			if !strings.Contains(got, "https://media.example/[redacted]") {
				t.Errorf("the host does not show:\n%s", got)
			}
		})
	}
	if got := u.Reveal(); !strings.HasSuffix(got, "=MARKER") {
		t.Errorf("revealed %q", got)
	}
}

func TestSignedURLWithoutHost(t *testing.T) {
	for _, raw := range []string{"", "https://a b/%zz?MARKER"} {
		if got := NewSignedURL(raw).String(); got != redacted {
			t.Errorf("%q: got %q", raw, got)
		}
	}
	if !NewSignedURL("").Empty() || NewSignedURL("x").Empty() {
		t.Error("Empty is wrong")
	}
}
