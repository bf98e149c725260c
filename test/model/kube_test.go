package model

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/watch"
	"github.com/gcexport/recording-export-operator/test/world"
)

const (
	namespace  = "legal"
	exportName = "case-1"
)

// kube is Kubernetes: what is true there, whatever caches say.
type kube struct {
	api  client.WithWatch
	uids int
	// spec is what the export is made of when it is made again.
	spec v1alpha1.RecordingExportSpec
	// requests counts the annotations that ask for something.
	requests int
	// highest is the highest parallelism that a lane has had.
	highest map[v1alpha1.Lane]int
	// stalled are the batches that somebody had to fix something for, waited those that
	// waited for what fails: others were made in their place.
	stalled, waited map[string]bool
}

func newKube(spec v1alpha1.RecordingExportSpec) *kube {
	organization := &v1alpha1.GenesysOrganization{
		ObjectMeta: metav1.ObjectMeta{Name: "emea", Namespace: namespace, Generation: 1},
		Status:     v1alpha1.GenesysOrganizationStatus{Organization: &v1alpha1.OrganizationIdentity{ID: simulator.DefaultOrganizationID}},
	}
	destination := &v1alpha1.ExportDestination{
		ObjectMeta: metav1.ObjectMeta{Name: "evidence", Namespace: namespace, Generation: 1},
		Spec:       v1alpha1.ExportDestinationSpec{Directory: &v1alpha1.DirectoryDestination{Name: "evidence"}},
		Status:     v1alpha1.ExportDestinationStatus{Location: namespace + "/evidence"},
	}
	k := &kube{spec: spec, highest: map[v1alpha1.Lane]int{}, stalled: map[string]bool{}, waited: map[string]bool{}}
	// A plain tracker, because the usual one makes a mapping of all kinds at each patch.
	scheme := operator.NewScheme()
	tracker := clienttesting.NewObjectTracker(scheme, serializer.NewCodecFactory(scheme).UniversalDecoder())
	api := fake.NewClientBuilder().WithScheme(scheme).WithObjectTracker(tracker).WithObjects(organization, destination).
		WithStatusSubresource(&v1alpha1.RecordingExport{}, &v1alpha1.RecordingExportBatch{}).
		WithInterceptorFuncs(interceptor.Funcs{Create: k.create})
	for _, index := range watch.Indexes() {
		api.WithIndex(index.Object, index.Field, index.Extract)
	}
	k.api = api.Build()
	return k
}

// create gives an object what the API server gives it.
func (k *kube) create(ctx context.Context, api client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
	k.uids++
	obj.SetUID(types.UID(fmt.Sprintf("uid-%d", k.uids)))
	obj.SetGeneration(1)
	return api.Create(ctx, obj, opts...)
}

// specOf is the export that a shape asks for.
func specOf(s shape) v1alpha1.RecordingExportSpec {
	spec := v1alpha1.RecordingExportSpec{
		OrganizationRef: v1alpha1.LocalReference{Name: "emea"}, DestinationRef: v1alpha1.LocalReference{Name: "evidence"},
		MediaTypes:  []v1alpha1.Medium{"Call", "Screen", "Chat", "Email", "Message"},
		Window:      v1alpha1.ExportWindow{Start: metav1.NewTime(world.Day)},
		Slicing:     v1alpha1.Slicing{Width: &metav1.Duration{Duration: s.width}, MaxConversations: int32(s.most)},
		SettleAfter: &metav1.Duration{Duration: settleAfter}, OpenDeadline: &metav1.Duration{Duration: s.openDeadline},
		Retry:     v1alpha1.Retry{Deadline: &metav1.Duration{Duration: cmp.Or(s.deadline, retryDeadline)}},
		LegalHold: v1alpha1.LegalHold{Scope: cmp.Or(s.scope, v1alpha1.HoldInclude)}, RetainBatches: ptr.To(int32(s.retain)),
	}
	if s.restores {
		spec.Archived = v1alpha1.ArchivedRestore
	}
	if !s.follows {
		spec.Window.End = ptr.To(metav1.NewTime(world.Day.AddDate(0, 0, s.days)))
	}
	setParallelism(&spec, 1)
	return spec
}

func setParallelism(spec *v1alpha1.RecordingExportSpec, n int32) {
	spec.Lanes.Standard.Parallelism, spec.Lanes.LegalHold.Parallelism, spec.Lanes.LegalHoldScreen.Parallelism = n, n, n
}

// export returns the export as it is, nil if there is none.
func (m *model) export() *v1alpha1.RecordingExport {
	export := &v1alpha1.RecordingExport{}
	if err := m.api.Get(m.ctx, client.ObjectKey{Namespace: namespace, Name: exportName}, export); err != nil {
		return nil
	}
	return export
}

// make makes the export, unless it is there.
func (m *model) make() {
	export := &v1alpha1.RecordingExport{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: exportName}, Spec: m.spec}
	if err := m.api.Create(m.ctx, export); client.IgnoreAlreadyExists(err) != nil {
		m.breaks("make the export: %v", err)
	}
	m.noteParallelism()
}

