package v1alpha1_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/config/crd"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// api talks to the API server that the tests of this package share.
var api client.Client

func TestMain(m *testing.M) {
	testenv.Main(m, func(config *rest.Config) {
		var err error
		if api, err = client.New(config, client.Options{FieldValidation: metav1.FieldValidationStrict}); err != nil {
			panic(err)
		}
	})
}

const exportYAML = `
apiVersion: recording.gcexport.dev/v1alpha1
kind: RecordingExport
metadata: {name: case-4711, namespace: default}
spec:
  organizationRef: {name: emea}
  destinationRef: {name: evidence}
  mediaTypes: [Call, Screen]
  legalHold: {scope: Include}
  window: {start: "2023-10-01T00:00:00Z", end: "2023-10-02T00:00:00Z"}
  slicing: {width: 1h, maxConversations: 1000}
  settleAfter: 48h
  openDeadline: 720h
  metadata: {detail: Full}
  archived: List
  secondSource: None
  delivery: {mode: Download}
  attributes: {caseId: "4711", legalBasis: "GDPR 17(3)(e)"}
  suspend: false
  lanes: {standard: {parallelism: 4}, legalHold: {parallelism: 2}, legalHoldScreen: {parallelism: 1}}
  retry: {deadline: 24h, surveyDeadline: 2h}
  retainBatches: 50
`

// bulkYAML is an export through bulk jobs.
var bulkYAML = strings.Replace(exportYAML, "{mode: Download}", `
    mode: BulkJob
    bulkJob:
      integrationId: 5d1c9a0e-3b7f-4c57-8d0e-0c1b2a394857
      s3: {bucket: recordings, region: eu-central-1, secretRef: {name: bulk-s3}}
      copy: true`, 1)

// endlessYAML is an export whose window has no end.
var endlessYAML = strings.Replace(exportYAML, `, end: "2023-10-02T00:00:00Z"`, "", 1)

const organizationYAML = `
apiVersion: recording.gcexport.dev/v1alpha1
kind: GenesysOrganization
metadata: {name: emea, namespace: default}
spec:
  region: eu-west-1
  credentials: [{secretRef: {name: genesys-oauth}}]
  requestsPerMinute: 300
`

const destinationYAML = `
apiVersion: recording.gcexport.dev/v1alpha1
kind: ExportDestination
metadata: {name: evidence, namespace: default}
spec: {directory: {name: evidence}}
`

const s3YAML = `
apiVersion: recording.gcexport.dev/v1alpha1
kind: ExportDestination
metadata: {name: evidence, namespace: default}
spec:
  s3:
    bucket: evidence
    prefix: legal/cases
    workBucket: evidence-work
    region: eu-central-1
    endpoint: https://s3.example.org
    pathStyle: true
    secretRef: {name: s3}
    objectLock: {mode: Compliance, retentionDays: 2555}
`

// governedYAML is a bucket with the weaker lock, unlockedYAML one without.
var (
	governedYAML = strings.Replace(s3YAML, "Compliance", "Governance", 1)
	unlockedYAML = strings.Replace(s3YAML, "    objectLock: {mode: Compliance, retentionDays: 2555}\n", "", 1)
)

const batchYAML = `
apiVersion: recording.gcexport.dev/v1alpha1
kind: RecordingExportBatch
metadata: {name: case-4711-standard, namespace: default}
spec:
  exportRef: {name: case-4711}
  lane: Standard
  window: {start: "2023-10-01T00:00:00Z", end: "2023-10-01T01:00:00Z"}
  ordinal: 0
  conversations: 12
`

// edit is a field by its path, with dots, and what it is set to: YAML, or empty
// for a field that is removed.
type edit struct{ path, value string }

func parse(t *testing.T, text string, edits ...edit) *unstructured.Unstructured {
	t.Helper()
	obj := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &obj.Object); err != nil {
		t.Fatal(err)
	}
	change(t, obj, edits...)
	return obj
}

func change(t *testing.T, obj *unstructured.Unstructured, edits ...edit) {
	t.Helper()
	for _, e := range edits {
		path := strings.Split(e.path, ".")
		if e.value == "" {
			unstructured.RemoveNestedField(obj.Object, path...)
			continue
		}
		var value any
		if err := yaml.Unmarshal([]byte(e.value), &value); err != nil {
			t.Fatal(err)
		}
		if number, ok := value.(float64); ok {
			value = int64(number)
		}
		if err := unstructured.SetNestedField(obj.Object, value, path...); err != nil {
			t.Fatal(err)
		}
	}
}

// credentials lists so many Secrets.
func credentials(n int) string {
	refs := make([]string, n)
	for i := range refs {
		refs[i] = fmt.Sprintf("{secretRef: {name: secret-%d}}", i)
	}
	return "[" + strings.Join(refs, ", ") + "]"
}

// refusal creates an object, in a dry run, and returns why it is refused.
func refusal(ctx context.Context, obj client.Object) string {
	if err := api.Create(ctx, obj, client.DryRunAll); err != nil {
		return err.Error()
	}
	return ""
}

