package client

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// TestLookUp: all ids are in one request, and what is not known is left out.
func TestLookUp(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeLookUp, http.StatusOK, `{"conversations":[{"conversationId":"`+conversationA+`","conversationStart":"2023-10-01T00:00:00Z","originatingDirection":"inbound"}]}`)
	got, err := newClient(t, cloud).LookUp(t.Context(), []string{conversationA, jobA}, time.Minute)
	if err != nil || len(got) != 1 || got[0].ID != conversationA || got[0].Facts.Direction != genesys.Inbound {
		t.Fatalf("got %+v, %v", got, err)
	}
	if query := cloud.got(routeLookUp)[0].query; query != "id="+conversationA+"%2C"+jobA {
		t.Errorf("asked with %s", query)
	}
	// Whether Genesys Cloud leaves an empty list out is not documented.
	none := newCloud(t)
	none.answers(routeLookUp, http.StatusOK, `{}`)
	if got, err := newClient(t, none).LookUp(t.Context(), []string{jobA}, time.Minute); err != nil || len(got) > 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	for body := range map[string]bool{``: true, `null`: true, `[]`: true, `{"conversations":[{"conversationId":"a"}]}`: true, `{"conversations":[`: true} {
		cloud := newCloud(t)
		cloud.answers(routeLookUp, http.StatusOK, body)
		_, err := newClient(t, cloud).LookUp(t.Context(), []string{jobA}, time.Minute)
		expectKind(t, err, genesys.KindMalformed)
	}
}

func TestLookUpRefuses(t *testing.T) {
	for name, ids := range map[string][]string{
		"nothing": nil, "too many": slices.Repeat([]string{jobA}, genesys.MaxLookUp+1), "what is not an id": {"a,b"},
	} {
		if _, err := newClient(t, newCloud(t)).LookUp(t.Context(), ids, time.Minute); genesys.KindOf(err) != genesys.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
