package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RecordingExportTriggerSpec defines who may send events, and which exports they lead to.
type RecordingExportTriggerSpec struct {
	// secretRefs name one or two Secrets in the same namespace, each with the key secret: at least 32 bytes with which
	// senders sign (HMAC-SHA256). To replace a secret, add the new one, change the senders, and remove the old one.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=2
	// +listType=map
	// +listMapKey=name
	// +required
	SecretRefs []LocalReference `json:"secretRefs"`

	// debounce joins events that arrive at about the same time in one export.
	// +kubebuilder:default={}
	// +optional
	Debounce Debounce `json:"debounce,omitzero"`

	// rateLimit limits how many events the trigger accepts.
	// +kubebuilder:default={}
	// +optional
	RateLimit RateLimit `json:"rateLimit,omitzero"`

	// filter ignores events that state that they are about something else. An event that states nothing is not ignored.
	// +kubebuilder:default={}
	// +optional
	Filter EventFilter `json:"filter,omitzero"`

	// lookBack limits how long before its event a conversation may have started: window.start of an export is so long
	// before its first event. A duration, for example 168h (the default): at least 1h, at most 43800h (5 years).
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=24
	// +kubebuilder:validation:Pattern=`^([0-9]{1,6}(ms|s|m|h)){1,4}$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1h') && duration(self) <= duration('43800h')",message="lookBack must be at least 1h and at most 43800h (5 years)"
	// +kubebuilder:default="168h"
	// +optional
	LookBack *metav1.Duration `json:"lookBack,omitempty"`

	// template is the spec of the RecordingExports that the trigger creates. The operator adds scope.conversationIds,
	// window and suspend.
	// +required
	Template ExportTemplate `json:"template"`
}

// Debounce joins events that arrive at about the same time in one export.
type Debounce struct {
	// window divides time into windows of this length, for example 1m (the default): whole seconds, at least 1s, at most
	// 1h. The events that were signed in the same window share an export, which starts when the window ends.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=24
	// +kubebuilder:validation:Pattern=`^([0-9]{1,6}(ms|s|m|h)){1,4}$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('1h')",message="debounce.window must be at least 1s and at most 1h"
	// +kubebuilder:validation:XValidation:rule="duration(self).getMilliseconds() % 1000 == 0",message="debounce.window must be whole seconds"
	// +kubebuilder:default="1m"
	// +optional
	Window *metav1.Duration `json:"window,omitempty"`

	// maxConversations limits the conversations of an export. If a window has more, they become several exports. Defaults
	// to 100, at most 1000.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	// +kubebuilder:default=100
	// +optional
	MaxConversations int32 `json:"maxConversations,omitempty"`
}

// RateLimit limits how many events a trigger accepts.
type RateLimit struct {
	// eventsPerMinute limits the signed events that each replica of the manager accepts for this trigger in a minute. It
	// refuses more with 429. Defaults to 600.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=60000
	// +kubebuilder:default=600
	// +optional
	EventsPerMinute int32 `json:"eventsPerMinute,omitempty"`
}

// EventFilter ignores events.
type EventFilter struct {
	// mediaTypes ignores events that name another medium. If omitted, events about all media count.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=5
	// +listType=set
	// +optional
	MediaTypes []Medium `json:"mediaTypes,omitempty"`

	// legalHold Only ignores events that state that there is no legal hold. Any (the default) does not.
	// +kubebuilder:validation:Enum=Any;Only
	// +kubebuilder:default=Any
	// +optional
	LegalHold string `json:"legalHold,omitempty"`
}

// FilterHoldOnly is the value of spec.filter.legalHold that ignores events about conversations that are not under legal
// hold.
const FilterHoldOnly = "Only"

// RecordingExportTriggerStatus is what the trigger led to.
type RecordingExportTriggerStatus struct {
	// observedGeneration is the generation that the conditions describe; -1 if the operator has not seen the object yet.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// path of the receiver to which events for this trigger are sent.
	// +kubebuilder:validation:MaxLength=400
	// +optional
	Path string `json:"path,omitempty"`

	// exports is the number of existing RecordingExports that this trigger created.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Exports int64 `json:"exports"`

	// collecting is the number of them that have not started yet, because further events may join them.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Collecting int64 `json:"collecting"`

	// events is the number of events that led to them.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Events int64 `json:"events"`

	// lastEvent is the newest of these events.
	// +optional
	LastEvent *AcceptedEvent `json:"lastEvent,omitempty"`

	// conditions: Ready, and Reconciling or Stalled while they are True.
	// +kubebuilder:validation:MaxItems=8
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// AcceptedEvent is an event that a trigger accepted.
type AcceptedEvent struct {
	// time at which the sender signed the event.
	// +required
	Time metav1.Time `json:"time"`

	// conversationId that the event names.
	// +kubebuilder:validation:MaxLength=36
	// +required
	ConversationID string `json:"conversationId"`

	// export that the event led to.
	// +kubebuilder:validation:MaxLength=63
	// +required
	Export string `json:"export"`
}

// RecordingExportTrigger makes events about conversations into RecordingExports of these conversations.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=rext,categories=genesys
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40",message="metadata.name must be at most 40 characters, so that its exports can be named after it"
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Exports",type=integer,JSONPath=`.status.exports`
// +kubebuilder:printcolumn:name="Collecting",type=integer,JSONPath=`.status.collecting`
// +kubebuilder:printcolumn:name="Events",type=integer,JSONPath=`.status.events`
// +kubebuilder:printcolumn:name="Last",type=date,JSONPath=`.status.lastEvent.time`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Path",type=string,priority=1,JSONPath=`.status.path`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type RecordingExportTrigger struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the desired state: who may send events, and which exports they lead to.
	// +required
	Spec RecordingExportTriggerSpec `json:"spec"`

	// status is what the trigger led to.
	// +kubebuilder:default={"observedGeneration":-1}
	// +optional
	Status RecordingExportTriggerStatus `json:"status,omitempty"`
}

// RecordingExportTriggerList is a list of triggers.
// +kubebuilder:object:root=true
type RecordingExportTriggerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []RecordingExportTrigger `json:"items"`
}

// GetConditions returns the conditions of the status.
func (t *RecordingExportTrigger) GetConditions() *[]metav1.Condition { return &t.Status.Conditions }