func TestWhatIsCreatedIsValidated(t *testing.T) {
	long := strings.Repeat("a", 64)
	tests := []struct {
		name string
		yaml string
		edit edit
		// says is in the refusal: the field and the cure. Empty if it is accepted.
		says string
	}{
		{"as in the documentation", exportYAML, edit{"spec.suspend", "true"}, ""},
		{"end before start", exportYAML, edit{"spec.window.end", `"2023-09-30T00:00:00Z"`}, "spec.window.end: Invalid value: window.end must be after window.start"},
		{"end at start", exportYAML, edit{"spec.window.end", `"2023-10-01T00:00:00Z"`}, "window.end must be after window.start"},
		{"end before start in another zone", exportYAML, edit{"spec.window.end", `"2023-10-01T01:00:00+02:00"`}, "window.end must be after window.start"},
		{"end after start in another zone", exportYAML, edit{"spec.window.end", `"2023-09-30T23:30:00-02:00"`}, ""},
		{"5 years", exportYAML, edit{"spec.window.end", `"2028-10-01T00:00:00Z"`}, ""},
		{"wider than 5 years", exportYAML, edit{"spec.window.end", `"2028-10-03T00:00:00Z"`}, "spec.window.end: Invalid value: the window must not be wider than 5 years: use several exports"},
		{"wider than any duration", exportYAML, edit{"spec.window.end", `"9999-12-31T23:59:59Z"`}, "spec.window.end: Invalid value: the window must not be wider than 5 years: use several exports"},
		{"the first start", exportYAML, edit{"spec.window", `{start: "2000-01-01T00:00:00Z", end: "2000-01-02T00:00:00Z"}`}, ""},
		{"a start before Genesys Cloud", exportYAML, edit{"spec.window", `{start: "1999-12-31T23:59:59Z", end: "2000-01-02T00:00:00Z"}`}, "spec.window.start: Invalid value: window.start must not be before 2000-01-01"},
		{"the year 1", endlessYAML, edit{"spec.window.start", `"0001-01-01T00:00:00Z"`}, "window.start must not be before 2000-01-01"},
		{"the last end", exportYAML, edit{"spec.window", `{start: "2099-12-31T00:00:00Z", end: "2100-01-01T00:00:00Z"}`}, ""},
		{"an end after the last", exportYAML, edit{"spec.window", `{start: "2099-12-31T00:00:00Z", end: "2100-01-01T00:00:01Z"}`}, "window.end must not be after 2100-01-01"},
		{"a start after the last end", endlessYAML, edit{"spec.window.start", `"2100-01-01T00:00:00Z"`}, "window.start must be before 2100-01-01"},
		{"a Secret in a path", organizationYAML, edit{"spec.credentials", "[{secretRef: {name: ../theirs}}]"}, "spec.credentials[0].secretRef.name"},
		{"a Secret that is a command", organizationYAML, edit{"spec.credentials", "[{secretRef: {name: 'a; rm -rf .'}}]"}, "spec.credentials[0].secretRef.name"},
		{"a Secret with dots", organizationYAML, edit{"spec.credentials", "[{secretRef: {name: a.b-c}}]"}, ""},
		{"a batch of the year 1", batchYAML, edit{"spec.window.start", `"0001-01-01T00:00:00Z"`}, "window.start must not be before 2000-01-01"},
		{"a start that is not a time", exportYAML, edit{"spec.window.start", "yesterday"}, "spec.window.start"},
		{"half a second at the start", exportYAML, edit{"spec.window.start", `"2023-10-01T00:00:00.5Z"`}, "window.start must be a whole second"},
		{"half a second at the end", exportYAML, edit{"spec.window.end", `"2023-10-01T01:00:00.5Z"`}, "window.end must be a whole second"},
		{"no end", exportYAML, edit{"spec.window.end", ""}, ""},
		{"unknown medium", exportYAML, edit{"spec.mediaTypes", "[Call, Fax]"}, `spec.mediaTypes[1]: Unsupported value: "Fax": supported values: "Call", "Screen", "Chat", "Email", "Message"`},
		{"a medium twice", exportYAML, edit{"spec.mediaTypes", "[Call, Call]"}, `spec.mediaTypes[1]: Duplicate value: "Call"`},
		{"no medium", exportYAML, edit{"spec.mediaTypes", "[]"}, "spec.mediaTypes in body should have at least 1 items"},
		{"all media", exportYAML, edit{"spec.mediaTypes", "[Call, Screen, Chat, Email, Message]"}, ""},
		{"unknown scope", exportYAML, edit{"spec.legalHold.scope", "All"}, `spec.legalHold.scope: Unsupported value: "All": supported values: "Include", "Exclude", "Only"`},
		{"zero width", exportYAML, edit{"spec.slicing.width", "0s"}, `spec.slicing.width: Invalid value: "0s": slicing.width must be at least 1m and at most 8784h`},
		{"a width of less than a minute", exportYAML, edit{"spec.slicing.width", "59s"}, "slicing.width must be at least 1m"},
		{"a width of less than whole seconds", exportYAML, edit{"spec.slicing.width", "1h1ms"}, "slicing.width must be whole seconds"},
		{"a width above the window", exportYAML, edit{"spec.slicing.width", "100h"}, ""},
		{"a width in days", exportYAML, edit{"spec.slicing.width", "1d"}, "spec.slicing.width"},
		{"a width as a number", exportYAML, edit{"spec.slicing.width", "3600"}, "spec.slicing.width"},
		{"too many conversations", exportYAML, edit{"spec.slicing.maxConversations", "10001"}, "spec.slicing.maxConversations in body should be less than or equal to 10000"},
		{"settleAfter of zero", exportYAML, edit{"spec.settleAfter", "0s"}, ""},
		{"settleAfter of too long", exportYAML, edit{"spec.settleAfter", "721h"}, `spec.settleAfter: Invalid value: "721h": settleAfter must be at most 720h`},
		{"a negative settleAfter", exportYAML, edit{"spec.settleAfter", "-1h"}, "spec.settleAfter"},
		{"openDeadline of zero", exportYAML, edit{"spec.openDeadline", "0s"}, ""},
		{"openDeadline of too long", exportYAML, edit{"spec.openDeadline", "8785h"}, "openDeadline must be at most 8784h (a year)"},
		{"a deadline of zero", exportYAML, edit{"spec.retry.deadline", "0s"}, "retry.deadline must be longer than 0s and at most 720h"},
		{"a deadline of a month", exportYAML, edit{"spec.retry.deadline", "720h"}, ""},
		{"a survey's deadline of a second", exportYAML, edit{"spec.retry.surveyDeadline", "1s"}, ""},
		{"a survey's deadline of a week", exportYAML, edit{"spec.retry.surveyDeadline", "168h"}, ""},
		{"a survey's deadline of less than a second", exportYAML, edit{"spec.retry.surveyDeadline", "999ms"}, "retry.surveyDeadline must be at least 1s and at most 168h"},
		{"a survey's deadline of more than a week", exportYAML, edit{"spec.retry.surveyDeadline", "168h1s"}, "retry.surveyDeadline must be at least 1s and at most 168h"},
		{"no parallelism", exportYAML, edit{"spec.lanes.standard.parallelism", "0"}, "spec.lanes.standard.parallelism in body should be greater than or equal to 1"},
		{"no batches kept", exportYAML, edit{"spec.retainBatches", "0"}, ""},
		{"what comes later: detail", exportYAML, edit{"spec.metadata.detail", "Auto"}, `spec.metadata.detail: Unsupported value: "Auto"`},
		{"archived recordings that are restored", exportYAML, edit{"spec.archived", "Restore"}, ""},
		{"archived recordings that are deleted", exportYAML, edit{"spec.archived", "Delete"}, `spec.archived: Unsupported value: "Delete": supported values: "List", "Restore"`},
		{"unknown delivery", exportYAML, edit{"spec.delivery.mode", "Courier"}, `spec.delivery.mode: Unsupported value: "Courier"`},
		{"bulk jobs without an integration", exportYAML, edit{"spec.delivery.mode", "BulkJob"}, "spec.delivery: Invalid value: set delivery.bulkJob if delivery.mode is BulkJob, and leave it out otherwise"},
		{"an integration without bulk jobs", bulkYAML, edit{"spec.delivery.mode", "Download"}, "spec.delivery: Invalid value: set delivery.bulkJob if delivery.mode is BulkJob, and leave it out otherwise"},
		{"an integration without a mode", bulkYAML, edit{"spec.delivery.mode", ""}, "spec.delivery: Invalid value: set delivery.bulkJob if delivery.mode is BulkJob, and leave it out otherwise"},
		{"integration that is not a UUID", bulkYAML, edit{"spec.delivery.bulkJob.integrationId", "bulk"}, "delivery.bulkJob.integrationId must be a UUID"},
		{"bulk jobs without a bucket", bulkYAML, edit{"spec.delivery.bulkJob.s3.bucket", ""}, "spec.delivery.bulkJob.s3.bucket: Required value"},
		{"bulk jobs with a bucket in capitals", bulkYAML, edit{"spec.delivery.bulkJob.s3.bucket", "Recordings"}, "spec.delivery.bulkJob.s3.bucket: Invalid value"},
		{"bulk jobs with a bucket and a folder", bulkYAML, edit{"spec.delivery.bulkJob.s3.bucket", "recordings/2023"}, "spec.delivery.bulkJob.s3.bucket: Invalid value"},
		{"bulk jobs with a bucket that is too short", bulkYAML, edit{"spec.delivery.bulkJob.s3.bucket", "r2"}, "spec.delivery.bulkJob.s3.bucket: Invalid value"},
		{"bulk jobs with an endpoint that is not a URL", bulkYAML, edit{"spec.delivery.bulkJob.s3.endpoint", "s3.example"}, "spec.delivery.bulkJob.s3.endpoint: Invalid value"},
		{"bulk jobs without a Secret", bulkYAML, edit{"spec.delivery.bulkJob.s3.secretRef", ""}, "spec.delivery.bulkJob.s3.secretRef: Required value"},
		{"a second source", exportYAML, edit{"spec.secondSource", "Retention"}, ""},
		{"an unknown second source", exportYAML, edit{"spec.secondSource", "Analytics"}, `spec.secondSource: Unsupported value: "Analytics": supported values: "None", "Retention"`},
		{"an unknown field", exportYAML, edit{"spec.recordingType", "screen"}, `unknown field "spec.recordingType"`},
		{"attributes as a list", exportYAML, edit{"spec.attributes", "[{legalHold: true}]"}, "spec.attributes"},
		{"an attribute of two lines", exportYAML, edit{"spec.attributes", `{caseId: "1\nInjected: yes"}`}, "spec.attributes.caseId"},
		{"an attribute with an odd key", exportYAML, edit{"spec.attributes", `{"case id": "1"}`}, "spec.attributes: Invalid value: the keys of attributes must be letters"},
		{"a name of 63", exportYAML, edit{"metadata.name", long[1:]}, ""},
		{"the name of a part of an archive", exportYAML, edit{"metadata.name", "seals"}, "metadata.name must not be bags, seals or export.json: these are names of parts of an archive"},
		{"another one", exportYAML, edit{"metadata.name", "export.json"}, "metadata.name must not be bags, seals or export.json: these are names of parts of an archive"},
		{"a name of 64", exportYAML, edit{"metadata.name", long}, "metadata.name must be at most 63 characters, so that its batches can be named after it"},
		{"no organisation", exportYAML, edit{"spec.organizationRef", ""}, "spec.organizationRef: Required value"},
		{"an organisation without a name", exportYAML, edit{"spec.organizationRef.name", `""`}, "spec.organizationRef.name"},

		{"an organisation", organizationYAML, edit{"spec.requestsPerMinute", "3000"}, ""},
		{"an unknown region", organizationYAML, edit{"spec.region", "eu-west-9"}, `spec.region: Unsupported value: "eu-west-9"`},
		{"neither region nor endpoint", organizationYAML, edit{"spec.region", ""}, "set exactly one of region and endpoint"},
		{"both region and endpoint", organizationYAML, edit{"spec.endpoint", "http://127.0.0.1:8080"}, "set exactly one of region and endpoint"},
		{"an endpoint", organizationYAML, edit{"spec", `{endpoint: "http://127.0.0.1:8080", credentials: [{secretRef: {name: a}}]}`}, ""},
		{"an endpoint with a path", organizationYAML, edit{"spec", `{endpoint: "http://127.0.0.1/x", credentials: [{secretRef: {name: a}}]}`}, "spec.endpoint"},
		{"an endpoint with a password", organizationYAML, edit{"spec", `{endpoint: "http://a:b@127.0.0.1", credentials: [{secretRef: {name: a}}]}`}, "spec.endpoint"},
		{"no credentials", organizationYAML, edit{"spec.credentials", "[]"}, "spec.credentials in body should have at least 1 items"},
		{"two credentials", organizationYAML, edit{"spec.credentials", "[{secretRef: {name: a}}, {secretRef: {name: b}}]"}, ""},
		{"sixteen credentials", organizationYAML, edit{"spec.credentials", credentials(16)}, ""},
		{"seventeen credentials", organizationYAML, edit{"spec.credentials", credentials(17)}, "spec.credentials: Too many: 17: must have at most 16 items"},
		{"the same credentials twice", organizationYAML, edit{"spec.credentials", "[{secretRef: {name: a}}, {secretRef: {name: b}}, {secretRef: {name: a}}]"}, "spec.credentials: Invalid value: name each Secret once: an OAuth client has one request budget, however often it is named"},
		{"no requests", organizationYAML, edit{"spec.requestsPerMinute", "0"}, "spec.requestsPerMinute in body should be greater than or equal to 1"},

		{"a destination", destinationYAML, edit{"spec.directory.name", "case-1"}, ""},
		{"a directory above", destinationYAML, edit{"spec.directory.name", "../evidence"}, "spec.directory.name"},
		{"a directory of two", destinationYAML, edit{"spec.directory.name", "a/b"}, "spec.directory.name"},
		{"a directory that is absolute", destinationYAML, edit{"spec.directory.name", "/etc"}, "spec.directory.name"},
		{"neither directory nor bucket", destinationYAML, edit{"spec.directory", ""}, "spec: Invalid value: set exactly one of directory and s3"},
		{"a signing key", destinationYAML, edit{"spec.signing", "{secretRef: {name: key}, create: true, timestamp: {url: 'https://tsa.example/tsr'}}"}, ""},
		{"signing without a key", destinationYAML, edit{"spec.signing", "{create: true}"}, "spec.signing: Invalid value: set exactly one of signing.secretRef and signing.platform"},
		{"signing with the platform's key", destinationYAML, edit{"spec.signing", "{platform: {}, timestamp: {url: 'https://tsa.example/tsr'}}"}, ""},
		{"signing with two keys", destinationYAML, edit{"spec.signing", "{platform: {}, secretRef: {name: key}}"}, "set exactly one of signing.secretRef and signing.platform"},
		{"a platform's key that is made", destinationYAML, edit{"spec.signing", "{platform: {}, create: true}"}, "spec.signing.create: Invalid value: signing.create makes the Secret of signing.secretRef"},
		{"a signing key without a name", destinationYAML, edit{"spec.signing", "{secretRef: {name: ''}}"}, "spec.signing.secretRef.name"},
		{"a time-stamp from nobody", destinationYAML, edit{"spec.signing", "{secretRef: {name: key}, timestamp: {}}"}, "spec.signing.timestamp.url: Required value"},
		{"a time-stamp authority that is not a URL", destinationYAML, edit{"spec.signing", "{secretRef: {name: key}, timestamp: {url: tsa.example}}"}, "timestamp.url must be an http or https URL with a host"},
		{"a time-stamp from a file", destinationYAML, edit{"spec.signing", "{secretRef: {name: key}, timestamp: {url: 'file:///etc/passwd'}}"}, "timestamp.url must be an http or https URL with a host"},
		{"a time-stamp without a host", destinationYAML, edit{"spec.signing", "{secretRef: {name: key}, timestamp: {url: 'https:///tsr'}}"}, "timestamp.url must be an http or https URL with a host"},
		{"a time-stamp for a password", destinationYAML, edit{"spec.signing", "{secretRef: {name: key}, timestamp: {url: 'https://a:b@tsa.example'}}"}, "timestamp.url must not contain a user or password"},
		{"a time-stamp from far away", destinationYAML, edit{"spec.signing", "{secretRef: {name: key}, timestamp: {url: 'https://tsa.example/" + strings.Repeat("x", 512) + "'}}"}, "spec.signing.timestamp.url: Too long"},
		{"verified every hour", destinationYAML, edit{"spec.verifyEvery", "1h"}, ""},
		{"verified every year", s3YAML, edit{"spec.verifyEvery", "8784h"}, ""},
		{"verified all the time", destinationYAML, edit{"spec.verifyEvery", "59m59s"}, `spec.verifyEvery: Invalid value: "59m59s": verifyEvery must be at least 1h and at most 8784h (a year)`},
		{"verified after zero", destinationYAML, edit{"spec.verifyEvery", "0s"}, "verifyEvery must be at least 1h"},
		{"verified too rarely", destinationYAML, edit{"spec.verifyEvery", "8784h1s"}, "verifyEvery must be at least 1h and at most 8784h (a year)"},
		{"verified every few days", destinationYAML, edit{"spec.verifyEvery", "30d"}, "spec.verifyEvery"},
		{"verified before", destinationYAML, edit{"spec.verifyEvery", "-24h"}, "spec.verifyEvery"},
		{"verified by number", destinationYAML, edit{"spec.verifyEvery", "3600"}, "spec.verifyEvery"},
		{"load files", destinationYAML, edit{"spec.loadFiles", "true"}, ""},
		{"a bucket", s3YAML, edit{"spec.s3.objectLock.mode", "Governance"}, ""},
		{"both directory and bucket", s3YAML, edit{"spec.directory", "{name: evidence}"}, "set exactly one of directory and s3"},
		{"only what a bucket must have", s3YAML, edit{"spec.s3", "{bucket: evidence, workBucket: evidence-work, region: us-east-1, secretRef: {name: s3}}"}, ""},
		{"a bucket that is its own workBucket", s3YAML, edit{"spec.s3.workBucket", "evidence"}, "spec.s3.workBucket: Invalid value: workBucket must be another bucket than bucket: evidence stays, working artifacts are removed"},
		{"a bucket without a name", s3YAML, edit{"spec.s3.bucket", ""}, "spec.s3.bucket: Required value"},
		{"a bucket with dots", s3YAML, edit{"spec.s3.bucket", "evidence.example.org"}, ""},
		{"a bucket in capitals", s3YAML, edit{"spec.s3.bucket", "Evidence"}, "spec.s3.bucket"},
		{"a bucket that is an ARN", s3YAML, edit{"spec.s3.bucket", "arn:aws:s3:::evidence"}, "spec.s3.bucket"},
		{"a bucket that leads elsewhere", s3YAML, edit{"spec.s3.bucket", "evil.example/x"}, "spec.s3.bucket"},
		{"no workBucket", s3YAML, edit{"spec.s3.workBucket", ""}, "spec.s3.workBucket: Required value"},
		{"no region", s3YAML, edit{"spec.s3.region", ""}, "spec.s3.region: Required value"},
		{"a region that leads elsewhere", s3YAML, edit{"spec.s3.region", "evil.example/x"}, "spec.s3.region"},
		{"a prefix of one", s3YAML, edit{"spec.s3.prefix", "legal"}, ""},
		{"a prefix that begins with a slash", s3YAML, edit{"spec.s3.prefix", "/legal"}, "spec.s3.prefix"},
		{"a prefix that ends with a slash", s3YAML, edit{"spec.s3.prefix", "legal/"}, "spec.s3.prefix"},
		{"a prefix above", s3YAML, edit{"spec.s3.prefix", "legal/.."}, "spec.s3.prefix"},
		{"a prefix that hides", s3YAML, edit{"spec.s3.prefix", ".work"}, "spec.s3.prefix"},
		{"a prefix with spaces", s3YAML, edit{"spec.s3.prefix", `"legal cases"`}, "spec.s3.prefix"},
		{"a bucket's endpoint with a path", s3YAML, edit{"spec.s3.endpoint", "https://s3.example.org/x"}, "spec.s3.endpoint"},
		{"a bucket's endpoint with a password", s3YAML, edit{"spec.s3.endpoint", "https://a:b@s3.example.org"}, "spec.s3.endpoint"},
		{"a bucket's endpoint with a port", s3YAML, edit{"spec.s3.endpoint", "http://127.0.0.1:9000"}, ""},
		{"no access key", s3YAML, edit{"spec.s3.secretRef", ""}, "spec.s3.secretRef: Required value"},
		{"an access key in the open", s3YAML, edit{"spec.s3.secretAccessKey", "x"}, `unknown field "spec.s3.secretAccessKey"`},
		{"no lock", s3YAML, edit{"spec.s3.objectLock", ""}, ""},
		{"a lock of no days", s3YAML, edit{"spec.s3.objectLock.retentionDays", "0"}, "spec.s3.objectLock.retentionDays in body should be greater than or equal to 1"},
		{"a lock of a hundred years", s3YAML, edit{"spec.s3.objectLock.retentionDays", "36500"}, ""},
		{"a lock of more than a hundred years", s3YAML, edit{"spec.s3.objectLock.retentionDays", "36501"}, "spec.s3.objectLock.retentionDays in body should be less than or equal to 36500"},
		{"a lock without days", s3YAML, edit{"spec.s3.objectLock.retentionDays", ""}, "spec.s3.objectLock.retentionDays: Required value"},
		{"an unknown lock", s3YAML, edit{"spec.s3.objectLock.mode", "COMPLIANCE"}, `spec.s3.objectLock.mode: Unsupported value: "COMPLIANCE": supported values: "Governance", "Compliance"`},
		{"a floor", destinationYAML, edit{"spec.directory.minFree", "10Gi"}, ""},
		{"a floor in bytes", destinationYAML, edit{"spec.directory.minFree", "1048576"}, ""},
		{"no floor", destinationYAML, edit{"spec.directory.minFree", `"0"`}, "directory.minFree must be at least 1Mi and at most 1Ei"},
		{"a floor a byte too low", destinationYAML, edit{"spec.directory.minFree", "1048575"}, "directory.minFree must be at least 1Mi"},
		{"the highest floor", destinationYAML, edit{"spec.directory.minFree", "1Ei"}, ""},
		{"a floor above all disks", destinationYAML, edit{"spec.directory.minFree", "2Ei"}, "directory.minFree must be at least 1Mi and at most 1Ei"},
		{"a negative floor", destinationYAML, edit{"spec.directory.minFree", "-1Gi"}, "directory.minFree must be at least 1Mi"},
		{"a minFree that is not a quantity", destinationYAML, edit{"spec.directory.minFree", "plenty"}, "spec.directory.minFree"},

		{"a batch", batchYAML, edit{"spec.lane", "LegalHoldScreen"}, ""},
		{"a batch of no lane", batchYAML, edit{"spec.lane", "Fast"}, `spec.lane: Unsupported value: "Fast"`},
		{"a batch of nothing", batchYAML, edit{"spec.conversations", "0"}, "spec.conversations"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := refusal(t.Context(), parse(t, tt.yaml, tt.edit))
			if tt.says == "" && got != "" {
				t.Errorf("refused: %s", got)
			}
			if !strings.Contains(got, tt.says) || (tt.says != "" && got == "") {
				t.Errorf("refusal %q does not say %q", got, tt.says)
			}
		})
	}
}

