package client

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// asked notes the page size of each request that a client makes of a path.
type asked struct {
	next http.RoundTripper
	path string

	mu    sync.Mutex
	sizes []int
}

// watch notes the page sizes that a client asks for.
func watch(c *Client, path string) *asked {
	a := &asked{next: c.api.Transport, path: path}
	c.api.Transport = a
	return a
}

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	if size, err := strconv.Atoi(r.URL.Query().Get("pageSize")); err == nil && r.URL.Path == a.path {
		a.mu.Lock()
		a.sizes = append(a.sizes, size)
		a.mu.Unlock()
	}
	return a.next.RoundTrip(r)
}

// take returns what was requested since it was last called.
func (a *asked) take() []int {
	a.mu.Lock()
	defer a.mu.Unlock()
	sizes := a.sizes
	a.sizes = nil
	return sizes
}

// smallPages is a Genesys Cloud that refuses pages of more than so many entries.
func smallPages(most int) func(*simulator.Options) {
	return func(o *simulator.Options) {
		o.Limits.AsyncPageSize, o.Limits.RefuseLargePages = most, true
		o.Limits.RetentionPageSize = most
	}
}

// surveyed starts a survey and returns a function that reads all of it.
func surveyed(t *testing.T, sim *simulator.Simulator, client *Client) (path string, read func(*Client) (int, error)) {
	t.Helper()
	from := sim.Options().Start
	job, err := client.StartSurvey(t.Context(), genesys.SurveyQuery{From: from, To: from.Add(24 * time.Hour)}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return "/api/v2/analytics/conversations/details/jobs/" + job + "/results", func(c *Client) (int, error) {
		n := 0
		for cursor, more := "", true; more; more = cursor != "" {
			page, err := c.SurveyPage(t.Context(), job, cursor, false)
			if err != nil {
				return n, err
			}
			n += len(page.Conversations)
			cursor = page.Next
		}
		return n, nil
	}
}

func TestPagesAreHalvedAndRemembered(t *testing.T) {
	sim, client := simulated(t, smallPages(70))
	path, read := surveyed(t, sim, client)
	sizes := watch(client, path)
	all, err := read(client)
	if err != nil || all < 63 {
		t.Fatalf("%d conversations, %v", all, err)
	}
	small := slices.Repeat([]int{62}, (all+61)/62)
	if got, want := sizes.take(), slices.Concat([]int{1000, 500, 250, 125}, small); !slices.Equal(got, want) || len(small) < 2 {
		t.Errorf("asked for pages of %v, want %v", got, want)
	}
	if again, err := read(client.As(genesys.Share{Lane: "Survey"})); err != nil || again != all {
		t.Errorf("%d conversations the second time, %v", again, err)
	}
	if got := sizes.take(); !slices.Equal(got, small) {
		t.Errorf("another view asked for pages of %v, want %v", got, small)
	}
}

func TestRetainedPagesAreHalvedAndRemembered(t *testing.T) {
	_, client := simulated(t, smallPages(200))
	sizes := watch(client, "/api/v2/recordings/retention/query")
	n := 0
	for cursor, more := "", true; more; more = cursor != "" {
		page, err := client.Retained(t.Context(), 1, cursor)
		if err != nil {
			t.Fatal(err)
		}
		n += len(page.Recordings)
		cursor = page.Next
	}
	want := slices.Concat([]int{500, 250}, slices.Repeat([]int{125}, (n+124)/125))
	if got := sizes.take(); !slices.Equal(got, want) || n < 250 {
		t.Errorf("asked for %d recordings in pages of %v, want %v", n, got, want)
	}
}

// TestARefusalOfTheSmallestPageIsReturned, and nothing is found out about it.
func TestARefusalOfTheSmallestPageIsReturned(t *testing.T) {
	sim, client := simulated(t, smallPages(10))
	path, read := surveyed(t, sim, client)
	sizes := watch(client, path)
	_, err := read(client)
	expectKind(t, err, genesys.KindInvalid)
	if got, want := sizes.take(), []int{1000, 500, 250, 125, 62, 31, 25}; !slices.Equal(got, want) {
		t.Errorf("asked for pages of %v, want %v", got, want)
	}
	if size := client.pages.survey.upTo(1000); size != 1000 {
		t.Errorf("the next page starts with %d, want 1000", size)
	}
}

// TestOnlyWhatMayBeTheSizeIsHalved: a refusal of another kind, and one that is not
// Genesys Cloud's own, is returned at once.
func TestOnlyWhatMayBeTheSizeIsHalved(t *testing.T) {
	tests := map[string]struct {
		status int
		body   string
		times  int
	}{
		"refused":            {400, `{"code":"bad.request"}`, 7},
		"too large":          {413, `{"code":"request.entity.too.large"}`, 7},
		"a proxy's":          {400, `<html>`, 1},
		"a permission":       {403, `{"code":"missing.permissions"}`, 1},
		"gone":               {404, `{"code":"not.found"}`, 1},
		"a media type":       {415, `{"code":"unsupported.media.type"}`, 1},
		"a failure":          {500, `{"code":"internal.server.error"}`, 1},
		"success that is no": {200, `{}`, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			cloud.answers(routePage, tt.status, tt.body)
			if err := verbs["SurveyPage"].call(t.Context(), newClient(t, cloud)); err == nil {
				t.Error("no error")
			}
			if got := cloud.count(routePage); got != tt.times {
				t.Errorf("asked %d times, want %d", got, tt.times)
			}
		})
	}
}

// TestPagesAreShared: clients of the same organisation learn from each other.
func TestPagesAreShared(t *testing.T) {
	cloud := newCloud(t)
	cloud.on(routePage, func(w http.ResponseWriter, r *http.Request) {
		query, _ := url.ParseQuery(r.URL.RawQuery)
		if size, _ := strconv.Atoi(query.Get("pageSize")); size > 250 {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"code":"invalid.query.param.value"}`))
			return
		}
		_, _ = w.Write([]byte(verbs["SurveyPage"].good))
	})
	cfg := configFor(cloud.URL)
	cfg.Pages = &Pages{}
	for range 2 {
		client, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := verbs["SurveyPage"].call(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	if got := cloud.count(routePage); got != 4 {
		t.Errorf("asked %d times, want 3 times by the first client and once by the second", got)
	}
}

// TestPageSizesOnlyShrink, whoever is quicker.
func TestPageSizesOnlyShrink(t *testing.T) {
	var s pageSize
	var all sync.WaitGroup
	for _, size := range []int{500, 62, 250, 125, 62, 500} {
		all.Go(func() { s.lower(size) })
	}
	all.Wait()
	if got := s.upTo(1000); got != 62 {
		t.Errorf("pages of %d, want 62", got)
	}
	if got := s.upTo(50); got != 50 {
		t.Errorf("pages of %d of at most 50", got)
	}
}
