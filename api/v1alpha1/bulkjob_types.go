package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// BulkJobDelivery has recording bulk jobs of Genesys Cloud export the recordings into a bucket of the organisation.
type BulkJobDelivery struct {
	// integrationId is the id of the integration at Genesys Cloud that exports into the bucket: an integration of the type
	// AWS S3 Recording Bulk Actions, which must be active.
	// +kubebuilder:validation:MaxLength=36
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')",message="delivery.bulkJob.integrationId must be a UUID, such as 5d1c9a0e-3b7f-4c57-8d0e-0c1b2a394857"
	// +required
	IntegrationID string `json:"integrationId"`

	// s3 is the bucket of that integration. The manager only reads it.
	// +required
	S3 BulkJobBucket `json:"s3"`

	// copy copies the recordings from the bucket into the archive. If it is false (the default), they stay in the bucket,
	// and the bags refer to them there: keep the bucket as long as the archive.
	// +kubebuilder:default=false
	// +optional
	Copy bool `json:"copy,omitempty"`
}

// BulkJobBucket is a bucket of Amazon S3 or of a compatible service into which bulk jobs export.
type BulkJobBucket struct {
	// bucket is the name of the bucket.
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9][a-z0-9.-]*[a-z0-9]$`
	// +required
	Bucket string `json:"bucket"`

	// region of the bucket, for example eu-central-1.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +required
	Region string `json:"region"`

	// endpoint is the base URL of a service other than Amazon S3. The manager must be started with it
	// (--allow-endpoints).
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$`
	// +optional
	Endpoint string `json:"endpoint,omitempty"`

	// pathStyle puts the bucket's name into the path of a URL instead of its host name. Many services other than
	// Amazon S3 need it. Defaults to false.
	// +kubebuilder:default=false
	// +optional
	PathStyle bool `json:"pathStyle,omitempty"`

	// secretRef names a Secret in the same namespace with the keys accessKeyId and secretAccessKey, and
	// sessionToken if they are temporary. The access key needs s3:ListBucket and s3:GetObject.
	// +required
	SecretRef LocalReference `json:"secretRef"`
}

// BulkJobStatus is how the recording bulk jobs of a batch are doing.
type BulkJobStatus struct {
	// organizationId is the id of the Genesys Cloud organisation. All its exports share two jobs at a time.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	OrganizationID string `json:"organizationId,omitempty"`

	// waitingSince is when the batch began to wait for its turn to create a job; absent while it does not wait. It stays
	// while something else keeps the batch from waiting, such as a restart of the operator.
	// +optional
	WaitingSince *metav1.Time `json:"waitingSince,omitempty"`

	// queuePosition is the place of the batch among those that wait for a job of the organisation, from 1; 0 while it does
	// not wait.
	// +kubebuilder:validation:Minimum=0
	// +optional
	QueuePosition int32 `json:"queuePosition,omitempty"`

	// jobs are the batch's latest jobs, at most 16.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Jobs []BulkJobEntry `json:"jobs,omitempty"`
}

// BulkJobEntry is one recording bulk job of a batch.
type BulkJobEntry struct {
	// part names the conversations of the job: a range of the batch's sorted conversations, such as 0-500.
	// +kubebuilder:validation:MaxLength=32
	// +required
	Part string `json:"part"`

	// id of the job at Genesys Cloud; absent while it is not known whether it was created.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	ID string `json:"id,omitempty"`

	// state of the job as Genesys Cloud told it last, such as READY; Unknown while it is not known whether the job was
	// created, and NotCreated if it was not.
	// +kubebuilder:validation:MaxLength=32
	// +required
	State string `json:"state"`

	// createTime is when the operator began to create the job.
	// +required
	CreateTime metav1.Time `json:"createTime"`

	// ended tells that the operator expects nothing more of the job.
	// +optional
	Ended bool `json:"ended,omitempty"`
}
