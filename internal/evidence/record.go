package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// RecordPath is where an archive says whose it is.
const RecordPath = "export.json"

// ExportRecord says whose an archive is. It is written first, once; an export
// with another one must not touch the archive.
type ExportRecord struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// ClusterID is the UID of the cluster's namespace kube-system.
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

// Mismatch says in what stored is another export's record than r; empty if in nothing.
func (r ExportRecord) Mismatch(stored ExportRecord) string {
	fields := []struct{ name, mine, theirs string }{
		{"namespace", r.Namespace, stored.Namespace},
		{"name", r.Name, stored.Name},
		{"organisation", r.OrganizationID, stored.OrganizationID},
		{"cluster", r.ClusterID, stored.ClusterID},
		{"spec (by digest)", r.SpecDigest, stored.SpecDigest},
	}
	for _, f := range fields {
		if f.mine != f.theirs {
			return fmt.Sprintf("its %s is %s, this export's is %s", f.name, f.theirs, f.mine)
		}
	}
	return ""
}