// create makes an object that is gone at the end of the test.
func create(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	obj := parse(t, text)
	if err := api.Create(t.Context(), obj); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = api.Delete(context.WithoutCancel(t.Context()), obj) })
	return obj
}

func TestWhatIdentifiesAnObjectCannotChange(t *testing.T) {
	other := "cannot be changed: create another "
	tests := []struct {
		yaml string
		edit edit
		says string
	}{
		{exportYAML, edit{"spec.organizationRef.name", "apac"}, "spec.organizationRef: Invalid value: organizationRef " + other + "RecordingExport"},
		{exportYAML, edit{"spec.destinationRef.name", "other"}, "destinationRef " + other},
		{exportYAML, edit{"spec.mediaTypes", "[Call]"}, "spec.mediaTypes: Invalid value: mediaTypes " + other},
		{exportYAML, edit{"spec.mediaTypes", "[Screen, Call]"}, ""},
		{exportYAML, edit{"spec.legalHold.scope", "Only"}, "legalHold " + other},
		{exportYAML, edit{"spec.window.start", `"2023-09-30T00:00:00Z"`}, "spec.window.start: Invalid value: window.start " + other},
		{exportYAML, edit{"spec.window.end", `"2023-10-03T00:00:00Z"`}, "spec.window: Invalid value: window.end can be set once"},
		{exportYAML, edit{"spec.window.end", ""}, "spec.window: Invalid value: window.end can be set once"},
		{endlessYAML, edit{"spec.window.end", `"2023-10-03T00:00:00Z"`}, ""},
		{endlessYAML, edit{"spec.window.end", `"9999-12-31T23:59:59Z"`}, "the window must not be wider than 5 years"},
		{exportYAML, edit{"spec.window.end", `"2023-10-02T02:00:00+02:00"`}, ""},
		{exportYAML, edit{"spec.slicing.width", "2h"}, "slicing " + other},
		{exportYAML, edit{"spec.slicing.width", "60m"}, ""},
		{exportYAML, edit{"spec.settleAfter", "48h0m0s"}, ""},
		{exportYAML, edit{"spec.settleAfter", "1h"}, "settleAfter " + other},
		{exportYAML, edit{"spec.openDeadline", "1h"}, "openDeadline " + other},
		{exportYAML, edit{"spec.archived", "List"}, ""},
		{exportYAML, edit{"spec.archived", ""}, ""},
		{exportYAML, edit{"spec.archived", "Restore"}, `spec.archived: Invalid value: archived ` + other + "RecordingExport"},
		{exportYAML, edit{"spec.metadata", ""}, ""},
		{exportYAML, edit{"spec.delivery", ""}, ""},
		{strings.Replace(bulkYAML, "copy: true", "copy: false", 1), edit{"spec.delivery.bulkJob.copy", ""}, ""},
		{bulkYAML, edit{"spec.delivery.bulkJob.copy", ""}, "spec.delivery: Invalid value: delivery " + other + "RecordingExport"},
		{exportYAML, edit{"spec.secondSource", "None"}, ""},
		{exportYAML, edit{"spec.secondSource", "Retention"}, "spec.secondSource: Invalid value: secondSource " + other + "RecordingExport"},
		{exportYAML, edit{"spec.attributes", "{caseId: other}"}, "attributes " + other},
		{exportYAML, edit{"spec.attributes", ""}, "attributes " + other},
		{exportYAML, edit{"spec.suspend", "true"}, ""},
		{exportYAML, edit{"spec.lanes.standard.parallelism", "8"}, ""},
		{exportYAML, edit{"spec.retry.deadline", "1h"}, ""},
		{exportYAML, edit{"spec.retry.surveyDeadline", "10m"}, ""},
		{exportYAML, edit{"spec.retainBatches", "0"}, ""},
		{organizationYAML, edit{"spec.region", "eu-west-2"}, "spec.region: Invalid value: region " + other + "GenesysOrganization"},
		{organizationYAML, edit{"spec", `{endpoint: "http://127.0.0.1", credentials: [{secretRef: {name: a}}]}`}, "region " + other},
		{organizationYAML, edit{"spec.credentials", "[{secretRef: {name: other}}]"}, ""},
		{organizationYAML, edit{"spec.requestsPerMinute", "600"}, ""},
		{destinationYAML, edit{"spec.directory.name", "other"}, `spec.directory.name: Invalid value: "other": directory.name ` + other + "ExportDestination"},
		{destinationYAML, edit{"spec", "{s3: {bucket: evidence, workBucket: evidence-work, region: us-east-1, secretRef: {name: s3}}}"}, "a destination cannot be changed from directory to s3 or back: create another ExportDestination"},
		{s3YAML, edit{"spec", "{directory: {name: evidence}}"}, "from directory to s3 or back"},
		{s3YAML, edit{"spec.s3.bucket", "other"}, `spec.s3.bucket: Invalid value: "other": s3.bucket ` + other + "ExportDestination"},
		{s3YAML, edit{"spec.s3.workBucket", "other"}, "s3.workBucket " + other},
		{s3YAML, edit{"spec.s3.prefix", "other"}, "spec.s3.prefix: Invalid value: s3.prefix " + other},
		{s3YAML, edit{"spec.s3.prefix", ""}, "s3.prefix " + other},
		{s3YAML, edit{"spec.s3.region", "eu-west-1"}, "s3.region " + other},
		{s3YAML, edit{"spec.s3.endpoint", "https://other.example.org"}, "spec.s3.endpoint: Invalid value: s3.endpoint " + other},
		{s3YAML, edit{"spec.s3.endpoint", ""}, "s3.endpoint " + other},
		{s3YAML, edit{"spec.s3.secretRef.name", "other"}, ""},
		{s3YAML, edit{"spec.s3.pathStyle", "false"}, ""},
		{s3YAML, edit{"spec.s3.objectLock.retentionDays", "3650"}, ""},
		{s3YAML, edit{"spec.s3.objectLock.retentionDays", "2554"}, "spec.s3.objectLock.retentionDays: Invalid value: s3.objectLock.retentionDays can be raised, not lowered"},
		{s3YAML, edit{"spec.s3.objectLock.mode", "Governance"}, "spec.s3.objectLock.mode: Invalid value: s3.objectLock.mode can be changed from Governance to Compliance, not back"},
		{s3YAML, edit{"spec.s3.objectLock", "{mode: Governance, retentionDays: 36500}"}, "s3.objectLock.mode can be changed from Governance to Compliance, not back"},
		{s3YAML, edit{"spec.s3.objectLock", ""}, "spec.s3.objectLock: Invalid value: s3.objectLock cannot be removed"},
		{governedYAML, edit{"spec.s3.objectLock.mode", "Compliance"}, ""},
		{governedYAML, edit{"spec.s3.objectLock", ""}, "s3.objectLock cannot be removed"},
		{unlockedYAML, edit{"spec.s3.objectLock", "{mode: Governance, retentionDays: 1}"}, ""},
		{batchYAML, edit{"spec.conversations", "13"}, "a batch cannot be changed: only the operator writes batches"},
	}
	for _, tt := range tests {
		t.Run(tt.edit.path+" "+tt.edit.value, func(t *testing.T) {
			obj := create(t, tt.yaml)
			change(t, obj, tt.edit)
			err := api.Update(t.Context(), obj, client.DryRunAll)
			if tt.says == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("refusal %v does not say %q", err, tt.says)
			}
		})
	}
}

