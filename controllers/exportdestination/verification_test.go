package exportdestination

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/verify"
)

// noon is when the former verification of these tests ended.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// ended is a destination that is verified every 30 days, and was at noon.
func ended(change func(*v1alpha1.ExportDestination)) *v1alpha1.ExportDestination {
	d := &v1alpha1.ExportDestination{
		ObjectMeta: metav1.ObjectMeta{Generation: 1},
		Spec: v1alpha1.ExportDestinationSpec{
			Directory: &v1alpha1.DirectoryDestination{Name: "evidence"}, VerifyEvery: &metav1.Duration{Duration: 720 * time.Hour},
		},
		Status: v1alpha1.ExportDestinationStatus{Location: "legal/evidence", Verification: &v1alpha1.VerificationStatus{
			CompletionTime: &metav1.Time{Time: noon}, Exports: 12, Files: 34567, Bytes: 1 << 40,
		}},
	}
	if change != nil {
		change(d)
	}
	return d
}

// TestDue: a changed interval counts at once, a request at once but once, and what
// could not be read is read again within a day.
func TestDue(t *testing.T) {
	tests := map[string]struct {
		change func(*v1alpha1.ExportDestination)
		want   time.Time
	}{
		"as the spec says":      {nil, noon.Add(720 * time.Hour)},
		"more often":            {func(d *v1alpha1.ExportDestination) { d.Spec.VerifyEvery.Duration = time.Hour }, noon.Add(time.Hour)},
		"none has ended":        {func(d *v1alpha1.ExportDestination) { d.Status.Verification.CompletionTime = nil }, time.Time{}},
		"asked for":             {func(d *v1alpha1.ExportDestination) { ask(d, "now") }, time.Time{}},
		"asked for and handled": {func(d *v1alpha1.ExportDestination) { ask(d, "now"); d.Status.LastRetryRequest = "now" }, noon.Add(720 * time.Hour)},
		"asked for at length":   {func(d *v1alpha1.ExportDestination) { ask(d, long); d.Status.LastRetryRequest = long[:256] }, noon.Add(720 * time.Hour)},
		"something was unread":  {func(d *v1alpha1.ExportDestination) { d.Status.Verification.Unreadable = 1 }, noon.Add(24 * time.Hour)},
		"unread, and more often": {func(d *v1alpha1.ExportDestination) {
			d.Status.Verification.Unreadable = 1
			d.Spec.VerifyEvery.Duration = time.Hour
		}, noon.Add(time.Hour)},
		"nothing was stored": {func(d *v1alpha1.ExportDestination) { d.Status.Verification.Exports = 0 }, noon.Add(time.Hour)},
		"nothing but faults": {func(d *v1alpha1.ExportDestination) {
			d.Status.Verification.Exports, d.Status.Verification.Faults = 0, 1
		}, noon.Add(720 * time.Hour)},
		"faults change nothing": {func(d *v1alpha1.ExportDestination) { d.Status.Verification.Faults = 1 }, noon.Add(720 * time.Hour)},
	}
	for name, tt := range tests {
		if got := due(ended(tt.change)); !got.Equal(tt.want) {
			t.Errorf("%s: due at %v, want %v", name, got, tt.want)
		}
	}
}

var long = strings.Repeat("x", 300)

func ask(d *v1alpha1.ExportDestination, token string) {
	d.Annotations = map[string]string{v1alpha1.AnnotationRetry: token}
}

