package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

const triggerYAML = `
apiVersion: recording.gcexport.dev/v1alpha1
kind: RecordingExportTrigger
metadata: {name: held-screens, namespace: default}
spec:
  secretRefs: [{name: event-secret}]
  debounce: {window: 1m, maxConversations: 100}
  rateLimit: {eventsPerMinute: 600}
  filter: {mediaTypes: [Screen], legalHold: Only}
  lookBack: 168h
  template:
    organizationRef: {name: emea}
    destinationRef: {name: evidence}
    mediaTypes: [Call, Screen]
    legalHold: {scope: Only}
    settleAfter: 1h
    attributes: {caseId: "4711"}
`

// TestTriggersAreValidated when they are created.
func TestTriggersAreValidated(t *testing.T) {
	tests := map[string]struct {
		edit edit
		says string
	}{
		"as in the documentation":     {edit{"spec.rateLimit.eventsPerMinute", "60000"}, ""},
		"the shortest":                {edit{"spec", `{secretRefs: [{name: a}], template: {organizationRef: {name: emea}, destinationRef: {name: evidence}, mediaTypes: [Call]}}`}, ""},
		"a name of 40":                {edit{"metadata.name", strings.Repeat("a", 40)}, ""},
		"a name of 41":                {edit{"metadata.name", strings.Repeat("a", 41)}, "metadata.name must be at most 40 characters, so that its exports can be named after it"},
		"no secret":                   {edit{"spec.secretRefs", "[]"}, "spec.secretRefs in body should have at least 1 items"},
		"two secrets":                 {edit{"spec.secretRefs", "[{name: a}, {name: b}]"}, ""},
		"three secrets":               {edit{"spec.secretRefs", "[{name: a}, {name: b}, {name: c}]"}, "spec.secretRefs: Too many: 3: must have at most 2 items"},
		"a secret twice":              {edit{"spec.secretRefs", "[{name: a}, {name: a}]"}, "spec.secretRefs[1]: Duplicate value"},
		"a window of nothing":         {edit{"spec.debounce.window", "0s"}, "debounce.window must be at least 1s and at most 1h"},
		"a window of an hour":         {edit{"spec.debounce.window", "1h"}, ""},
		"a window of more":            {edit{"spec.debounce.window", "1h1s"}, "debounce.window must be at least 1s and at most 1h"},
		"a window of half a second":   {edit{"spec.debounce.window", "1s500ms"}, "debounce.window must be whole seconds"},
		"too many conversations":      {edit{"spec.debounce.maxConversations", "1001"}, "spec.debounce.maxConversations"},
		"no conversations":            {edit{"spec.debounce.maxConversations", "0"}, "spec.debounce.maxConversations"},
		"no events":                   {edit{"spec.rateLimit.eventsPerMinute", "0"}, "spec.rateLimit.eventsPerMinute"},
		"endless events":              {edit{"spec.rateLimit.eventsPerMinute", "60001"}, "spec.rateLimit.eventsPerMinute"},
		"a filter for nothing":        {edit{"spec.filter.mediaTypes", "[]"}, "spec.filter.mediaTypes in body should have at least 1 items"},
		"another medium":              {edit{"spec.filter.mediaTypes", "[Fax]"}, `Unsupported value: "Fax"`},
		"another hold":                {edit{"spec.filter.legalHold", "Exclude"}, `supported values: "Any", "Only"`},
		"a look back of 5 years":      {edit{"spec.lookBack", "43800h"}, ""},
		"a look back of more":         {edit{"spec.lookBack", "43801h"}, "lookBack must be at least 1h and at most 43800h (5 years)"},
		"a template with a window":    {edit{"spec.template.window", `{start: "2023-10-01T00:00:00Z"}`}, `unknown field "spec.template.window"`},
		"a template with a scope":     {edit{"spec.template.scope", "{directions: [Inbound]}"}, `unknown field "spec.template.scope"`},
		"a template that waits":       {edit{"spec.template.suspend", "true"}, `unknown field "spec.template.suspend"`},
		"a second source":             {edit{"spec.template.secondSource", "Retention"}, `unknown field "spec.template.secondSource"`},
		"a template without media":    {edit{"spec.template.mediaTypes", "[]"}, "spec.template.mediaTypes in body should have at least 1 items"},
		"bulk jobs without an answer": {edit{"spec.template.delivery", "{mode: BulkJob}"}, "set delivery.bulkJob if delivery.mode is BulkJob"},
		"attributes as a list":        {edit{"spec.template.attributes", "[{legalHold: true}]"}, "spec.template.attributes"},
		"an attribute's odd key":      {edit{"spec.template.attributes", `{"case id": "1"}`}, "the keys of attributes must be letters"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := refusal(t.Context(), parse(t, triggerYAML, tt.edit))
			if !strings.Contains(got, tt.says) || (tt.says == "") != (got == "") {
				t.Errorf("refusal %q does not say %q", got, tt.says)
			}
		})
	}
}

