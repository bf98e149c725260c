package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The simulator's OAuth client.
const (
	clientID     = "4f1c7a52-7d0e-4b67-9b0e-2c5d1f0a8e31"
	clientSecret = "simulator-secret"
)

var client = &http.Client{Timeout: 30 * time.Second}

// cloud is the simulated organisation, by its base URL.
type cloud string

// login returns a token for call.
func (c cloud) login(ctx context.Context) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, string(c)+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.SetBasicAuth(clientID, clientSecret)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	return answer.AccessToken, send(request, &answer)
}

// call sends a request of the Platform API.
func (c cloud) call(ctx context.Context, token, method, path, body string, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, string(c)+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	return send(request, into)
}

// look asks the simulator about itself, which needs no token.
func (c cloud) look(ctx context.Context, path string, into any) error {
	return c.call(ctx, "", http.MethodGet, path, "", into)
}

// send sends a request and decodes the answer, unless into is nil.
func send(request *http.Request, into any) error {
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s: %s", request.Method, request.URL.Path, response.Status, body)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(body, into)
}