// TestMarkVerified: the condition has the result of the last verification that ended, even
// while another one runs, and nothing else hides faults.
func TestMarkVerified(t *testing.T) {
	verifying := outcome.Wait(v1alpha1.ReasonVerifying, "being verified", time.Minute)
	away := outcome.Wait(v1alpha1.ReasonDestinationUnavailable, "retrying: no answer", time.Minute)
	later := noon.Add(720 * time.Hour)
	set := func(change func(*v1alpha1.VerificationStatus)) func(*v1alpha1.ExportDestination) {
		return func(d *v1alpha1.ExportDestination) { change(d.Status.Verification) }
	}
	first := set(func(v *v1alpha1.VerificationStatus) { *v = v1alpha1.VerificationStatus{} })
	faults := set(func(v *v1alpha1.VerificationStatus) {
		v.Faults, v.Unreadable, v.Findings = 2, 1, []string{"a/b (Altered)", "c (Missing)"}
	})
	unread := set(func(v *v1alpha1.VerificationStatus) { v.Unreadable, v.Findings = 1, []string{"a/b (Unreadable)"} })
	tests := map[string]struct {
		change func(*v1alpha1.ExportDestination)
		next   time.Time
		out    outcome.Outcome
		status metav1.ConditionStatus
		reason string
		says   string
	}{
		"verified":        {nil, later, outcome.Done(), "True", v1alpha1.ReasonVerified, "12 exports, 34567 files, 1.0 TiB verified on 2026-11-25T12:00:00Z; next at 2026-12-25T12:00:00Z"},
		"verified, again": {nil, time.Time{}, verifying, "True", v1alpha1.ReasonVerified, "12 exports, 34567 files, 1.0 TiB verified on 2026-11-25T12:00:00Z; being verified again"},
		"verified, away":  {nil, time.Time{}, away, "Unknown", v1alpha1.ReasonDestinationUnavailable, "retrying: no answer"},
		"the first":       {first, time.Time{}, verifying, "Unknown", v1alpha1.ReasonVerifying, "being verified"},
		"the first, away": {first, time.Time{}, away, "Unknown", v1alpha1.ReasonDestinationUnavailable, "retrying: no answer"},
		"nothing":         {set(func(v *v1alpha1.VerificationStatus) { v.Exports = 0 }), later, outcome.Done(), "Unknown", v1alpha1.ReasonNothingStored, "no evidence was stored on 2026-11-25T12:00:00Z"},
		"faults":          {faults, later, outcome.Done(), "False", v1alpha1.ReasonVerificationFailed, "kubectl genesys-export verify --running ARCHIVE_ROOT/legal/evidence (see the runbook); first: a/b (Altered), c (Missing)"},
		"faults, again":   {faults, time.Time{}, verifying, "False", v1alpha1.ReasonVerificationFailed, "2 faults at ARCHIVE_ROOT/legal/evidence: do not change anything there; list them with: kubectl"},
		"faults, away":    {faults, time.Time{}, away, "False", v1alpha1.ReasonVerificationFailed, "2 faults at ARCHIVE_ROOT/legal/evidence: do not change anything there; list them with: kubectl"},
		"unreadable":      {unread, later, outcome.Done(), "Unknown", v1alpha1.ReasonEvidenceUnreadable, "could not read or verify 1 path at the destination; first: a/b (Unreadable). Let the manager read them; next at 2026-12-25"},
		"unfinished": {set(func(v *v1alpha1.VerificationStatus) {
			v.Unfinished, v.Findings = 1, []string{"case-1/seals/2 (Unfinished)"}
		}), later, outcome.Done(), "Unknown", v1alpha1.ReasonSealUnfinished, "1 seal begun and not finished, first: case-1/seals/2 (Unfinished). If nobody deleted the export while it sealed, the manifest of a finished seal may have been removed: compare with a backup. Otherwise create the RecordingExport again, with the same name and spec, so that it finishes its seal, and then run: kubectl annotate gcdest -n --overwrite recording.gcexport.dev/retry-requested-at=$(date -u +%FT%TZ) (see the runbook). Everything else was verified on 2026-11-25T12:00:00Z; next at 2026-12-25"},
		"unreadable, again": {unread, time.Time{}, verifying, "Unknown", v1alpha1.ReasonEvidenceUnreadable, "being verified again"},
	}
	for name, tt := range tests {
		d := ended(tt.change)
		markVerified(d, tt.next, tt.out)
		got := meta.FindStatusCondition(d.Status.Conditions, v1alpha1.ConditionVerified)
		if got.Status != tt.status || got.Reason != tt.reason || !strings.Contains(got.Message, tt.says) {
			t.Errorf("%s: %s %s %q, want %s %s %q", name, got.Status, got.Reason, got.Message, tt.status, tt.reason, tt.says)
		}
		if next := d.Status.Verification.NextTime; next.IsZero() != tt.next.IsZero() {
			t.Errorf("%s: next at %v", name, next)
		}
	}
}