// TestATemplateCanChange: in contrast to an export, a trigger's template is not fixed.
func TestATemplateCanChange(t *testing.T) {
	obj := create(t, triggerYAML)
	change(t, obj, edit{"spec.template.mediaTypes", "[Chat]"}, edit{"spec.template.organizationRef.name", "apac"}, edit{"spec.template.settleAfter", "0s"})
	if err := api.Update(t.Context(), obj, client.DryRunAll); err != nil {
		t.Error(err)
	}
}

// uuids lists the ids of so many conversations, from a number on.
func uuids(from, n int) string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("7c1cfe6c-5a3b-4f0e-9a52-%012x", from+i)
	}
	return "[" + strings.Join(ids, ", ") + "]"
}

// TestConversationsAreAddedToAScope: nothing else of it changes, and only while the export is suspended and has not started.
func TestConversationsAreAddedToAScope(t *testing.T) {
	text := strings.Replace(exportYAML, "  suspend: false\n", "  suspend: true\n  scope: {conversationIds: "+uuids(0, 2)+"}\n", 1)
	refused := "scope cannot be changed"
	tests := map[string]struct {
		started bool
		edits   []edit
		says    string
	}{
		"one more":                 {false, []edit{{"spec.scope.conversationIds", uuids(0, 3)}}, ""},
		"a thousand":               {false, []edit{{"spec.scope.conversationIds", uuids(0, 1000)}}, ""},
		"more than a thousand":     {false, []edit{{"spec.scope.conversationIds", uuids(0, 1001)}}, "spec.scope.conversationIds: Too many"},
		"started":                  {false, []edit{{"spec.suspend", "false"}}, ""},
		"another one":              {false, []edit{{"spec.scope.conversationIds", uuids(1, 2)}}, refused},
		"one less":                 {false, []edit{{"spec.scope.conversationIds", uuids(0, 1)}}, refused},
		"a queue":                  {false, []edit{{"spec.scope.queueIds", uuids(7, 1)}}, refused},
		"no scope":                 {false, []edit{{"spec.scope", ""}}, refused},
		"one more, and started":    {false, []edit{{"spec.scope.conversationIds", uuids(0, 3)}, {"spec.suspend", "false"}}, refused},
		"one more after the start": {true, []edit{{"spec.scope.conversationIds", uuids(0, 3)}}, "scope cannot be changed after the export has started"},
		"another field afterwards": {true, []edit{{"spec.retainBatches", "1"}}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			obj := create(t, text)
			if tt.started {
				change(t, obj, edit{"status.archive", "legal/evidence/case-4711"})
				if err := api.Status().Update(t.Context(), obj); err != nil {
					t.Fatal(err)
				}
			}
			change(t, obj, tt.edits...)
			got := ""
			if err := api.Update(t.Context(), obj, client.DryRunAll); err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, tt.says) || (tt.says == "") != (got == "") {
				t.Errorf("refusal %q does not say %q", got, tt.says)
			}
		})
	}
}
