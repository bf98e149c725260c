package main

import (
	"net/url"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gcexport/recording-export-operator/internal/egress"
)

// named are the fields of manifests that name an endpoint, with the purposes for which the
// operator may then connect to it. A server that stands in for Genesys Cloud also serves
// recordings.
var named = []struct {
	kind     string
	path     []string
	purposes []egress.Purpose
}{
	{"GenesysOrganization", []string{"spec", "endpoint"}, []egress.Purpose{egress.Genesys, egress.Media}},
	{"ExportDestination", []string{"spec", "s3", "endpoint"}, []egress.Purpose{egress.S3}},
	{"ExportDestination", []string{"spec", "signing", "timestamp", "url"}, []egress.Purpose{egress.Timestamp}},
	{"RecordingExport", []string{"spec", "delivery", "bulkJob", "s3", "endpoint"}, []egress.Purpose{egress.S3}},
}

// withNamed returns the list with the endpoints that the manifests name, because the person who
// starts this program chose the manifests. It does not add the endpoints of objects that are
// applied later.
func withNamed(list egress.List, objects []manifest) egress.List {
	for _, object := range objects {
		for _, n := range named {
			text, _, _ := unstructured.NestedString(object.Object, n.path...)
			at, err := url.Parse(text)
			if object.GetKind() != n.kind || err != nil || at.Host == "" {
				continue
			}
			for _, purpose := range n.purposes {
				list = list.With(purpose, at)
			}
		}
	}
	return list
}