// TestApplyConclusion: a result is written down once, and faults stay until everything
// could be read and nothing was wrong.
func TestApplyConclusion(t *testing.T) {
	was := v1alpha1.VerificationStatus{CompletionTime: &metav1.Time{Time: noon}, Faults: 7, Findings: []string{"old (Altered)"}}
	found := func(r result) conclusion {
		r.firstFaults, r.firstUnreadable = []string{"new (Altered)"}, []string{"new (Unreadable)"}
		return conclusion{token: "now", began: noon.Add(time.Hour), ended: noon.Add(2 * time.Hour), result: r}
	}
	tests := map[string]struct {
		was      v1alpha1.VerificationStatus
		came     conclusion
		faults   int64
		findings []string
		isNew    bool
	}{
		"all is well":             {was, found(result{exports: 1}), 0, nil, true},
		"faults":                  {was, found(result{exports: 1, faults: 2}), 2, []string{"new (Altered)"}, true},
		"faults and more":         {was, found(result{exports: 1, faults: 2, unreadable: 3}), 2, []string{"new (Altered)"}, true},
		"the faulty is unread":    {was, found(result{exports: 1, unreadable: 3}), 7, []string{"old (Altered)"}, true},
		"unread":                  {v1alpha1.VerificationStatus{}, found(result{exports: 1, unreadable: 3}), 0, []string{"new (Unreadable)"}, true},
		"written down already":    {was, conclusion{token: "now", ended: noon}, 7, []string{"old (Altered)"}, false},
		"the first, all is well":  {v1alpha1.VerificationStatus{}, found(result{exports: 1}), 0, nil, true},
		"nothing is stored there": {was, found(result{}), 0, nil, true},
	}
	for name, tt := range tests {
		status := &v1alpha1.ExportDestinationStatus{Verification: tt.was.DeepCopy()}
		isNew := applyConclusion(status, tt.came)
		v := status.Verification
		if isNew != tt.isNew || v.Faults != tt.faults || (isNew && (v.Unreadable != tt.came.unreadable || status.LastRetryRequest != "now")) {
			t.Errorf("%s: %t, %+v", name, isNew, status)
		}
		if diff := cmp.Diff(tt.findings, v.Findings); diff != "" {
			t.Errorf("%s: findings: %s", name, diff)
		}
	}
}

// TestResult: faults and what could not be read are counted apart, the first of
// each listed, and a name that somebody planted is cut and made fit to be shown.
func TestResult(t *testing.T) {
	r := result{}
	r.add("note", found{})
	r.add("case-1", found{archive: true, files: 3, bytes: 30, more: 5, findings: []verify.Finding{
		{Kind: verify.Unreadable, Path: "a"}, {Kind: verify.Altered, Path: "bags/x\x1b[31m"}, {Kind: verify.Planted, Path: strings.Repeat("ä", 5000)},
		{Kind: verify.Missing, Path: "c"}, {Kind: verify.Missing, Path: "d"},
	}})
	r.add("case-2", found{archive: true, files: 1, bytes: 10, more: 4, findings: []verify.Finding{{Kind: verify.Unreadable, Path: "."}}})
	r.add("case-3", found{archive: true, more: 7}) // nothing of which was confirmed
	r.addMissing(exportsNaming(map[string]v1alpha1.SealStatus{"case-1": {Number: 1}, "case-8": {}, "case-9": {Number: 1}}), []string{"case-1", "case-2"})
	if r.exports != 2 || r.files != 4 || r.bytes != 40 || r.faults != 4+5+1 || r.unreadable != 2+4 {
		t.Errorf("result %+v", r)
	}
	if len(r.firstFaults) != 3 || r.firstFaults[0] != "case-1/bags/x�[31m (Altered)" || r.firstFaults[2] != "case-1/c (Missing)" {
		t.Errorf("faults %q", r.firstFaults)
	}
	if n := len([]rune(r.firstFaults[1])); n > 512 {
		t.Errorf("a path of %d letters, the status holds 512", n)
	}
	if diff := cmp.Diff([]string{"case-1/a (Unreadable)", "case-2 (Unreadable)"}, r.firstUnreadable); diff != "" {
		t.Error(diff)
	}
}

// TestARunEndsAfterTheOneBefore, by a whole second, so that the status can tell
// them apart.
func TestARunEndsAfterTheOneBefore(t *testing.T) {
	for _, now := range []time.Time{noon.Add(-time.Hour), noon.Add(time.Millisecond), noon} {
		r := &run{after: noon}
		r.finish(now, result{})
		if came, over := r.conclusion(); !over || !came.ended.Equal(noon.Add(time.Second)) {
			t.Errorf("ended at %v", came.ended)
		}
	}
}

// TestARunIsOfOneDestination: what was found of one is not told of another that
// has its name now.
func TestARunIsOfOneDestination(t *testing.T) {
	pool := transfer.NewPool(transfer.Capacity{Total: 1}, clock.RealClock{}, transfer.DefaultRetryPolicy().Backoff)
	r := &Reconciler{Worker: &loop.Worker{Pools: transfer.Pools{Pool: pool}}}
	former, present := ended(nil), ended(nil)
	former.UID, present.UID = "former", "present"
	made := r.verification().addRun(former)
	if got := r.verification().lastRun(former); got != made {
		t.Errorf("its own run is %v", got)
	}
	if got := r.verification().lastRun(present); got != nil {
		t.Errorf("the run of another is taken for its own: %v", got)
	}
	if got := r.verification().lastRun(former); got != nil {
		t.Error("the run of a destination that is gone is kept")
	}
}
