package simulator

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// Mispaged is a way to page through a listing wrongly.
type Mispaged string

// The ways to page wrongly.
const (
	// Repeating: each page but the first names itself as the next one.
	Repeating Mispaged = "repeating"
	// Endless: behind the last page comes another one, without entries, and another.
	Endless Mispaged = "endless"
)

// mispage changes which page a listing names as the next one: the results of an
// analytics job and the retention query. Other bodies stay.
func (f *fault) mispage(c *call, body []byte) []byte {
	var page map[string]json.RawMessage
	if json.Unmarshal(body, &page) != nil {
		return body
	}
	name, next := "cursor", func(cursor string) string { return cursor }
	entries := page["conversations"]
	if entries == nil {
		entries, name = page["entities"], "nextUri"
		next = func(cursor string) string { return c.uriWith("cursor", cursor) }
	}
	if entries == nil {
		return body
	}
	if cursor := f.nextCursor(c, entries, page[name] == nil); cursor != "" {
		page[name] = json.RawMessage(encode(next(cursor)))
	}
	return encode(page)
}

// nextCursor is the cursor that a page names wrongly, empty if it names the right one.
func (f *fault) nextCursor(c *call, entries json.RawMessage, last bool) string {
	asked := c.URL.Query().Get("cursor")
	if f.Pages == Repeating {
		if asked == "" && last {
			return cursorAt(0)
		}
		return asked
	}
	if !last {
		return ""
	}
	var list []json.RawMessage
	if json.Unmarshal(entries, &list) != nil {
		return ""
	}
	from := 0
	if plain, err := base64.RawURLEncoding.DecodeString(asked); err == nil {
		_, _ = fmt.Sscanf(string(plain), "at:%d", &from) // the first page has none
	}
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "at:%d;%s", from+len(list), newUUID()))
}

// misstate says that a job is in another state; other bodies stay.
func (f *fault) misstate(body []byte) []byte {
	var status map[string]json.RawMessage
	if json.Unmarshal(body, &status) != nil || status["state"] == nil {
		return body
	}
	status["state"] = json.RawMessage(encode(f.State))
	return encode(status)
}
