package conditions

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Check returns how an object's conditions break the rules of this package. Tests run it on
// every object that a controller has processed.
func Check(obj Object) error {
	conditions := *obj.GetConditions()
	at := func(kind string) *metav1.Condition { return meta.FindStatusCondition(conditions, kind) }
	isTrue := func(kind string) bool { return meta.IsStatusConditionTrue(conditions, kind) }
	rules := []struct {
		broken bool
		says   string
	}{
		{at(ready) == nil, "Ready is always there"},
		{at(reconciling) != nil && !isTrue(reconciling), "Reconciling is there only while it is True"},
		{at(stalled) != nil && !isTrue(stalled), "Stalled is there only while it is True"},
		{isTrue(reconciling) && isTrue(stalled), "Reconciling and Stalled exclude each other"},
		{isTrue(ready) && (isTrue(reconciling) || isTrue(stalled)), "Ready excludes Reconciling and Stalled"},
	}
	var broken []error
	for _, rule := range rules {
		if rule.broken {
			broken = append(broken, errors.New(rule.says))
		}
	}
	for _, c := range conditions {
		if c.Reason == "" || c.Message == "" {
			broken = append(broken, fmt.Errorf("%s has a reason and a message", c.Type))
		}
		if c.ObservedGeneration > obj.GetGeneration() || c.ObservedGeneration == 0 {
			broken = append(broken, fmt.Errorf("%s says which generation it speaks of", c.Type))
		}
	}
	if err := errors.Join(broken...); err != nil {
		return fmt.Errorf("%s breaks the rules of conditions: %w", obj.GetName(), err)
	}
	return nil
}
