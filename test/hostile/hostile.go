// Package hostile has tenants do, beside one that is calm, what a tenant can do to stop
// another: the attacks T2 to T6 of docs/threat-model.md, again and again and all at once,
// in small numbers. Tests, "make soak" and "make bench" measure what the calm tenant notices of it.
package hostile

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

// Calm is the OAuth client of the calm tenant. Its simulator has to know it.
var Calm = simulator.Client{ID: "calm", Secret: "secret-calm"}

// CreateCalmTenant makes everything that an export of the calm tenant refers to, in the
// namespace of its world.
func CreateCalmTenant(w *world.World, requestsPerMinute int32) {
	w.Helper()
	w.Create(credentials(w, Calm.ID, Calm.Secret))
	w.Create(organization(w, "emea", w.Endpoint, requestsPerMinute))
	w.Create(w.Destination())
}

// Numbers bound what the hostile tenants do.
type Numbers struct {
	// Exports wait for an OAuth client with a budget of 1 request a minute.
	Exports int
	// Organizations have a server that never answers.
	Organizations int
	// Every is between two changes of each tenant.
	Every time.Duration
}

// Tenants are the hostile ones, each with a namespace of its own.
type Tenants struct {
	*world.World
	tenants []tenant
	numbers Numbers
	// phase counts from 1 how often they began.
	phase  int
	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu   sync.Mutex
	errs []error
}

// tenant is one of them.
type tenant struct {
	*world.World
	// objects are those that it has when a phase begins. Phases are counted from 1.
	objects func(phase int) []client.Object
	// change is what it does again and again. It returns an error if the API server accepts
	// what must be refused, or refuses what a tenant may do. Rounds are counted from 1.
	change func(ctx context.Context, round int) error
}

// Settle gives the hostile tenants their namespaces, archives and servers. They do
// nothing until Begin. The calm tenant's world is w.
// The operator has to work in their namespaces too.
func Settle(w *world.World, numbers Numbers) *Tenants {
	w.Helper()
	lying, silence := lyingCloud(w), silentServer(w)
	return &Tenants{World: w, numbers: numbers, tenants: []tenant{
		guessing(beside(w, "guessing")),
		greedy(beside(w, "greedy"), lying, numbers.Exports),
		silent(beside(w, "silent"), silence, numbers.Organizations),
		planting(beside(w, "planting"), lying),
		restless(beside(w, "restless"), silence),
	}}
}

// Namespaces are those of the calm tenant and of the hostile ones, for the operator's cache.
func (t *Tenants) Namespaces() map[string]cache.Config {
	all := map[string]cache.Config{t.Namespace: {}}
	for _, one := range t.tenants {
		all[one.Namespace] = cache.Config{}
	}
	return all
}

// Begin has all tenants make their objects and then change them every so often, and
// returns when the operator has looked at each of their exports.
func (t *Tenants) Begin() {
	t.Helper()
	t.phase++
	for _, one := range t.tenants {
		for _, object := range one.objects(t.phase) {
			one.Create(object)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.cancel = cancel
	t.Cleanup(func() { cancel(); t.ended.Wait() })
	for _, one := range t.tenants {
		t.ended.Go(func() { t.act(ctx, one) })
	}
	testenv.Eventually(t, "the hostile exports have been looked at", func() bool {
		exports := t.exports()
		looked := 0
		for i := range exports {
			if len(exports[i].Status.Conditions) > 0 {
				looked++
			}
		}
		return looked >= t.numbers.Exports
	})
}

// act has a tenant make its changes until the context ends.
func (t *Tenants) act(ctx context.Context, one tenant) {
	tick := time.NewTicker(t.numbers.Every)
	defer tick.Stop()
	for round := 1; ; round++ {
		if err := one.change(ctx, round); err != nil && ctx.Err() == nil {
			t.mu.Lock()
			t.errs = append(t.errs, fmt.Errorf("%s: %w", one.Namespace, err))
			t.mu.Unlock()
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// End has the tenants stop, fails the test if they met with anything that must not be,
// and deletes everything that they made. What they stored stays.
func (t *Tenants) End() {
	t.Helper()
	t.cancel()
	t.ended.Wait()
	if err := errors.Join(t.errs...); err != nil {
		t.Errorf("hostile tenants: %v", err)
	}
	t.errs = nil
	for _, one := range t.tenants {
		expectNothingGained(one.World)
		wipe(one.World)
	}
}

// exports are those of all hostile tenants.
func (t *Tenants) exports() []v1alpha1.RecordingExport {
	t.Helper()
	var all []v1alpha1.RecordingExport
	for _, one := range t.tenants {
		all = append(all, exportsOf(one.World)...)
	}
	return all
}

func exportsOf(w *world.World) []v1alpha1.RecordingExport {
	w.Helper()
	var list v1alpha1.RecordingExportList
	if err := w.Client.List(w.Context(), &list, client.InNamespace(w.Namespace)); err != nil {
		w.Fatal(err)
	}
	return list.Items
}

// beside is the world of another tenant.
func beside(w *world.World, name string) *world.World {
	w.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: name + "-"}}
	if err := w.Client.Create(w.Context(), namespace); err != nil {
		w.Fatal(err)
	}
	other := *w
	other.Namespace = namespace.Name
	return &other
}
