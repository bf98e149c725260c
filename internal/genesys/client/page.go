package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

const (
	// surveyPageSize is the largest page of a survey that is requested. Genesys
	// Cloud does not document its limit.
	surveyPageSize = 1000
	// pageTimeout bounds the reading of a page, which is usually 10 MB: each
	// conversation comes with all that happened in it.
	pageTimeout = 2 * time.Minute
	// maxPage bounds a page, in bytes.
	maxPage = 256 << 20
	// maxEntries bounds how many entries a page of any listing may have, whatever was
	// asked for.
	maxEntries = 10_000
)

// SurveyPage reads a page of a survey's result, of up to 1000 conversations.
// The first page's cursor is empty, each page names the next one's. Pages may
// repeat a conversation of another page. Besides ids, times and, if they are asked
// for, facts, no more than one conversation of a page is kept in memory. A page
// that is refused for its size is requested again, smaller (see [Pages]).
func (c *Client) SurveyPage(ctx context.Context, jobID, cursor string, facts bool) (genesys.SurveyPage, error) {
	if err := checkIDs(opSurveyPage, jobID); err != nil {
		return genesys.SurveyPage{}, err
	}
	return paged(&c.pages.survey, surveyPageSize, func(size int) (genesys.SurveyPage, error) {
		return c.surveyPage(ctx, jobID, pageQuery(cursor, size), conversationReader(facts))
	})
}

func (c *Client) surveyPage(ctx context.Context, jobID string, query url.Values, read conversationDecoder) (genesys.SurveyPage, error) {
	var page genesys.SurveyPage
	got, err := c.fetch(ctx, opSurveyPage, route{
		path:    "/api/v2/analytics/conversations/details/jobs/" + jobID + "/results",
		query:   query,
		timeout: pageTimeout,
		limit:   maxPage,
		consume: func(body io.Reader) (err error) {
			page, err = readPage(body, read)
			return err
		},
	})
	if err != nil {
		return genesys.SurveyPage{}, err
	}
	return page, got.expect(opSurveyPage, http.StatusOK)
}

func pageQuery(cursor string, size int) url.Values {
	query := url.Values{"pageSize": {strconv.Itoa(size)}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	return query
}

// readPage decodes a page while it comes.
//
// Genesys Cloud may leave the conversations of a page without any out. But a
// page that says nothing at all, neither conversations nor where the next page
// is nor how far the data go, is not taken for one without conversations.
func readPage(from io.Reader, read conversationDecoder) (genesys.SurveyPage, error) {
	var page genesys.SurveyPage
	in := json.NewDecoder(from)
	saysSomething := false
	err := eachField(in, func(name string) error {
		switch name {
		case "conversations":
			saysSomething = true
			return eachElement(in, func() error {
				c, err := read(in)
				if err == nil {
					page.Conversations = append(page.Conversations, c)
				}
				return err
			})
		case "cursor":
			saysSomething = true
			return in.Decode(&page.Next)
		case "dataAvailabilityDate":
			saysSomething = true
		}
		return skip(in)
	})
	if err == nil && !saysSomething {
		err = errors.New("a page without data")
	}
	return page, err
}

// eachField calls read for each field of an object, which must be all that
// there is to read; read takes the field's value.
func eachField(in *json.Decoder, read func(name string) error) error {
	if err := expectDelim(in, '{'); err != nil {
		return err
	}
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return err
		}
		if err := read(fmt.Sprint(name)); err != nil {
			return err
		}
	}
	if err := expectDelim(in, '}'); err != nil {
		return err
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return errors.New("unexpected data after the JSON object")
	}
	return nil
}

// eachElement calls read for each element of an array, which may have up to
// maxEntries; read takes the element.
func eachElement(in *json.Decoder, read func() error) error {
	if err := expectDelim(in, '['); err != nil {
		return err
	}
	for n := 0; in.More(); n++ {
		if n == maxEntries {
			return fmt.Errorf("a page of more than %d entries", maxEntries)
		}
		if err := read(); err != nil {
			return err
		}
	}
	return expectDelim(in, ']')
}

// maxSkipped bounds a value of which nothing is needed, in tokens of JSON.
const maxSkipped = 100_000

// skip reads over a value of which nothing is needed, without keeping all of it.
func skip(in *json.Decoder) error {
	depth := 0
	for range maxSkipped {
		token, err := in.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
	return fmt.Errorf("an unknown field of more than %d tokens", maxSkipped)
}

// maxID bounds an id that is kept as it comes, in bytes. A UUID has 36.
const maxID = 1 << 10

// checkLength refuses ids that are too long to be any.
func checkLength(ids ...string) error {
	for _, id := range ids {
		if len(id) > maxID {
			return fmt.Errorf("an id of %d bytes", len(id))
		}
	}
	return nil
}

func expectDelim(in *json.Decoder, want json.Delim) error {
	token, err := in.Token()
	switch {
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	case err != nil:
		return err
	case token != want:
		return fmt.Errorf("found %v, want %v", token, want)
	default:
		return nil
	}
}