// TestFieldsWithOneChoiceCannotChange: the API server refuses a value that is not
// in a field's enumeration before it looks at any rule, so that the rules of fields
// with one choice are tried with a copy of the definition that allows another one.
func TestFieldsWithOneChoiceCannotChange(t *testing.T) {
	const group = "choices.gcexport.dev"
	defineCopy(t, group, "spec.metadata.detail", "spec.delivery.mode")
	copied := strings.Replace(exportYAML, "recording.gcexport.dev", group, 1)
	for _, tt := range []struct {
		edit edit
		says string
	}{
		{edit{"spec.metadata.detail", "Full"}, ""},
		{edit{"spec.metadata.detail", "Another"}, "spec.metadata: Invalid value: metadata cannot be changed: create another RecordingExport"},
		{edit{"spec.delivery.mode", "Download"}, ""},
		{edit{"spec.delivery.mode", "Another"}, "spec.delivery: Invalid value: delivery cannot be changed: create another RecordingExport"},
	} {
		t.Run(tt.edit.path+" "+tt.edit.value, func(t *testing.T) {
			obj := create(t, copied)
			change(t, obj, tt.edit)
			err := api.Update(t.Context(), obj, client.DryRunAll)
			if tt.says == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("refusal %v does not say %q", err, tt.says)
			}
		})
	}
}

