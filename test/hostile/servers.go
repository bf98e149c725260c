package hostile

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv/silentserver"
	"github.com/gcexport/recording-export-operator/test/world"
)

// clients is how many OAuth clients the hostile tenants have: another one in each phase,
// until they begin with the first again.
const clients = 50

func clientID(phase int) string { return fmt.Sprint("mallory-", phase%clients) }

const clientSecret = "secret-mallory"

// lyingCloud is a server of the hostile tenants that says it is the organisation that
// the calm tenant exports from.
func lyingCloud(w *world.World) (endpoint string) {
	w.Helper()
	options := simulator.Defaults()
	options.Conversations, options.RateScope = 50, simulator.PerClient
	for i := range clients {
		options.Clients = append(options.Clients, simulator.Client{ID: clientID(i), Secret: clientSecret})
	}
	server := httptest.NewServer(simulator.New(options))
	w.Cleanup(server.Close)
	return server.URL
}

// silentServer takes every request and never answers.
func silentServer(w *world.World) (endpoint string) {
	w.Helper()
	return silentserver.Start(w, func(*http.Request) http.Handler { return nil })
}
