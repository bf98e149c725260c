package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// slicesOfFiveYears is how many slices an export of the widest window has, in
// hours and three lanes.
const slicesOfFiveYears = 131_400

// behind are the ordinals of a lane with the most batches that are processed at a
// time, of which every other is finished: up to 32 parallel requests and twice as
// many batches, 10 that wait, 50 that are stalled, or 200 isolated ones.
func behind() string {
	fields := []string{fmt.Sprintf("0-%d", slicesOfFiveYears-500)}
	for n := slicesOfFiveYears - 498; n < slicesOfFiveYears-498+400; n += 2 {
		fields = append(fields, fmt.Sprint(n))
	}
	return strings.Join(fields, ",")
}

// TestAStatusOfFiveYears is accepted by the API server, however far one lane is
// behind the others.
func TestAStatusOfFiveYears(t *testing.T) {
	if err := v1alpha1.AddToScheme(api.Scheme()); err != nil {
		t.Fatal(err)
	}
	export := &v1alpha1.RecordingExport{}
	obj := parse(t, exportYAML, edit{"metadata.name", "five-years"})
	if err := api.Create(t.Context(), obj); err != nil {
		t.Fatal(err)
	}

	now := metav1.NewTime(time.Date(2026, 11, 28, 6, 10, 0, 0, time.UTC))
	status := v1alpha1.RecordingExportStatus{
		Batches:  v1alpha1.BatchCounts{Planned: slicesOfFiveYears, Completed: 80_000, Stalled: 50},
		Progress: "12345678/23456789",
		Isolated: v1alpha1.IsolatedStatus{Items: 5000, Conversations: 2000, Recordings: 3000, OldestTime: &now, NextAttemptTime: &now, RetriesEndTime: &now},
	}
	for _, lane := range []v1alpha1.Lane{v1alpha1.LaneStandard, v1alpha1.LaneLegalHold, v1alpha1.LaneLegalHoldScreen, v1alpha1.LaneIsolated} {
		status.Lanes = append(status.Lanes, v1alpha1.LaneStatus{Lane: lane, Batches: 20_000, CompletedOrdinals: behind()})
	}
	status.Lanes[2].CompletedOrdinals = "" // nothing of it is done yet
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(obj), export); err != nil {
		t.Fatal(err)
	}
	export.Status = status
	if err := api.Status().Update(t.Context(), export); err != nil {
		t.Errorf("%d characters of ordinals: %v", len(behind()), err)
	}
}
