package conditions

import (
	"strings"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// object is the least that has conditions.
type object struct {
	metav1.TypeMeta
	metav1.ObjectMeta `json:"metadata"`
	Status            struct {
		ObservedGeneration int64              `json:"observedGeneration"`
		Conditions         []metav1.Condition `json:"conditions"`
	} `json:"status"`
}

func (o *object) GetConditions() *[]metav1.Condition { return &o.Status.Conditions }

func newObject() *object {
	o := &object{ObjectMeta: metav1.ObjectMeta{Name: "o", Generation: 3}}
	o.Status.ObservedGeneration = 3
	return o
}

// TestEveryStateIsWhatKstatusTakesItFor goes from every state to every other.
func TestEveryStateIsWhatKstatusTakesItFor(t *testing.T) {
	states := []struct {
		name string
		set  func(Object, string, string)
		want status.Status
	}{
		{"Ready", Ready, status.CurrentStatus},
		{"Reconciling", Reconciling, status.InProgressStatus},
		{"Stalled", Stalled, status.FailedStatus},
		{"Suspended", Suspended, status.InProgressStatus},
	}
	for _, from := range states {
		for _, to := range states {
			o := newObject()
			from.set(o, "Before", "before")
			to.set(o, "After", "after")
			if err := Check(o); err != nil {
				t.Errorf("%s to %s: %v", from.name, to.name, err)
			}
			raw, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
			if err != nil {
				t.Fatal(err)
			}
			got, err := status.Compute(&unstructured.Unstructured{Object: raw})
			if err != nil || got.Status != to.want {
				t.Errorf("%s to %s: kstatus says %v, %v; want %s", from.name, to.name, got, err, to.want)
			}
			if Reason(o) != "After" || Message(o) != "after" || IsReady(o) != (to.name == "Ready") || IsStalled(o) != (to.name == "Stalled") {
				t.Errorf("%s to %s: %+v", from.name, to.name, o.Status.Conditions)
			}
		}
	}
}

func TestIsReadySpeaksOfThePresentGeneration(t *testing.T) {
	o := newObject()
	Ready(o, "Done", "done")
	o.Generation++
	if IsReady(o) {
		t.Error("Ready of an older spec counts")
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	condition := func(kind string, status metav1.ConditionStatus) metav1.Condition {
		return metav1.Condition{Type: kind, Status: status, Reason: "R", Message: "m", ObservedGeneration: 3}
	}
	old := condition("Ready", metav1.ConditionTrue)
	old.ObservedGeneration = 4
	mute := condition("Ready", metav1.ConditionTrue)
	mute.Message = ""
	for want, conditions := range map[string][]metav1.Condition{
		"always there":      {},
		"Reconciling is":    {condition("Ready", "False"), condition("Reconciling", "False")},
		"Stalled is":        {condition("Ready", "False"), condition("Stalled", "Unknown")},
		"exclude":           {condition("Ready", "False"), condition("Stalled", "True"), condition("Reconciling", "True")},
		"Ready excludes":    {condition("Ready", "True"), condition("Stalled", "True")},
		"which generation":  {old},
		"reason and a mess": {mute},
	} {
		o := newObject()
		o.Status.Conditions = conditions
		if err := Check(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check of %v: %v, want %q", conditions, err, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	long := strings.Repeat("ü", 2*maxMessage)
	for in, want := range map[string]string{
		"as it is":           "as it is",
		"two\nlines\x1b[31m": "two lines [31m",
		long:                 long[:2*maxMessage] + "…",
	} {
		if diff := cmp.Diff(want, Printable(in)); diff != "" {
			t.Errorf("Printable(%q) (-want +got):\n%s", in, diff)
		}
	}
}
