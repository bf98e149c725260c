package recordingexport

import (
	"fmt"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// ownerHistory is whose an archive is, as this cluster sees it.
type ownerHistory struct {
	// cluster is this one.
	cluster string
	// begunBy is the cluster that began the archive, at an instant.
	begunBy string
	begunAt time.Time
	// log is who has taken it over since.
	log []artifacts.Owner
}

func (o ownerHistory) owner() artifacts.Ownership {
	return artifacts.OwnerOf(o.begunBy, o.begunAt, o.log)
}

// isOurs reports whether the archive belongs to this cluster.
func (o ownerHistory) isOurs() bool { return o.owner().ClusterID == o.cluster }

// token is what the annotation has to be for this cluster to take the archive over:
// the id of the cluster that owns it. An annotation allows one take-over, so that
// two clusters that have one each do not take the archive from each other forever: to
// take it from the same cluster another time, the token has the number of take-overs
// so far as well.
func (o ownerHistory) token() string {
	owner := o.owner().ClusterID
	if slices.ContainsFunc(o.log, func(line artifacts.Owner) bool { return line.ClusterID == o.cluster && line.Former == owner }) {
		return fmt.Sprintf("%s.%d", owner, len(o.log))
	}
	return owner
}

// withoutOwnLines leaves out of a log that nobody can judge the last lines, which say that
// this cluster has taken the archive over: somebody else may have written them.
func (o ownerHistory) withoutOwnLines() ownerHistory {
	for len(o.log) > 0 && o.isOurs() {
		o.log = o.log[:len(o.log)-1]
	}
	return o
}

// others are the clusters that began the archive or have taken it over, but this one.
func (o ownerHistory) others() []string {
	others := []string{o.begunBy}
	for _, line := range o.log {
		others = append(others, line.ClusterID)
	}
	return slices.DeleteFunc(others, func(cluster string) bool { return cluster == o.cluster })
}

// wasOurs reports whether the archive belonged to this cluster once.
func (o ownerHistory) wasOurs() bool {
	return o.begunBy == o.cluster || slices.ContainsFunc(o.log, func(line artifacts.Owner) bool { return line.ClusterID == o.cluster })
}

// transferMessage says whose the archive is and since when, and how this cluster takes it over.
func (o ownerHistory) transferMessage(export *v1alpha1.RecordingExport) string {
	owner, command := o.owner(), o.takeOverCommand(export)
	if o.wasOurs() {
		return fmt.Sprintf("the cluster %s took this export's archive over from this cluster, %s, at %s, and all work on it has stopped here. "+
			"To take it back, once that cluster has stopped for good: %s (the archive is %s)", owner.ClusterID, o.cluster, words.Time(owner.Since), command, export.Status.Archive)
	}
	return fmt.Sprintf("the archive of this export belongs to cluster %s (since %s); this is cluster %s. "+
		"If that other cluster is lost or has stopped for good, take the archive over: %s (the archive is %s)", owner.ClusterID, words.Time(owner.Since), o.cluster, command, export.Status.Archive)
}

// takeOverCommand is what a person runs to have this cluster take the archive over.
func (o ownerHistory) takeOverCommand(export *v1alpha1.RecordingExport) string {
	overwrite := ""
	if export.Annotations[v1alpha1.AnnotationTakeOver] != "" {
		overwrite = " --overwrite"
	}
	return fmt.Sprintf("kubectl annotate rex %s -n %s%s %s=%s", export.Name, export.Namespace, overwrite, v1alpha1.AnnotationTakeOver, o.token())
}
