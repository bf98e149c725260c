package simulator

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// transcript returns a chat or message exchange as JSON.
func transcript(r Recording, key uint64) []byte {
	type line struct {
		Time string `json:"utc"`
		From string `json:"from"`
		Body string `json:"body"`
	}
	random := dice(key)
	lines := make([]line, 4+random.IntN(12))
	for i := range lines {
		at := r.Start.Add(time.Duration(i) * 7 * time.Second)
		lines[i] = line{Time: date(at), From: [...]string{"customer", "agent"}[i%2], Body: sentence(random)}
	}
	return encode(struct {
		ConversationID string `json:"conversationId"`
		RecordingID    string `json:"recordingId"`
		MediaType      Medium `json:"mediaType"`
		Transcript     []line `json:"transcript"`
	}{r.ConversationID, r.ID, r.Medium, lines})
}

// eml returns an email as RFC 5322 has it.
func eml(r Recording, key uint64) []byte {
	random := dice(key)
	header := []string{
		"From: Customer <customer@example.com>",
		"To: Support <support@example.org>",
		"Subject: " + sentence(random),
		"Date: " + r.Start.UTC().Format(time.RFC1123Z),
		fmt.Sprintf("Message-ID: <%016x@simulator.example>", key),
		"MIME-Version: 1.0",
		"Content-Type: text/plain; charset=utf-8",
		"Content-Transfer-Encoding: 7bit",
	}
	lines := make([]string, 5+random.IntN(20))
	for i := range lines {
		lines[i] = sentence(random)
	}
	return []byte(strings.Join(header, "\r\n") + "\r\n\r\n" + strings.Join(lines, "\r\n") + "\r\n")
}

// sentence puts a few words in a row, no more than fit into a line of a mail.
func sentence(random *rand.Rand) string {
	words := strings.Fields("order invoice delivery address change please thank you tomorrow " +
		"contract number customer waiting refund late again manager phone form received")
	picked := make([]string, 4+random.IntN(5))
	for i := range picked {
		picked[i] = words[random.IntN(len(words))]
	}
	return strings.Join(picked, " ") + "."
}

// encode writes JSON without escaping what only HTML minds. Everything that it
// is given can be written.
func encode(v any) []byte {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic("simulator: " + err.Error())
	}
	return []byte(b.String())
}
