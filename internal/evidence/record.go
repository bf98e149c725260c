package evidence

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// RecordPath is where an archive says whose it is.
const RecordPath = "export.json"

// ExportRecord says whose an archive is. It is written first, once; an export of
// another name or organisation, or with other terms, must not touch the archive. One
// in another cluster may take it over, which changes nothing here (TakeOver).
type ExportRecord struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// ClusterID is the UID of the namespace kube-system of the cluster that began it.
	ClusterID string `json:"clusterId"`
	// OrganizationID is Genesys Cloud's id of the organisation.
	OrganizationID string `json:"organizationId"`
	// SpecDigest is the SHA-256 of Spec, in hexadecimal.
	SpecDigest string `json:"specDigest"`
	// Spec is the part of the export's spec that cannot change, as canonical JSON.
	Spec json.RawMessage `json:"spec"`
	// CreatedAt is when the archive was begun, by the manager's clock.
	CreatedAt time.Time `json:"createdAt"`
}

// NewExportRecord makes a record. spec is marshalled; maps sort by key, so
// equal specs have equal digests.
func NewExportRecord(namespace, name, clusterID, organizationID string, spec any, at time.Time) (ExportRecord, error) {
	canonical, err := json.Marshal(spec)
	if err != nil {
		return ExportRecord{}, err
	}
	digest := sha256.Sum256(canonical)
	return ExportRecord{
		Namespace: namespace, Name: name, ClusterID: clusterID, OrganizationID: organizationID,
		SpecDigest: hex.EncodeToString(digest[:]), Spec: canonical, CreatedAt: at.UTC(),
	}, nil
}

// Mismatch says in what stored is another record than r; empty if in nothing.
func (r ExportRecord) Mismatch(stored ExportRecord) string {
	if says := r.IdentityMismatch(stored); says != "" {
		return says
	}
	if says := differs("cluster", r.ClusterID, stored.ClusterID); says != "" {
		return says
	}
	if r.SpecDigest == stored.SpecDigest {
		return ""
	}
	if terms := r.Differences(stored); len(terms) > 0 {
		return "its spec differs in: " + strings.Join(terms, ", ")
	}
	return differs("spec (by digest)", r.SpecDigest, stored.SpecDigest)
}

// IdentityMismatch says in what stored is the record of an export of another name or
// organisation, in whatever cluster and with whatever terms; empty if in nothing.
func (r ExportRecord) IdentityMismatch(stored ExportRecord) string {
	return cmp.Or(
		differs("namespace", r.Namespace, stored.Namespace),
		differs("name", r.Name, stored.Name),
		differs("organisation", r.OrganizationID, stored.OrganizationID),
	)
}

func differs(name, mine, theirs string) string {
	if mine == theirs {
		return ""
	}
	return fmt.Sprintf("its %s is %s, this export's is %s", name, theirs, mine)
}

// Differences names the terms in which the specs of two records differ, in the words
// of the records, in order. There are none if they cannot be told.
func (r ExportRecord) Differences(stored ExportRecord) []string {
	var mine, theirs map[string]json.RawMessage
	if json.Unmarshal(r.Spec, &mine) != nil || json.Unmarshal(stored.Spec, &theirs) != nil {
		return nil
	}
	terms := map[string]bool{}
	for _, spec := range []map[string]json.RawMessage{mine, theirs} {
		for term := range spec {
			if !bytes.Equal(compact(mine[term]), compact(theirs[term])) {
				terms[term] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(terms))
}

// compact is JSON without the blanks between its parts: whoever stored a record may
// have indented it.
func compact(value json.RawMessage) []byte {
	var out bytes.Buffer
	if json.Compact(&out, value) != nil {
		return value
	}
	return out.Bytes()
}
