package client

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

const routeOrphans = "GET /api/v2/orphanrecordings"

const orphansBody = `{
 "entities": [
  {"id": "` + recordingA + `", "createdTime": "2023-10-01T00:05:00.000+0000", "providerType": "EDGE", "mediaSizeBytes": 1234, "mediaType": "CALL",
   "mediaSubtype": "Trunk", "fileState": "AVAILABLE", "orphanStatus": "UNKNOWN_CONVERSATION",
   "recording": {"id": "x", "conversationId": "` + conversationA + `", "annotations": [{"id": 7}]}},
  {"id": "../x", "createdTime": 5, "mediaType": "FAX\u0000", "mediaSizeBytes": -3, "recording": null, "new": {}}
 ],
 "pageSize": 100, "pageNumber": 1, "total": 2, "pageCount": 1, "selfUri": "/x"
}`

func TestOrphans(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeOrphans, http.StatusOK, orphansBody)
	got, err := newClient(t, cloud).Orphans(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := genesys.OrphanPage{Total: 2, Orphans: []genesys.Orphan{
		{
			ID: recordingA, ConversationID: conversationA, Created: time.Date(2023, 10, 1, 0, 5, 0, 0, time.UTC), Medium: genesys.Call,
			MediaAsReceived: "CALL", Size: 1234, FileState: genesys.FileAvailable, Status: "UNKNOWN_CONVERSATION",
		},
		{ID: "../x", MediaAsReceived: "FAX", Size: -1},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if query := cloud.got(routeOrphans)[0].query; query != "pageNumber=1&pageSize=100" {
		t.Errorf("asked with %s", query)
	}
}

// TestWhereOrphanPagesBegin: each page is as large as it may be and begins where
// it is asked to.
func TestWhereOrphanPagesBegin(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeOrphans, http.StatusOK, `{"entities":[]}`)
	client := newClient(t, cloud)
	for skip, want := range map[int]string{
		0: "pageNumber=1&pageSize=100", 25: "pageNumber=2&pageSize=25", 50: "pageNumber=2&pageSize=50", 75: "pageNumber=4&pageSize=25",
		100: "pageNumber=2&pageSize=100", 1000: "pageNumber=11&pageSize=100",
	} {
		if _, err := client.Orphans(t.Context(), skip); err != nil {
			t.Error(err)
		}
		got := cloud.got(routeOrphans)
		if query := got[len(got)-1].query; query != want {
			t.Errorf("after %d: asked with %s, want %s", skip, query, want)
		}
	}
	for _, skip := range []int{-25, 1, 99} {
		_, err := client.Orphans(t.Context(), skip)
		expectKind(t, err, genesys.KindInvalid)
	}
}

func TestWhetherOrphansContinue(t *testing.T) {
	orphans := func(n int) string { return strings.TrimSuffix(strings.Repeat(`{"id":"a"},`, n), ",") }
	tests := map[string]struct {
		n    int
		says string
		next int // -1 for an error
	}{
		"the last page":                     {3, `"pageNumber":1,"pageCount":1,"total":3`, 0},
		"none at all":                       {0, `"pageNumber":1,"pageCount":1,"total":0`, 0},
		"an address":                        {100, `"nextUri":"/x"`, 100},
		"more pages":                        {100, `"pageNumber":1,"pageCount":2`, 100},
		"more orphans":                      {100, `"total":101`, 100},
		"more, though the page is short":    {99, `"total":200`, 100},
		"full, and that is all":             {100, `"pageCount":1,"total":100`, 0},
		"full, and nothing is said":         {100, `"selfUri":"/x"`, 100},
		"short, and nothing is said":        {99, `"selfUri":"/x"`, 0},
		"an empty address":                  {5, `"nextUri":"","total":5`, 0},
		"null for an address":               {5, `"nextUri":null,"total":5`, 0},
		"another page":                      {5, `"pageNumber":2,"total":5`, -1},
		"too many":                          {101, `"total":101`, -1},
		"none, though there are more":       {0, `"total":5`, -1},
		"none, though there is an address":  {0, `"nextUri":"/x"`, -1},
		"a number that is a text":           {1, `"total":"1"`, -1},
		"a page size that is not the asked": {3, `"pageSize":10,"total":3`, -1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			cloud.answers(routeOrphans, http.StatusOK, fmt.Sprintf(`{"entities":[%s],%s}`, orphans(tt.n), tt.says))
			page, err := newClient(t, cloud).Orphans(t.Context(), 0)
			if tt.next < 0 {
				expectKind(t, err, genesys.KindMalformed)
				return
			}
			if err != nil || page.Next != tt.next || len(page.Orphans) != tt.n {
				t.Errorf("%d orphans, next %d, %v; want %d", len(page.Orphans), page.Next, err, tt.next)
			}
		})
	}
}

