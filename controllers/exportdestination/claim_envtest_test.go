package exportdestination

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// claiming is an API server with the reconciler, which evaluates again only when it is woken.
type claiming struct {
	*testing.T
	client.Client
	// broken is the namespace whose Secret is missing, if there is one.
	broken atomic.Value
}

func startClaiming(t *testing.T) *claiming {
	t.Helper()
	server, scheme := testenv.Start(t), runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	direct, err := client.New(server, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	c := &claiming{T: t, Client: direct}
	c.broken.Store("")
	mgr := c.manager(server, scheme)
	pool := transfer.NewPool(transfer.Capacity{PerTenant: 1, Total: 1}, clock.RealClock{}, transfer.DefaultRetryPolicy().Backoff)
	r := &Reconciler{
		Publisher:  loop.Publisher{Client: mgr.GetClient(), Events: mgr.GetEventRecorder("test")},
		Location:   func(d *v1alpha1.ExportDestination) string { return "s3://" + d.Spec.S3.Bucket },
		Probe:      c.probe,
		SigningKey: func(context.Context, *v1alpha1.ExportDestination) (string, error) { return "", nil },
		Free:       unknown, Clock: clock.RealClock{},
		Worker:    &loop.Worker{Pools: transfer.Pools{Pool: pool}, SilenceLimit: time.Hour},
		Intervals: Intervals{Ready: time.Hour, Retry: time.Hour, Timeout: time.Hour, Verifying: time.Hour},
	}
	if err := r.SetupWithManager(mgr); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return c
}

func (c *claiming) manager(server *rest.Config, scheme *runtime.Scheme) ctrl.Manager {
	c.Helper()
	skip := true
	mgr, err := ctrl.NewManager(server, ctrl.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}, Logger: logr.Discard(),
		Controller: config.Controller{SkipNameValidation: &skip},
	})
	if err != nil {
		c.Fatal(err)
	}
	return mgr
}

// probe fails while a namespace has no Secret.
func (c *claiming) probe(_ context.Context, d *v1alpha1.ExportDestination) error {
	if c.broken.Load() == d.Namespace {
		return outcome.UserError{Reason: v1alpha1.ReasonSecretNotFound, Message: "create the Secret"}
	}
	return nil
}

// make creates a destination with the common workBucket in a namespace of its own.
func (c *claiming) make(namespace string) *v1alpha1.ExportDestination {
	c.Helper()
	d := &v1alpha1.ExportDestination{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "evidence"},
		Spec: v1alpha1.ExportDestinationSpec{S3: &v1alpha1.S3Destination{
			Bucket: "evidence-" + namespace, WorkBucket: "work", Region: "eu-central-1", SecretRef: v1alpha1.LocalReference{Name: "s3-access"},
		}},
	}
	if err := client.IgnoreAlreadyExists(c.Create(c.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})); err != nil {
		c.Fatal(err)
	}
	if err := c.Create(c.Context(), d); err != nil {
		c.Fatal(err)
	}
	return d
}

// await waits until a destination says something for its present generation.
func (c *claiming) await(d *v1alpha1.ExportDestination, reason string) {
	c.Helper()
	testenv.Eventually(c, d.Namespace+": "+reason, func() bool {
		if err := c.Get(c.Context(), client.ObjectKeyFromObject(d), d); err != nil {
			c.Fatal(err)
		}
		return conditions.Reason(d) == reason && d.Status.ObservedGeneration == d.Generation
	})
}

// touch has a destination evaluated.
func (c *claiming) touch(d *v1alpha1.ExportDestination) {
	c.Helper()
	before := d.DeepCopy()
	d.Spec.LoadFiles = !d.Spec.LoadFiles
	if err := c.Patch(c.Context(), d, client.MergeFrom(before)); err != nil {
		c.Fatal(err)
	}
}

// TestABucketHasOneNamespace: one of two destinations that are created together is ready
// and the other never was; a Secret that is missing for a while takes the bucket from
// nobody, the owner's deletion gives it to the other, and who never could use a bucket
// keeps nobody out. Nothing here is evaluated again by itself.
func TestABucketHasOneNamespace(t *testing.T) {
	c := startClaiming(t)
	one, other := c.make("one"), c.make("other")
	testenv.Eventually(t, "one of them has the bucket, and the other waits for it", func() bool {
		for _, d := range []*v1alpha1.ExportDestination{one, other} {
			if err := c.Get(t.Context(), client.ObjectKeyFromObject(d), d); err != nil {
				t.Fatal(err)
			}
		}
		if conditions.IsReady(one) && conditions.IsReady(other) {
			t.Fatal("both have the bucket")
		}
		return conditions.IsReady(one) != conditions.IsReady(other) &&
			(conditions.Reason(one) == v1alpha1.ReasonBucketShared || conditions.Reason(other) == v1alpha1.ReasonBucketShared)
	})
	owner, later := one, other
	if conditions.IsReady(other) {
		owner, later = other, one
	}
	if owner.Status.ClaimTime == nil || later.Status.ClaimTime != nil {
		t.Errorf("the claims are %v and %v", owner.Status.ClaimTime, later.Status.ClaimTime)
	}
	c.broken.Store(owner.Namespace)
	c.touch(owner)
	c.await(owner, v1alpha1.ReasonSecretNotFound)
	c.touch(later)
	c.await(later, v1alpha1.ReasonBucketShared)
	if err := c.Delete(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	c.await(later, v1alpha1.ReasonWritable)
	if err := c.Delete(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	c.broken.Store("squatter")
	c.await(c.make("squatter"), v1alpha1.ReasonSecretNotFound)
	c.await(c.make("rightful"), v1alpha1.ReasonWritable)
}
