package v1alpha1

// ConversationScope limits an export to some of the conversations of its window. A conversation is in scope if it
// matches every field that is set. It matches a field if it has any of the field's values.
// +kubebuilder:validation:XValidation:rule="has(self.conversationIds) || has(self.queueIds) || has(self.userIds) || has(self.divisionIds) || has(self.participants) || has(self.directions)",message="scope must set at least one of its fields; to export all conversations of the window, leave out scope"
type ConversationScope struct {
	// conversationIds selects these conversations. The operator requests them alone, instead of listing the
	// conversations of the window. The account lists those that Genesys Cloud does not know as unavailable
	// (ConversationNotFound), and those that did not start in the window as excluded (OutsideWindow). At most 1000 ids;
	// window.end must be set.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=1000
	// +listType=set
	// +optional
	ConversationIDs []GenesysID `json:"conversationIds,omitempty"`

	// queueIds selects conversations that were in one of these queues. At most 100 ids.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	// +listType=set
	// +optional
	QueueIDs []GenesysID `json:"queueIds,omitempty"`

	// userIds selects conversations in which one of these users of Genesys Cloud, for example agents, took part. At most
	// 100 ids.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	// +listType=set
	// +optional
	UserIDs []GenesysID `json:"userIds,omitempty"`

	// divisionIds selects conversations of one of these divisions. At most 100 ids.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	// +listType=set
	// +optional
	DivisionIDs []GenesysID `json:"divisionIds,omitempty"`

	// participants selects conversations with one of these caller or called numbers (ANI, DNIS) or addresses: calls, and
	// what else has such a number. The status and the archive contain only the SHA-256 of each. At most 100.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	// +listType=set
	// +optional
	Participants []Participant `json:"participants,omitempty"`

	// directions selects conversations that began in one of these directions: Inbound, Outbound.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=2
	// +listType=set
	// +optional
	Directions []Direction `json:"directions,omitempty"`
}

// GenesysID is an id of Genesys Cloud.
// +kubebuilder:validation:MaxLength=36
// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')",message="an id of Genesys Cloud is a UUID, such as 5d1c9a0e-3b7f-4c57-8d0e-0c1b2a394857, not a name"
type GenesysID string

// Participant is a phone number or an address.
// +kubebuilder:validation:MaxLength=128
// +kubebuilder:validation:XValidation:rule="self.matches('^([+]?[0-9]{3,32}|(tel|sip):[^ ]{1,120})$')",message="a participant is a phone number without blanks, such as +353155512345, or an address that begins with tel: or sip:"
type Participant string

// Direction is the direction in which a conversation began.
// +kubebuilder:validation:Enum=Inbound;Outbound
type Direction string

// The directions.
const (
	// DirectionInbound began with the customer.
	DirectionInbound Direction = "Inbound"
	// DirectionOutbound began with the organisation.
	DirectionOutbound Direction = "Outbound"
)

// ScopeStatus describes what an export is limited to.
type ScopeStatus struct {
	// limits says what spec.scope selects, for example "conversations in one of 2 queues, that began inbound".
	// +kubebuilder:validation:MaxLength=256
	// +optional
	Limits string `json:"limits,omitempty"`

	// participants are the SHA-256 of the numbers and addresses in spec.scope.participants, sorted.
	// +listType=set
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=64
	// +optional
	Participants []string `json:"participants,omitempty"`

	// outOfScope is how many conversations the surveys found that are not in scope. Genesys Cloud does not list most of
	// the others, so that this is not the number of all of them. The account lists each as excluded (OutOfScope).
	// +kubebuilder:validation:Minimum=0
	// +optional
	OutOfScope int64 `json:"outOfScope"`

	// notFound is how many conversations of spec.scope.conversationIds Genesys Cloud does not know. The account lists
	// each as unavailable (ConversationNotFound).
	// +kubebuilder:validation:Minimum=0
	// +optional
	NotFound int64 `json:"notFound"`

	// outsideWindow is how many of them did not start in the window. The account lists each as excluded (OutsideWindow).
	// +kubebuilder:validation:Minimum=0
	// +optional
	OutsideWindow int64 `json:"outsideWindow"`
}
