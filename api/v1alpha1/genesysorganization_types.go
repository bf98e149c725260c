package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// GenesysOrganizationSpec says which organisation of Genesys Cloud to ask, and as whom.
// +kubebuilder:validation:XValidation:rule="has(self.region) != has(self.endpoint)",message="set exactly one of region and endpoint"
// +kubebuilder:validation:XValidation:rule="has(self.region) == has(oldSelf.region) && (!has(self.region) || self.region == oldSelf.region)",message="region cannot be changed: create another GenesysOrganization",fieldPath=".region"
// +kubebuilder:validation:XValidation:rule="has(self.endpoint) == has(oldSelf.endpoint) && (!has(self.endpoint) || self.endpoint == oldSelf.endpoint)",message="endpoint cannot be changed: create another GenesysOrganization",fieldPath=".endpoint"
type GenesysOrganizationSpec struct {
	// region of Genesys Cloud in which the organisation lives, by its AWS name. Cannot be changed.
	// +kubebuilder:validation:Enum=us-east-1;us-east-2;us-west-2;ca-central-1;mx-central-1;sa-east-1;eu-west-1;eu-west-2;eu-central-1;eu-central-2;eusc-de-east-1;me-central-1;ap-south-1;ap-northeast-1;ap-northeast-2;ap-northeast-3;ap-southeast-1;ap-southeast-2
	// +optional
	Region string `json:"region,omitempty"`

	// endpoint is the base URL of a Platform API other than a region's, as http://127.0.0.1:8080 for a
	// simulator. Only addresses that the manager was started with (--allow-endpoints) are asked. Cannot be changed.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$`
	// +optional
	Endpoint string `json:"endpoint,omitempty"`

	// credentials of the OAuth clients (grant type: client credentials) that ask, 1 to 16. Their request
	// budgets add up; a client that is rejected or lacks a permission is left out while others work. All
	// of them must belong to the same organisation.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(a, self.exists_one(b, b.secretRef.name == a.secretRef.name))",message="name each Secret once: an OAuth client has one request budget, however often it is named"
	// +listType=atomic
	// +required
	Credentials []OAuthClient `json:"credentials"`

	// requestsPerMinute is the most that is asked of Genesys Cloud in a minute with one OAuth client. What
	// Genesys Cloud itself announces is never exceeded. Defaults to 300, which is what Genesys Cloud grants
	// unless support has raised it.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	// +kubebuilder:default=300
	// +optional
	RequestsPerMinute int32 `json:"requestsPerMinute,omitempty"`
}

// OAuthClient says where an OAuth client's id and secret are.
type OAuthClient struct {
	// secretRef names a Secret in the same namespace with the keys clientId and clientSecret.
	// +required
	SecretRef LocalReference `json:"secretRef"`
}

// GenesysOrganizationStatus is what was observed of the organisation.
type GenesysOrganizationStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready is True when the login works, of one OAuth client at least. Reconciling and Stalled are present only while True.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// organization is what the first login turned out to be. A later login to another one is refused.
	// +optional
	Organization *OrganizationIdentity `json:"organization,omitempty"`

	// clients are the OAuth clients of spec.credentials, in their order.
	// +listType=map
	// +listMapKey=secretName
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Clients []OAuthClientStatus `json:"clients,omitempty"`
}

// OAuthClientState tells whether an OAuth client is asked.
// +kubebuilder:validation:Enum=In;Out
type OAuthClientState string

// The states of an OAuth client.
const (
	// ClientIn: requests are made with it.
	ClientIn OAuthClientState = "In"
	// ClientOut: no requests are made with it; it is tried again every minute.
	ClientOut OAuthClientState = "Out"
)

// OAuthClientStatus is how an OAuth client stands.
type OAuthClientStatus struct {
	// secretName names the Secret that holds the client's id and secret.
	// +kubebuilder:validation:MaxLength=253
	// +required
	SecretName string `json:"secretName"`

	// clientId is the client's id at Genesys Cloud, which is no secret. Absent if the Secret does not tell.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	ClientID string `json:"clientId,omitempty"`

	// state is In while requests are made with the client, Out while they are not.
	// +required
	State OAuthClientState `json:"state"`

	// reason says why the client is out, or what ails it; LoggedIn if nothing does.
	// +kubebuilder:validation:MaxLength=64
	// +required
	Reason string `json:"reason"`
}

// OrganizationIdentity is who the organisation is at Genesys Cloud.
type OrganizationIdentity struct {
	// id of the organisation at Genesys Cloud.
	// +kubebuilder:validation:MaxLength=64
	// +required
	ID string `json:"id"`

	// name of the organisation at Genesys Cloud.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	Name string `json:"name,omitempty"`
}

// GenesysOrganization is an organisation of Genesys Cloud and the OAuth clients that may ask it.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=gcorg,categories=genesys
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Organization",type=string,JSONPath=`.status.organization.name`
// +kubebuilder:printcolumn:name="Region",type=string,JSONPath=`.spec.region`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="ID",type=string,priority=1,JSONPath=`.status.organization.id`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type GenesysOrganization struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec says which organisation to ask, and as whom.
	// +required
	Spec GenesysOrganizationSpec `json:"spec"`

	// status is what was observed of it.
	// +kubebuilder:default={"observedGeneration":-1}
	// +optional
	Status GenesysOrganizationStatus `json:"status,omitempty"`
}

// GenesysOrganizationList is a list of organisations.
// +kubebuilder:object:root=true
type GenesysOrganizationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []GenesysOrganization `json:"items"`
}

// GetConditions returns the conditions of the status.
func (o *GenesysOrganization) GetConditions() *[]metav1.Condition { return &o.Status.Conditions }
