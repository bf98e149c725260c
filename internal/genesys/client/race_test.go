package client

import (
	"net/http"
	"sync"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Run with -race: one Configuration of the SDK shared by two calls, or one made
// while another is in use, is a data race.
func TestManyAtOnce(t *testing.T) {
	cloud := newCloud(t)
	for _, v := range verbs {
		cloud.answers(v.route, http.StatusOK, v.good)
	}
	cloud.answers(routeMedia, http.StatusOK, "content")
	shared := newClient(t, cloud)
	var all sync.WaitGroup
	for range 8 {
		for name, v := range verbs {
			all.Go(func() {
				if err := v.call(t.Context(), shared); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if err := v.call(t.Context(), newClient(t, cloud)); err != nil {
					t.Errorf("%s with a client of its own: %v", name, err)
				}
			})
		}
		all.Go(func() {
			media, err := shared.OpenMedia(t.Context(), signed(cloud))
			if err != nil {
				t.Error(err)
				return
			}
			media.Body.Close()
		})
	}
	all.Wait()
	if stats := shared.budget.Stats(); stats.UnderWay != 0 || stats.Waiting != 0 {
		t.Errorf("something is left over: %+v", stats)
	}
}

func TestManyWhoseTokenIsRejectedAtOnce(t *testing.T) {
	cloud := newCloud(t)
	cloud.on(routeMe, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer token-1" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(verbs["WhoAmI"].good))
	})
	client := newClient(t, cloud)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := client.WhoAmI(t.Context()); genesys.KindOf(err) != "" {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := cloud.count("POST /oauth/token"); n != 2 {
		t.Errorf("%d logins, want 2", n)
	}
}
