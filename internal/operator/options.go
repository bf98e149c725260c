package operator

import (
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/gcexport/recording-export-operator/controllers/exportdestination"
	"github.com/gcexport/recording-export-operator/controllers/genesysorganization"
	"github.com/gcexport/recording-export-operator/controllers/recordingexport"
	"github.com/gcexport/recording-export-operator/controllers/recordingexportbatch"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/egress"
	genesysclient "github.com/gcexport/recording-export-operator/internal/genesys/client"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/usage"
)

// Options say how the operator runs.
type Options struct {
	// ArchiveRoot is the directory that contains the directories of all destinations.
	ArchiveRoot string
	// Endpoints to which the operator may connect in addition to the regions of Genesys Cloud
	// and Amazon S3.
	Endpoints egress.List
	// MaxMedia bounds a recording's file, in bytes, the client's default if 0.
	MaxMedia int64
	// ServiceAccount of the manager, as namespace:name, for the command in a message that grants it something;
	// empty for that of config/default.
	ServiceAccount string
	// MinFree is how many bytes transfers leave free at every directory, whatever its destination says.
	MinFree int64
	// MaxBytes is how much each namespace may take below the archive root.
	MaxBytes usage.Limits
	// SigningKey names the Secret with the key that signs for destinations with spec.signing.platform; zero if there
	// is none.
	SigningKey types.NamespacedName
	// ArtifactKey names the Secret with the key that artifacts are made authentic with. It
	// is created if it is missing and no export has an archive yet, so it belongs where no tenant can read it.
	ArtifactKey types.NamespacedName
	// Image of this program with its digest, which seals record.
	Image string
	// Intervals are the waits and time limits of the controllers.
	Intervals Intervals
	// MaxRecordings in one bag; 0 is recordingexportbatch.DefaultMaxRecordings.
	MaxRecordings int
	// Clock, if it is not the machine's own.
	Clock clock.Clock
	// Metrics is where the operator's metrics are registered; nil for nowhere.
	Metrics prometheus.Registerer
	// OpenArchive opens the archive of this name below a root; as a directory if nil.
	OpenArchive func(root, name string) (archive.Store, error)
	// Events configures the receiver of events.
	Events EventOptions
	// Manager is passed on to controller-runtime; its scheme and cache are set here.
	Manager ctrl.Options
}

// EventOptions configure the receiver of events.
type EventOptions struct {
	// Address at which the receiver listens; empty or 0 for no receiver.
	Address string
	// CertDir has its certificate, tls.crt, with its key, tls.key. If it is empty, the receiver makes one.
	CertDir string
	// Listening, if it is set, is told the address once the receiver listens.
	Listening func(net.Addr)
}

// areReceived reports whether there is a receiver.
func (o EventOptions) areReceived() bool { return o.Address != "" && o.Address != "0" }

// Intervals are waits and time limits, those of each controller and those that they share.
type Intervals struct {
	Organization genesysorganization.Intervals
	Destination  exportdestination.Intervals
	Export       recordingexport.Intervals
	Batch        recordingexportbatch.Intervals
	Retries      transfer.RetryPolicy
	// Isolation decides when an item that fails is isolated.
	Isolation transfer.IsolationCriteria
	// SilenceLimit is how long until an object is reconciled whose work is running and has
	// reported no progress.
	SilenceLimit time.Duration
	// Stall is how long a media stream may deliver no bytes, the client's default if 0.
	Stall time.Duration
}

// DefaultIntervals is what the manager uses.
func DefaultIntervals() Intervals {
	return Intervals{
		genesysorganization.DefaultIntervals(), exportdestination.DefaultIntervals(), recordingexport.DefaultIntervals(),
		recordingexportbatch.DefaultIntervals(), transfer.DefaultRetryPolicy(), transfer.DefaultIsolationCriteria(), time.Minute, genesysclient.DefaultStallTimeout,
	}
}
