package recordingexport

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// TestWhoseAnArchiveIs: that of the cluster that began it, or that took it over last.
func TestWhoseAnArchiveIs(t *testing.T) {
	tests := map[string]struct {
		begunBy string
		owners  []string
		want    bool
	}{
		"nobody's":         {"", nil, true},
		"begun here":       {"here", nil, true},
		"begun elsewhere":  {"there", nil, false},
		"taken from here":  {"here", []string{"there"}, false},
		"taken over":       {"there", []string{"here"}, true},
		"taken there, too": {"there", []string{"here", "there"}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			store := newStore(t)
			if tt.begunBy != "" {
				if _, err := artifacts.Begin(t.Context(), store, evidence.ExportRecord{ClusterID: tt.begunBy, CreatedAt: first}); err != nil {
					t.Fatal(err)
				}
			}
			former := tt.begunBy
			for i, owner := range tt.owners {
				if _, err := artifacts.Put(t.Context(), store, artifacts.OwnerKey(i+1), artifacts.Owner{ClusterID: owner, Former: former}); err != nil {
					t.Fatal(err)
				}
				former = owner
			}
			cluster := thisCluster{func(context.Context) (string, error) { return "here", nil }}
			if got, err := cluster.owns(t.Context(), store); err != nil || got != tt.want {
				t.Errorf("%t, %v", got, err)
			}
		})
	}
}

// TestAClusterWithoutAnID owns nothing.
func TestAClusterWithoutAnID(t *testing.T) {
	cluster := thisCluster{func(context.Context) (string, error) { return "", errors.New("no namespace") }}
	if owns, err := cluster.owns(t.Context(), newStore(t)); err == nil || owns || !strings.HasPrefix(err.Error(), "get the id of this cluster: ") {
		t.Errorf("%t, %v", owns, err)
	}
}
