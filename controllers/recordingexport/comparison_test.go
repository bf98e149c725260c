package recordingexport

import (
	"context"
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// TestAPartIsComparedBeforeItIsClosed, and its orphans are listed, if the export asks for that.
func TestAPartIsComparedBeforeItIsClosed(t *testing.T) {
	sealing := plan.Sealing{Number: 1, Until: first.Add(day), Entries: "0"}
	for name, tt := range map[string]struct {
		source            v1alpha1.SecondSource
		compared, orphans bool
		starts            string
	}{
		"no second source": {v1alpha1.SecondSourceNone, false, false, "plan/1"},
		"not compared":     {v1alpha1.SecondSourceRetention, false, false, "second/1"},
		"orphans":          {v1alpha1.SecondSourceRetention, true, false, "orphans/1"},
		"compared":         {v1alpha1.SecondSourceRetention, true, true, "plan/1"},
	} {
		t.Run(name, func(t *testing.T) {
			store, pool := newStore(t), stoppedPool(t)
			s := loadedFor(wholeExport(), logOf(t, window(0, day), surveyedDay(1, 0, plan.PurposeFirst)))
			s.store, s.export.Spec.SecondSource = store, tt.source
			if tt.compared {
				if _, err := artifacts.Put(t.Context(), store, artifacts.ComparisonKey(1), artifacts.Comparison{Sealing: sealing}); err != nil {
					t.Fatal(err)
				}
			}
			if tt.orphans {
				if _, err := artifacts.Put(t.Context(), store, artifacts.OrphansKey(1), artifacts.Orphans{}); err != nil {
					t.Fatal(err)
				}
			}
			c := &comparison{planning{processA, pool}, enumerations{
				process: processA, turns: &enumerationTurns{},
				archive:  func(*v1alpha1.ExportDestination, string) (archive.Store, error) { return newStore(t), nil },
				location: func(*v1alpha1.ExportDestination, string) string { return "legal/evidence" },
				cloud: func(context.Context, *v1alpha1.GenesysOrganization, genesys.Share) (Cloud, error) {
					return &fakeCloud{}, nil
				},
			}}
			out, err := c.compareThenSeal(t.Context(), s, sealing)
			if err != nil || out.IsDone() || !pool.worker.Pools.BusyInAny(workPrefix(s.name())+tt.starts) {
				t.Errorf("%v, %v, want %s", out, err, tt.starts)
			}
		})
	}
}
