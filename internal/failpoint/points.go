// Package failpoint lets tests end the process, or fail it, at any effect that
// it has on the world outside: before the effect, when nothing has happened yet,
// and after it, when nobody has been told.
//
// Failpoints exist only in a program that is built with the tag failpoints. In
// every other one [Do] and [Get] are the effect itself: they are inlined, and
// nothing of this package is left (TestOrdinaryProgramsHoldNone).
//
// The environment of a program with failpoints says what it does:
//
//	REX_FAILPOINT      what to do where, comma-separated: POINT/MOMENT[@DETAIL][:PASS]=ACTION
//	REX_FAILPOINT_LOG  a file that gets a line for each pass of a point: POINT/MOMENT DETAIL
//	REX_FAILPOINT_MARK a file that is written by the actions pause and stop
//
// MOMENT is before or after. DETAIL is a part of what the effect is about, as a
// key of the archive; without it, any. PASS counts those that match, from 1,
// which is also its default. The actions are
//
//	kill   the process is gone at once, as by SIGKILL
//	error  the effect fails; after it, what it did stays done
//	pause  the one who has the effect waits until the mark is removed
//	stop   the whole process is stopped, as by SIGSTOP, until it gets SIGCONT
package failpoint

import "slices"

// Point names an effect on the world outside.
type Point string

// The points beside those of calls to Genesys Cloud, which are named by [Call].
const (
	// MediaOpen requests a recording's media, MediaRead reads some of it.
	MediaOpen Point = "media/open"
	MediaRead Point = "media/read"
	// ArchiveWrite fills a scratch file, ArchiveSync flushes it to disk, ArchiveLink
	// gives it its key and ArchiveSyncDirectory flushes the directory of that.
	ArchiveWrite         Point = "archive/write"
	ArchiveSync          Point = "archive/sync"
	ArchiveLink          Point = "archive/link"
	ArchiveSyncDirectory Point = "archive/sync-directory"
	// ArchiveRemove removes working artifacts.
	ArchiveRemove Point = "archive/remove"
	// ObjectPut stores a file in a bucket in one request, and ObjectRemove removes
	// working artifacts there.
	ObjectPut    Point = "s3/put"
	ObjectRemove Point = "s3/remove"
	// KubernetesCreate makes an object and KubernetesDelete removes one;
	// KubernetesPatch writes one, its finalizers above all, and KubernetesStatus
	// its status.
	KubernetesCreate Point = "kubernetes/create"
	KubernetesDelete Point = "kubernetes/delete"
	KubernetesPatch  Point = "kubernetes/patch"
	KubernetesStatus Point = "kubernetes/status"
)

// calls are the points of calls to Genesys Cloud.
var calls = []Point{
	"genesys/log-in",
	"genesys/read-who-we-are",
	"genesys/read-data-availability",
	"genesys/start-survey",
	"genesys/read-survey-state",
	"genesys/read-survey-page",
	"genesys/end-survey",
	"genesys/read-deletion-protection",
	"genesys/read-recording-metadata",
	"genesys/request-recordings",
	"genesys/read-batch-request",
}

// Directory and Bucket are the points of writing to the two kinds of destinations.
var (
	Directory = []Point{ArchiveWrite, ArchiveSync, ArchiveLink, ArchiveSyncDirectory, ArchiveRemove}
	Bucket    = []Point{ObjectPut, ObjectRemove}
)

// Points lists every point that an export to a destination passes, whose own are
// given. A test that runs the program compares it with the points that are
// reached, so it can neither contain one that does not exist nor miss one that does.
func Points(destination []Point) []Point {
	return slices.Concat([]Point{
		MediaOpen, MediaRead, KubernetesCreate, KubernetesDelete, KubernetesPatch, KubernetesStatus,
	}, calls, destination)
}
