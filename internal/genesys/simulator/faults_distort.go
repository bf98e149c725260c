package simulator

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// distort answers a call in the way of the fault.
func (f *fault) distort(s *Simulator, c *call) reply {
	var answer reply
	hidden := f.Status != 0 || f.Reset
	if !hidden || f.Applied {
		answer = c.route.answer(s, c)
	}
	if f.Status != 0 {
		answer = f.failure(c)
	}
	return f.spoil(c, answer.with(c))
}

// failure is the error that the fault answers with.
func (f *fault) failure(c *call) reply {
	seconds := int(math.Ceil(f.RetryAfter.Seconds()))
	answer := fail(f.Status, codeOf(c.route.pattern, f.Status), "Injected fault: "+http.StatusText(f.Status)+".")
	if f.Status == http.StatusTooManyRequests {
		seconds = max(seconds, 1)
		answer = throttled(seconds)
	}
	answer.header = http.Header{}
	if seconds > 0 {
		answer.header.Set("Retry-After", strconv.Itoa(seconds))
	}
	if allowed := c.header.Get(headerAllowed); f.Status == http.StatusTooManyRequests && !f.OwnLimit && allowed != "" {
		answer.header.Set(headerCount, allowed)
		answer.header.Set(headerReset, strconv.Itoa(seconds))
	}
	if f.Code != "" {
		answer.problem.Code = f.Code
	}
	if f.Message != "" {
		answer.problem.Message = f.Message
	}
	return answer
}

// absences are the codes that the Platform API documents for the 404 of single
// routes, besides the generic one.
var absences = map[string]string{
	RouteMetadata:        "conversation.not.found",
	RouteRecordings:      "conversation.not.found",
	RouteMetadataOne:     "recording.recording.not.found",
	RouteProtectionQuery: "recording.conversation.not.found",
	RouteProtect:         "recording.conversation.not.found",
	RouteRestore:         "recording.not.archivable",
	RouteBatch:           "batch.download.job.not.found",
}

// codeOf is the code that the Platform API documents for a status of a route.
func codeOf(route string, status int) string {
	if code, found := absences[route]; found && status == http.StatusNotFound {
		return code
	}
	codes := map[int]string{
		http.StatusBadRequest:            "bad.request",
		http.StatusUnauthorized:          "bad.credentials",
		http.StatusForbidden:             "not.authorized",
		http.StatusNotFound:              "not.found",
		http.StatusRequestTimeout:        "client.timeout",
		http.StatusRequestEntityTooLarge: "request.entity.too.large",
		http.StatusUnsupportedMediaType:  "unsupported.media.type",
		http.StatusNotImplemented:        "not.implemented",
		http.StatusServiceUnavailable:    "service.unavailable",
		http.StatusGatewayTimeout:        "request.timeout",
	}
	if code, found := codes[status]; found {
		return code
	}
	return "internal.server.error"
}

// spoil changes the bytes of an answer.
func (f *fault) spoil(c *call, answer reply) reply {
	answer.reset = f.Reset
	if f.Reset {
		answer.status = 0
	}
	answer.body = f.rewrite(c, answer.body)
	answer = f.replace(answer)
	if f.Redirect != "" {
		answer = answer.toward(f.Redirect)
	}
	return answer
}

// rewrite changes what a body says.
func (f *fault) rewrite(c *call, body []byte) []byte {
	if f.BadDates {
		body = isoDate.ReplaceAll(body, []byte(`"$1+0000"`))
	}
	if f.UnknownFields || f.UnknownValues {
		body = f.addUnknowns(body)
	}
	if f.Results != "" || f.ResultBase != "" {
		body = f.mislist(body)
	}
	if f.Pages != "" {
		body = f.mispage(c, body)
	}
	if f.State != "" {
		body = f.misstate(body)
	}
	return body
}

// replace puts another body in the place of an answer's, or spoils how it is sent.
func (f *fault) replace(answer reply) reply {
	switch f.Body {
	case HTML:
		answer.contentType = "text/html"
		answer.body = []byte(errorPage)
	case Page:
		answer.body = []byte(errorPage)
	case Empty:
		answer.body = nil
	case Null:
		answer.body = []byte("null")
	case Truncated:
		answer.cut = true
	case Standing:
		answer.stands = true
	case Bomb, Deep:
		answer = f.burden(answer)
	case Flood:
		answer.endless = true
	}
	return answer
}

// errorPage is that of some proxy.
const errorPage = "<html><head><title>Bad Gateway</title></head><body>upstream gone</body></html>\n"

// mislist lists the results of a batch request otherwise; other bodies stay.
func (f *fault) mislist(body []byte) []byte {
	var status batchStatus
	if json.Unmarshal(body, &status) != nil {
		return body
	}
	if f.Results == Reversed {
		slices.Reverse(status.Results)
	}
	if f.Results == Stray && len(status.Results) > 0 {
		stray := status.Results[0]
		stray.RecordingID = newUUID()
		status.Results = append([]batchResult{stray}, status.Results...)
	}
	for i := range status.Results {
		f.mislistOne(&status.Results[i])
	}
	return encode(status)
}

func (f *fault) mislistOne(result *batchResult) {
	if about := f.RecordingID == "" || f.RecordingID == result.RecordingID; about && f.ResultBase != "" {
		result.ResultURL = at(f.ResultBase, result.ResultURL)
	}
	switch f.Results {
	default: // not about each by itself
	case Capitals:
		result.ConversationID, result.RecordingID = strings.ToUpper(result.ConversationID), strings.ToUpper(result.RecordingID)
	case Retyped:
		result.ContentType = "application/octet-stream"
	case Resigned:
		if result.ResultURL != "" {
			result.ResultURL += "&Nonce=" + newUUID() // which the signature does not cover
		}
	}
}

// at is an address below another base; one that is empty stays.
func at(base, address string) string {
	made, err := url.Parse(address)
	if err != nil || address == "" {
		return address
	}
	return base + made.RequestURI()
}

// isoDate matches a date in JSON, not an interval.
var isoDate = regexp.MustCompile(`"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z"`)

// addUnknowns puts unknown fields and values into JSON; other bodies stay.
func (f *fault) addUnknowns(body []byte) []byte {
	var value any
	if json.Unmarshal(body, &value) != nil {
		return body
	}
	f.walk(value)
	return encode(value)
}

// enumerated are the fields whose values UnknownValues replaces.
var enumerated = map[string]bool{
	"fileState": true, "media": true, "mediaSubtype": true, "mediaType": true, "state": true, "purpose": true,
}

func (f *fault) walk(value any) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			f.walk(item)
		}
	case map[string]any:
		f.walkObject(v)
	}
}

func (f *fault) walkObject(object map[string]any) {
	for name, field := range object {
		if f.UnknownValues && enumerated[name] {
			object[name] = "SIMULATED_UNKNOWN"
			continue
		}
		f.walk(field)
	}
	if f.UnknownFields {
		object["simulatedUnknown"] = map[string]any{"nested": []any{1, "two", nil}}
	}
}