func TestSimulatedOrphans(t *testing.T) {
	for name, tt := range map[string]struct {
		most  int
		sizes []int
	}{
		"as large as they are asked for": {100, []int{100, 100, 100}},
		"refused":                        {60, []int{100, 50, 50, 50, 50, 50}},
		"refused twice":                  {30, slices.Concat([]int{100, 50}, slices.Repeat([]int{25}, 9))},
	} {
		t.Run(name, func(t *testing.T) {
			sim, client := simulated(t, func(o *simulator.Options) { o.Edges.Orphans, o.Limits.OrphanPageSize = 210, tt.most })
			sizes := watch(client, "/api/v2/orphanrecordings")
			got := map[string]genesys.Orphan{}
			for skip, more := 0, true; more; more = skip > 0 {
				page, err := client.Orphans(t.Context(), skip)
				if err != nil || page.Total != 210 {
					t.Fatalf("%d in all, %v", page.Total, err)
				}
				for _, o := range page.Orphans {
					o.MediaAsReceived = ""
					got[o.ID] = o
				}
				skip = page.Next
			}
			want := map[string]genesys.Orphan{}
			for _, o := range sim.Dataset().Orphans {
				want[o.ID] = genesys.Orphan{
					ID: o.ID, ConversationID: o.ConversationID, Created: o.Created, Medium: genesys.Medium(o.Medium),
					Size: int64(o.Size), FileState: genesys.FileState(o.FileState), Status: string(o.Status),
				}
			}
			if diff := cmp.Diff(want, got); diff != "" || len(want) != 210 {
				t.Errorf("of %d, -want +got:\n%s", len(want), diff)
			}
			if asked := sizes.take(); !slices.Equal(asked, tt.sizes) {
				t.Errorf("asked for pages of %v, want %v", asked, tt.sizes)
			}
		})
	}
}

// TestAnOrphanPageThatIsCut instead of refused does not make the pages behind it
// begin at the wrong place.
func TestAnOrphanPageThatIsCut(t *testing.T) {
	cloud := newCloud(t)
	const most, total = 50, 120
	cloud.on(routeOrphans, func(w http.ResponseWriter, r *http.Request) {
		size, _ := strconv.Atoi(r.URL.Query().Get("pageSize"))
		number, _ := strconv.Atoi(r.URL.Query().Get("pageNumber"))
		size = min(size, most)
		var entities []string
		for i := (number - 1) * size; i < min(number*size, total); i++ {
			entities = append(entities, fmt.Sprintf(`{"id":"%d"}`, i))
		}
		fmt.Fprintf(w, `{"entities":[%s],"pageSize":%d,"pageNumber":%d,"total":%d}`, strings.Join(entities, ","), size, number, total)
	})
	client := newClient(t, cloud)
	var ids []string
	for skip, more := 0, true; more; more = skip > 0 {
		page, err := client.Orphans(t.Context(), skip)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Orphans {
			ids = append(ids, o.ID)
		}
		skip = page.Next
	}
	if len(ids) != total || ids[0] != "0" || ids[total-1] != "119" {
		t.Errorf("%d orphans: %v", len(ids), ids)
	}
	if n := cloud.count(routeOrphans); n != 4 {
		t.Errorf("asked %d times, want once for 100 and three times for 50", n)
	}
}

func FuzzReadOrphans(f *testing.F) {
	f.Add(orphansBody)
	f.Add(`{"entities":[{"id":"a","createdTime":"soon","recording":{}}],"total":1}`)
	f.Fuzz(func(t *testing.T, body string) {
		listing, err := readNumbered(strings.NewReader(body), readOrphan)
		for _, o := range listing.entries {
			if o.ID == "" || o.Size < -1 || max(len(o.ID), len(o.ConversationID), len(o.MediaAsReceived), len(o.FileState), len(o.Status)) > maxWord {
				t.Errorf("error %v and an orphan %+v", err, o)
			}
		}
		if more, err := listing.continues(0, numberedPageSize); more && (err != nil || len(listing.entries) == 0) {
			t.Errorf("%d orphans and more, %v", len(listing.entries), err)
		}
	})
}
