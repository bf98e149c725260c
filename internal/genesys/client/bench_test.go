package client

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mypurecloud/platform-client-sdk-go/v133/platformclientv2"
)

// bigPage is a survey page of n conversations as Genesys Cloud sends them, about
// ten kilobytes each.
func bigPage(n int) string {
	segment := `{"segmentStart":"2023-10-01T00:00:00.000Z","segmentEnd":"2023-10-01T00:05:00.000Z","segmentType":"interact","conference":false,"queueId":"` + jobA + `"}`
	metric := `{"emitDate":"2023-10-01T00:00:00.000Z","name":"tTalk","value":12345}`
	session := `{"sessionId":"` + jobA + `","mediaType":"voice","direction":"inbound","recording":true,"ani":"tel:+10000000000","segments":[` +
		segment + strings.Repeat(","+segment, 9) + `],"metrics":[` + metric + strings.Repeat(","+metric, 9) + `]}`
	participant := `{"participantId":"` + jobA + `","purpose":"agent","attributes":{"key":"` + strings.Repeat("v", 200) + `"},"sessions":[` + session + `]}`
	var b strings.Builder
	b.WriteString(`{"conversations":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		start := time.Date(2023, 10, 1, 0, 0, i, 0, time.UTC).Format("2006-01-02T15:04:05.000Z")
		fmt.Fprintf(&b, `{"conversationId":"c0000000-0000-4000-8000-%012d","conversationStart":%q,"conversationEnd":%q,"participants":[%s,%s,%s]}`,
			i, start, start, participant, participant, participant)
	}
	b.WriteString(`],"cursor":"next"}`)
	return b.String()
}

func BenchmarkSurveyPage(b *testing.B) {
	const conversations = 1000
	page := bigPage(conversations)
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(int64(len(page)))
		b.ReportAllocs()
		for b.Loop() {
			got, err := readPage(strings.NewReader(page), readConversation)
			if err != nil || len(got.Conversations) != conversations || got.Next != "next" {
				b.Fatalf("%d conversations, %v", len(got.Conversations), err)
			}
		}
	})
	b.Run("SDK", func(b *testing.B) {
		b.SetBytes(int64(len(page)))
		b.ReportAllocs()
		for b.Loop() {
			var got platformclientv2.Analyticsconversationasyncqueryresponse
			if err := json.Unmarshal([]byte(page), &got); err != nil || len(*got.Conversations) != conversations {
				b.Fatal(err)
			}
		}
	})
}
