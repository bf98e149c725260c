package recordingexport

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// integrationLister lists the integrations of an organisation.
type integrationLister interface {
	Integrations(ctx context.Context, skip int) (genesys.IntegrationPage, error)
}

// bulkJobLister lists the bulk jobs of an organisation.
type bulkJobLister interface {
	BulkJobs(ctx context.Context, state genesys.BulkState, skip int) (genesys.BulkJobPage, error)
}

// integrationCheck finds out whether Genesys Cloud can export through the integration of an export with
// bulk jobs, whether the OAuth client may see such jobs, and whether the manager can read the bucket.
// Only the first survey waits for it. Of an export that has a plan the batches report what is wrong, and
// sealing, retries and later surveys need none of it.
type integrationCheck struct {
	pool     exportPool
	memories *exportMemories
	// bucket returns an error that says what to do unless the bucket of an export can be read.
	bucket func(context.Context, *v1alpha1.RecordingExport) error
}

// Reconcile is satisfied once all that was found ready, or the export has a plan. The pool keeps looking
// until then.
func (c *integrationCheck) Reconcile(_ context.Context, s *loaded) (outcome.Outcome, error) {
	memory := c.memories.memoryOf(s.export)
	if !hasBulkJobs(s.export) || s.plan.EntryCount() > 0 || memory.isIntegrationReady() {
		return outcome.Done(), nil
	}
	cloud, id, export := s.cloud, s.export.Spec.Delivery.BulkJob.IntegrationID, s.export.DeepCopy()
	return c.pool.start(s.subject, loop.Task{
		Key: "integration", Dependency: s.organizationDependency(), Reason: v1alpha1.ReasonIntegrationNotReady, Message: "looking at the integration " + id + " and its bucket",
		Work: func(ctx context.Context, _ transfer.Try) error {
			if err := checkIntegration(ctx, cloud, id); err != nil {
				return err
			}
			if err := checkJobPermission(ctx, cloud); err != nil {
				return err
			}
			if err := c.bucket(ctx, export); err != nil {
				return err
			}
			memory.setIntegrationReady()
			return nil
		},
	}), nil
}

// checkIntegration returns an error that says what to do unless the integration is ready.
func checkIntegration(ctx context.Context, cloud integrationLister, id string) error {
	var found *genesys.Integration
	err := genesys.EachPage("list integrations", func(skip int) (int, error) {
		page, err := cloud.Integrations(ctx, skip)
		if i := slices.IndexFunc(page.Integrations, func(i genesys.Integration) bool { return strings.EqualFold(i.ID, id) }); i >= 0 {
			found = &page.Integrations[i]
			return 0, err
		}
		return page.Next, err
	})
	switch {
	case err != nil:
		return err
	case found == nil:
		return integrationProblem("create another RecordingExport with the id of an integration of this organisation: it has none with the id %s, or the OAuth client must not see it", id)
	default:
		return judgeIntegration(*found)
	}
}

// judgeIntegration returns an error unless the integration is active and may export to a bucket.
func judgeIntegration(i genesys.Integration) error {
	name := fmt.Sprintf("%q (%s, type %s)", i.Name, i.ID, i.Type)
	switch {
	case !i.ExportsToBucket():
		return integrationProblem("create another RecordingExport with the id of an integration of the type AWS S3 Recording Bulk Actions: %s is of another type", name)
	case i.State == genesys.IntegrationActive:
		return nil
	case i.State == genesys.IntegrationFailed:
		return integrationProblem("correct the bucket and role of the integration %s at Genesys Cloud: it reports an error: %s", name, cmp.Or(i.Detail, "no reason given"))
	case i.State == genesys.IntegrationActivating:
		return activatingError("waiting until the integration " + name + " is active")
	default:
		return integrationProblem("activate the integration %s at Genesys Cloud (Admin > Integrations): it is %s", name, i.State)
	}
}

// checkJobPermission returns an error if the OAuth client may not see bulk jobs. Only creating a job would
// tell whether it may create one, so the error names all permissions.
func checkJobPermission(ctx context.Context, cloud bulkJobLister) error {
	if _, err := cloud.BulkJobs(ctx, genesys.BulkPending, 0); err != nil {
		return fmt.Errorf("look for recording bulk jobs, which need recording:job:add, recording:job:view, recording:job:edit and recording:job:delete: %w", err)
	}
	return nil
}

func integrationProblem(format string, args ...any) error {
	return outcome.UserError{Reason: v1alpha1.ReasonIntegrationNotReady, Message: fmt.Sprintf(format, args...)}
}

// activatingError says that an integration is being activated.
type activatingError string

func (e activatingError) Error() string { return string(e) }

// Outcome is to wait.
func (e activatingError) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonIntegrationNotReady, e.Error(), 0)
}