// defineCopy defines RecordingExport in another group, with any value allowed in
// the fields at these paths, and waits until the API server serves it.
func defineCopy(t *testing.T, group string, free ...string) {
	t.Helper()
	text, err := crd.Bases.ReadFile("bases/recording.gcexport.dev_recordingexports.yaml")
	if err != nil {
		t.Fatal(err)
	}
	definition := parse(t, string(text), edit{"metadata.name", "recordingexports." + group}, edit{"spec.group", group},
		edit{"spec.names.shortNames", ""}, edit{"spec.names.categories", ""})
	versions, _, err := unstructured.NestedSlice(definition.Object, "spec", "versions")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range free {
		at := "schema.openAPIV3Schema.properties." + strings.ReplaceAll(path, ".", ".properties.") + ".enum"
		unstructured.RemoveNestedField(versions[0].(map[string]any), strings.Split(at, ".")...)
	}
	if err := unstructured.SetNestedSlice(definition.Object, versions, "spec", "versions"); err != nil {
		t.Fatal(err)
	}
	if err := api.Create(t.Context(), definition); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = api.Delete(context.WithoutCancel(t.Context()), definition) })
	probe := parse(t, strings.Replace(exportYAML, "recording.gcexport.dev", group, 1))
	testenv.Eventually(t, group+" is served", func() bool { return refusal(t.Context(), probe.DeepCopy()) == "" })
}

