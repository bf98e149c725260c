package hostile

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/test/world"
)

// credentials is the Secret with an OAuth client.
func credentials(w *world.World, id, secret string) *corev1.Secret {
	held := w.Secret(secret)
	held.StringData["clientId"] = id
	return held
}

func organization(w *world.World, name, endpoint string, requestsPerMinute int32) *v1alpha1.GenesysOrganization {
	made := w.Organization()
	made.Name, made.Spec.Endpoint, made.Spec.RequestsPerMinute = name, endpoint, requestsPerMinute
	return made
}

// guessing (T2) names the calm tenant's OAuth client with one wrong secret after
// another, and 1 request a minute.
func guessing(w *world.World) tenant {
	return tenant{
		World: w,
		objects: func(int) []client.Object {
			return []client.Object{credentials(w, Calm.ID, "guess-0"), organization(w, "emea", w.Endpoint, 1)}
		},
		change: func(ctx context.Context, round int) error {
			held := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "genesys-oauth", Namespace: w.Namespace}}
			guess := fmt.Appendf(nil, `{"stringData":{"clientSecret":"guess-%d"}}`, round)
			return w.Client.Patch(ctx, held, client.RawPatch(mergePatch, guess))
		},
	}
}

// greedy (T3) has many exports of the longest window there is wait for a budget of 1
// request a minute, and asks for the year 2 (T4), which is refused.
func greedy(w *world.World, endpoint string, exports int) tenant {
	return tenant{
		World: w,
		objects: func(phase int) []client.Object {
			objects := []client.Object{
				credentials(w, clientID(phase), clientSecret), organization(w, "emea", endpoint, 1), w.Destination(),
			}
			for i := range exports {
				start := time.Date(2000+i%20, 1, 1, 0, 0, 0, 0, time.UTC)
				objects = append(objects, exportOf(w, fmt.Sprint("slow-", i), world.Window(start, start.AddDate(0, 0, 5*365))))
			}
			return objects
		},
		change: func(ctx context.Context, round int) error {
			start := time.Date(2, 1, 1, 0, 0, 0, 0, time.UTC)
			return mustRefuse("a window of the year 2", w.Client.Create(ctx, exportOf(w, fmt.Sprint("ancient-", round), world.Window(start, start.AddDate(1, 0, 0)))))
		},
	}
}

// silent (T3) has many organisations whose server never answers, and deletes and creates
// one after the other again.
func silent(w *world.World, endpoint string, organizations int) tenant {
	one := func(i int) client.Object { return organization(w, fmt.Sprint("silent-", i%organizations), endpoint, 1) }
	return tenant{
		World: w,
		objects: func(int) []client.Object {
			objects := []client.Object{credentials(w, "any", "any")}
			for i := range organizations {
				objects = append(objects, one(i))
			}
			return objects
		},
		change: func(ctx context.Context, round int) error { return replace(ctx, w, one(round)) },
	}
}

func exportOf(w *world.World, name string, window v1alpha1.ExportWindow) *v1alpha1.RecordingExport {
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.Window = window })
	export.Name = name
	return export
}

// mustRefuse is an error unless the API server found what was requested invalid.
func mustRefuse(what string, err error) error {
	if apierrors.IsInvalid(err) {
		return nil
	}
	return fmt.Errorf("%s is not refused as invalid: %w", what, err)
}
