package report

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// stepTimeout is how long a browser on a busy machine may take for one step.
const stepTimeout = 2 * time.Minute

// browser is a headless Chromium that is spoken to in the DevTools protocol, over
// a pair of pipes: it listens on no port, and no library is needed.
type browser struct {
	*testing.T
	to      *os.File
	from    *bufio.Reader
	next    int
	session string
	// greeted tells that it has answered once.
	greeted bool
	events  []message
}

// message is a command, its answer, or an event.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// mostStarts is how often a test tries to start Chromium: one start in some
// hundreds crashes before it answers anything.
const mostStarts = 3

// open starts Chromium with one empty page.
func open(t *testing.T) *browser {
	t.Helper()
	b, quit := start(t)
	for starts := 1; ; starts++ {
		err := b.greet()
		if err == nil {
			break
		}
		quit()
		if starts == mostStarts {
			t.Fatalf("Chromium does not start: %v", err)
		}
		b, quit = start(t)
	}
	t.Cleanup(quit)
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var session struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &session)
	b.session = session.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network", "Accessibility"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

// start starts Chromium; quit ends it.
func start(t *testing.T) (b *browser, quit func()) {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("%v: run \"make browser\" once, as root", err)
	}
	theirIn, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--no-first-run", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	command.ExtraFiles = []*os.File{theirIn, theirOut} // its descriptors 3 and 4
	var says bytes.Buffer
	command.Stderr = &says
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = theirIn.Close(), theirOut.Close()
	b = &browser{T: t, to: to, from: bufio.NewReader(from)}
	return b, func() { b.quit(command, from, &says) }
}

// greet waits until the browser has answered anything.
func (b *browser) greet() error {
	err := b.send(message{ID: -2, Method: "Browser.getVersion"})
	for err == nil && !b.greeted {
		var m message
		m, err = b.read()
		b.greeted = m.ID == -2
	}
	return err
}

// quit ends the browser and waits for it.
func (b *browser) quit(command *exec.Cmd, from *os.File, says *bytes.Buffer) {
	b.session = ""
	if err := b.send(message{ID: -1, Method: "Browser.close"}); err != nil && b.greeted {
		b.Errorf("close Chromium: %v", err)
	}
	_ = b.to.Close()
	// Its remaining output is read, or it would wait for that.
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = b.from.WriteTo(new(bytes.Buffer))
	}()
	select {
	case <-ended:
	case <-time.After(stepTimeout):
		_ = command.Process.Kill()
	}
	_ = command.Wait()
	_ = from.Close()
	if b.Failed() || !b.greeted {
		b.Logf("Chromium said: %s", says.String())
	}
}

func (b *browser) send(m message) error {
	body, err := json.Marshal(m)
	if err == nil {
		_, err = b.to.Write(append(body, 0))
	}
	return err
}

// receive reads one message.
func (b *browser) receive() message {
	b.Helper()
	m, err := b.read()
	if err != nil {
		b.Fatalf("Chromium: %v", err)
	}
	return m
}

func (b *browser) read() (message, error) {
	type read struct {
		body []byte
		err  error
	}
	got := make(chan read, 1)
	go func() {
		body, err := b.from.ReadBytes(0)
		got <- read{body, err}
	}()
	ctx, cancel := context.WithTimeout(b.Context(), stepTimeout)
	defer cancel()
	var m message
	select {
	case r := <-got:
		if r.err != nil {
			return m, r.err
		}
		return m, json.Unmarshal(bytes.TrimSuffix(r.body, []byte{0}), &m)
	case <-ctx.Done():
		return m, errors.New("it does not answer")
	}
}

// call runs a command and reads its answer.
func (b *browser) call(method string, params, result any) {
	b.Helper()
	b.next++
	id := b.next
	raw, err := json.Marshal(params)
	if err == nil && params == nil {
		raw = nil
	}
	if err == nil {
		err = b.send(message{ID: id, Session: b.session, Method: method, Params: raw})
	}
	if err != nil {
		b.Fatalf("%s: %v", method, err)
	}
	for {
		m := b.receive()
		if m.ID == 0 {
			b.events = append(b.events, m)
			continue
		}
		if m.ID != id {
			continue
		}
		if m.Error != nil {
			b.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.Fatalf("%s: %v", method, err)
			}
		}
		return
	}
}

// await waits for an event.
func (b *browser) await(method string) {
	b.Helper()
	for i := 0; ; i++ {
		if i == len(b.events) {
			b.events = append(b.events, b.receive())
		}
		if b.events[i].Method == method {
			return
		}
	}
}

// visit opens a file and forgets what happened before.
func (b *browser) visit(path string) {
	b.Helper()
	b.events = nil
	b.call("Page.navigate", map[string]any{"url": "file://" + path}, nil)
	b.await("Page.loadEventFired")
}

// look is how a page is looked at.
type look struct {
	name   string
	width  int
	scheme string
	media  string
}

// show looks at the page in another way.
func (b *browser) show(l look) {
	b.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": l.width, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{
		"media": l.media, "features": []map[string]string{{"name": "prefers-color-scheme", "value": l.scheme}},
	}, nil)
}

// run evaluates an expression in the page.
func run[T any](b *browser, expression string) T {
	b.Helper()
	var got struct {
		Result struct {
			Value json.RawMessage
		}
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &got)
	var value T
	if got.ExceptionDetails != nil {
		b.Fatalf("%s: %s", expression, got.ExceptionDetails.Exception.Description)
	}
	if err := json.Unmarshal(got.Result.Value, &value); err != nil {
		b.Fatalf("%s gives %s: %v", expression, got.Result.Value, err)
	}
	return value
}

// picture takes a picture of the whole page, and keeps it (go test -artifacts).
func (b *browser) picture(name string) []byte {
	b.Helper()
	var shot struct{ Data []byte }
	b.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &shot)
	b.keep(name+".png", shot.Data)
	return shot.Data
}

// paper prints the page.
func (b *browser) paper(name string) []byte {
	b.Helper()
	var printed struct{ Data []byte }
	b.call("Page.printToPDF", map[string]any{"preferCSSPageSize": true}, &printed)
	b.keep(name+".pdf", printed.Data)
	return printed.Data
}

func (b *browser) keep(name string, content []byte) {
	b.Helper()
	if err := os.WriteFile(fmt.Sprintf("%s/%s", b.ArtifactDir(), name), content, 0o600); err != nil {
		b.Fatal(err)
	}
}