// change changes the export's spec, if there is one.
func (m *model) change(change func(*v1alpha1.RecordingExportSpec)) {
	change(&m.spec)
	m.noteParallelism()
	if export := m.export(); export != nil {
		change(&export.Spec)
		export.Generation++
		m.update(export)
	}
}

// annotate asks something of the export.
func (m *model) annotate(annotation string) (token string) {
	m.requests++
	token = fmt.Sprintf("request-%d", m.requests)
	if export := m.export(); export != nil {
		if export.Annotations == nil {
			export.Annotations = map[string]string{}
		}
		export.Annotations[annotation] = token
		m.update(export)
	}
	return token
}

func (m *model) update(export *v1alpha1.RecordingExport) {
	if err := m.api.Update(m.ctx, export); err != nil {
		m.breaks("update the export: %v", err)
	}
}

func (m *model) noteParallelism() {
	for _, lane := range lanes {
		m.highest[lane] = max(m.highest[lane], exportspec.Parallelism(m.spec, lane))
	}
}

var lanes = []v1alpha1.Lane{v1alpha1.LaneStandard, v1alpha1.LaneLegalHold, v1alpha1.LaneLegalHoldScreen}

// allBatches returns the batches as they are.
func (m *model) allBatches() []v1alpha1.RecordingExportBatch {
	var list v1alpha1.RecordingExportBatchList
	if err := m.api.List(m.ctx, &list); err != nil {
		m.breaks("list batches: %v", err)
	}
	return list.Items
}

func (m *model) batchNames() []string {
	var names []string
	for _, batch := range m.allBatches() {
		names = append(names, batch.Name)
	}
	slices.Sort(names)
	return names
}

// collect deletes the batches whose export is gone, as Kubernetes does in its own time.
func (m *model) collect() {
	export := m.export()
	for _, batch := range m.allBatches() {
		if export == nil || !metav1.IsControlledBy(&batch, export) {
			if err := m.api.Delete(m.ctx, &batch); err != nil {
				m.breaks("collect a batch: %v", err)
			}
		}
	}
}

// view is a process's cache, as old as it may be.
type view struct {
	exports map[string]*v1alpha1.RecordingExport
	batches map[string]*v1alpha1.RecordingExportBatch
}

// refresh brings the caches up to date.
func (p *process) refresh(exports, batches bool) {
	if exports {
		p.view.exports = map[string]*v1alpha1.RecordingExport{}
		if export := p.model.export(); export != nil {
			p.view.exports[export.Name] = export
		}
	}
	if batches {
		p.view.batches = map[string]*v1alpha1.RecordingExportBatch{}
		for _, batch := range p.model.allBatches() {
			p.view.batches[batch.Name] = &batch
		}
	}
}

// clientOf is Kubernetes as a process sees it: it reads from its caches, and its
// writes are effects.
func (m *model) clientOf(p *process) client.Client {
	return interceptor.NewClient(m.api, interceptor.Funcs{
		Get:  p.get,
		List: p.list,
		Create: func(ctx context.Context, api client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			return p.effect(ctx, inKubernetes, func() error { return api.Create(ctx, obj, opts...) })
		},
		Delete: func(ctx context.Context, api client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			return p.effect(ctx, inKubernetes, func() error { return api.Delete(ctx, obj, opts...) })
		},
		Patch: func(ctx context.Context, api client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
			return p.effect(ctx, inKubernetes, func() error { return api.Patch(ctx, obj, patch, opts...) })
		},
		SubResourcePatch: func(ctx context.Context, api client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			return p.effect(ctx, inKubernetes, func() error {
				if batch, ok := obj.(*v1alpha1.RecordingExportBatch); ok {
					m.noteRoom(batch)
				}
				return api.SubResource(sub).Patch(ctx, obj, patch, opts...)
			})
		},
	})
}

func (p *process) get(ctx context.Context, api client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	switch into := obj.(type) {
	case *v1alpha1.RecordingExport:
		if known := p.view.exports[key.Name]; known != nil {
			known.DeepCopyInto(into)
			return nil
		}
	case *v1alpha1.RecordingExportBatch:
		if known := p.view.batches[key.Name]; known != nil {
			known.DeepCopyInto(into)
			return nil
		}
	default:
		return api.Get(ctx, key, obj, opts...)
	}
	return apierrors.NewNotFound(schema.GroupResource{Group: v1alpha1.GroupVersion.Group}, key.Name)
}

func (p *process) list(ctx context.Context, api client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
	batches, ok := list.(*v1alpha1.RecordingExportBatchList)
	if !ok {
		return api.List(ctx, list, opts...)
	}
	batches.Items = nil
	for _, name := range slices.Sorted(maps.Keys(p.view.batches)) {
		batches.Items = append(batches.Items, *p.view.batches[name].DeepCopy())
	}
	return nil
}