func TestWhatIsNotSetIsDefaulted(t *testing.T) {
	if err := v1alpha1.AddToScheme(api.Scheme()); err != nil {
		t.Fatal(err)
	}
	bare := &v1alpha1.RecordingExport{
		ObjectMeta: metav1.ObjectMeta{Name: "bare", Namespace: corev1.NamespaceDefault},
		Spec: v1alpha1.RecordingExportSpec{
			OrganizationRef: v1alpha1.LocalReference{Name: "emea"}, DestinationRef: v1alpha1.LocalReference{Name: "evidence"},
			MediaTypes: []v1alpha1.Medium{v1alpha1.MediumCall},
			Window:     v1alpha1.ExportWindow{Start: metav1.Unix(1<<30, 0), End: ptr.To(metav1.Unix(1<<30+3600, 0))},
		},
	}
	if err := api.Create(t.Context(), bare, client.DryRunAll); err != nil {
		t.Fatal(err)
	}
	s := bare.Spec
	if s.LegalHold.Scope != v1alpha1.HoldInclude || s.Slicing.Width.Duration != time.Hour || s.Slicing.MaxConversations != 1000 ||
		s.SettleAfter.Hours() != 48 || s.OpenDeadline.Hours() != 720 || s.Retry.Deadline.Hours() != 24 || s.Retry.SurveyDeadline.Hours() != 2 || *s.RetainBatches != 50 ||
		s.Lanes.Standard.Parallelism != 4 || s.Lanes.LegalHold.Parallelism != 2 || s.Lanes.LegalHoldScreen.Parallelism != 1 ||
		s.Metadata.Detail != "Full" || s.Archived != "List" || s.SecondSource != "None" || s.Delivery.Mode != "Download" {
		t.Errorf("defaults %+v", s)
	}
	if bare.Status.ObservedGeneration != -1 {
		t.Errorf("status.observedGeneration %d, want -1: nobody has looked yet", bare.Status.ObservedGeneration)
	}
}
