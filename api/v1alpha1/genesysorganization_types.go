package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// GenesysOrganizationSpec names a Genesys Cloud organisation and the OAuth clients to use.
// +kubebuilder:validation:XValidation:rule="has(self.region) != has(self.endpoint)",message="set exactly one of region and endpoint"
// +kubebuilder:validation:XValidation:rule="has(self.region) == has(oldSelf.region) && (!has(self.region) || self.region == oldSelf.region)",message="region cannot be changed: create another GenesysOrganization",fieldPath=".region"
// +kubebuilder:validation:XValidation:rule="has(self.endpoint) == has(oldSelf.endpoint) && (!has(self.endpoint) || self.endpoint == oldSelf.endpoint)",message="endpoint cannot be changed: create another GenesysOrganization",fieldPath=".endpoint"
type GenesysOrganizationSpec struct {
	// region names the region of Genesys Cloud that hosts the organisation, by its AWS name. Cannot be changed.
	// +kubebuilder:validation:Enum=us-east-1;us-east-2;us-west-2;ca-central-1;mx-central-1;sa-east-1;eu-west-1;eu-west-2;eu-central-1;eu-central-2;eusc-de-east-1;me-central-1;ap-south-1;ap-northeast-1;ap-northeast-2;ap-northeast-3;ap-southeast-1;ap-southeast-2
	// +optional
	Region string `json:"region,omitempty"`

	// endpoint is the base URL of a Platform API other than a region's, for example http://127.0.0.1:8080 for a
	// simulator. The manager must be started with it (--allow-endpoints). Cannot be changed.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$`
	// +optional
	Endpoint string `json:"endpoint,omitempty"`

	// credentials names the Secrets of 1 to 16 OAuth clients (grant type: client credentials). Their request budgets add
	// up. The operator does not use a client that is rejected or lacks a permission while others work. All of them must
	// belong to the same organisation.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(a, self.exists_one(b, b.secretRef.name == a.secretRef.name))",message="name each Secret once: an OAuth client has one request budget, however often it is named"
	// +listType=atomic
	// +required
	Credentials []OAuthClient `json:"credentials"`

	// requestsPerMinute limits the requests per minute of each OAuth client. The operator also respects a lower limit in
	// the answers of Genesys Cloud. Defaults to 300, Genesys Cloud's default limit.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	// +kubebuilder:default=300
	// +optional
	RequestsPerMinute int32 `json:"requestsPerMinute,omitempty"`
}

// OAuthClient names the Secret with an OAuth client's id and secret.
type OAuthClient struct {
	// secretRef names a Secret in the same namespace with the keys clientId and clientSecret.
	// +required
	SecretRef LocalReference `json:"secretRef"`
}

// GenesysOrganizationStatus is the observed state of the organisation.
type GenesysOrganizationStatus struct {
	// observedGeneration is the generation of the spec that this status describes; -1 before the first reconcile.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready is True when the login of at least one OAuth client works. Reconciling and Stalled are present only while True.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// organization is the organisation of the first login. Later logins to another one are refused.
	// +optional
	Organization *OrganizationIdentity `json:"organization,omitempty"`

	// clients are the OAuth clients of spec.credentials, in their order.
	// +listType=map
	// +listMapKey=secretName
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Clients []OAuthClientStatus `json:"clients,omitempty"`
}

// OAuthClientState reports whether an OAuth client is used.
// +kubebuilder:validation:Enum=Active;Inactive
type OAuthClientState string

// The states of an OAuth client.
const (
	// ClientActive: the operator makes requests with it.
	ClientActive OAuthClientState = "Active"
	// ClientInactive: the operator makes no requests with it, and retries its login every minute.
	ClientInactive OAuthClientState = "Inactive"
)

// OAuthClientStatus is the observed state of an OAuth client.
type OAuthClientStatus struct {
	// secretName names the Secret with the client's id and secret.
	// +kubebuilder:validation:MaxLength=253
	// +required
	SecretName string `json:"secretName"`

	// clientId is the client's id at Genesys Cloud, which is not secret. Absent if the Secret cannot be read.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	ClientID string `json:"clientId,omitempty"`

	// state is Active while the operator makes requests with the client, otherwise Inactive.
	// +required
	State OAuthClientState `json:"state"`

	// reason why the client is not used, or what is wrong with it; LoggedIn if nothing is wrong.
	// +kubebuilder:validation:MaxLength=64
	// +required
	Reason string `json:"reason"`
}

// OrganizationIdentity identifies the organisation at Genesys Cloud.
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

// GenesysOrganization is a Genesys Cloud organisation and the OAuth clients that the operator uses.
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

	// spec is the desired state: the organisation and the OAuth clients.
	// +required
	Spec GenesysOrganizationSpec `json:"spec"`

	// status is the observed state.
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
