package model

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/world"
)

const (
	// mostRounds is how many looks at everything an export may take to end once
	// nothing goes wrong any more, and round the time between two.
	mostRounds = 150
	round      = 40 * time.Minute
	// mostRetries is how often unavailable items are retried.
	mostRetries = 3
)

// finish lets nothing go wrong any more, and checks that the export ends and is
// complete.
func (m *model) finish(t tester) {
	m.recoverAll()
	m.bury()
	for _, p := range m.processes[1:] {
		p.stop()
	}
	m.processes = m.processes[:1]
	m.processes[0].trap = nil
	for len(m.hidden) > 0 {
		m.listLate()
	}
	m.resume(t)
	m.drive(t, "")
	for range mostRetries {
		if m.account(t).Gaps == 0 {
			break
		}
		m.covered.add("end: what was unavailable is asked for again")
		m.drive(t, m.annotate(v1alpha1.AnnotationRetry))
	}
	m.judge(t)
	m.covered.add("end: complete")
}

// resume has the export be there, wanted, and end some day.
func (m *model) resume(t tester) {
	for range 5 {
		if m.export() != nil && m.export().DeletionTimestamp.IsZero() {
			break
		}
		m.lookAtAll(m.processes[0])
		m.clock.Pass(round)
		m.make()
		m.check(t)
	}
	m.change(func(s *v1alpha1.RecordingExportSpec) { s.Suspend = false })
	m.setEnd(time.Duration(m.days) * 24 * time.Hour)
	m.annotate(v1alpha1.AnnotationRetry)
}

// drive looks at everything until the export has ended, and taken up a request.
func (m *model) drive(t tester, request string) {
	for range mostRounds {
		m.endConversations()
		m.collect()
		m.lookAtAll(m.processes[0])
		m.check(t)
		export := m.export()
		if export.Status.CompletionTime != nil && conditions.IsReady(export) && (request == "" || export.Status.LastRetryRequest == request) {
			return
		}
		m.clock.Pass(round)
	}
	t.Fatalf("the export does not end:\n%s", m.state())
}

// account is that of the last seal.
func (m *model) account(t tester) evidence.Account {
	seals, err := os.ReadDir(filepath.Join(m.folder(), "seals"))
	if err != nil || len(seals) == 0 {
		t.Fatalf("no seal: %v", err)
	}
	account, _, err := evidence.ReadSeal(m.archive.FS(m.ctx), len(seals))
	if err != nil {
		t.Fatal(err)
	}
	return account
}

// judge compares the archive with the truth.
func (m *model) judge(t tester) {
	if gaps := m.judgeArchive(t).gaps(); gaps > 0 {
		t.Errorf("%d gaps are left", gaps)
	}
	m.judgeJobs(t)
	if t.Failed() {
		t.Fatal(m.state())
	}
}

// judgeArchive compares the archive with the truth and with what is bad, and checks
// that it is sound in itself.
func (m *model) judgeArchive(t tester) sum {
	sum := m.judgeFates(t)
	m.judgeAccount(t, sum)
	m.judgeManifests(t)
	m.judgeRetention(t)
	report, err := verify.Archive(m.ctx, m.archive.FS(m.ctx), verify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range report.Findings {
		t.Errorf("verify finds: %v", finding)
	}
	return sum
}

// wanted are the conversations that started in the window and that analytics
// listed when one of the surveys was made that the archive has.
func (m *model) wanted(t tester) []simulator.Conversation {
	end := m.spec.Window.End.Time
	for _, entry := range m.plan() {
		if entry.Surveyed != nil && entry.Surveyed.To.After(end) {
			end = entry.Surveyed.To
		}
	}
	listed := m.listed(t)
	var wanted []simulator.Conversation
	for _, c := range m.sim.Dataset().Started(world.Day, end).Conversations {
		if listed[c.Start.Format(time.DateOnly)+c.ID] {
			wanted = append(wanted, c)
		} else {
			m.covered.add("end: a conversation that was listed too late")
		}
	}
	return wanted
}

// listed are the conversations that analytics listed, by the day of the survey.
func (m *model) listed(t tester) map[string]bool {
	listed := map[string]bool{}
	for _, entry := range m.plan() {
		if entry.Surveyed == nil {
			continue
		}
		survey, err := artifacts.Get[artifacts.Survey](m.ctx, m.archive, artifacts.SurveyKey(entry.Surveyed.Pass, entry.Surveyed.Day))
		if err != nil {
			t.Fatal(err)
		}
		for id := range m.known[survey.JobID] {
			listed[survey.Day.Format(time.DateOnly)+id] = true
		}
	}
	return listed
}

// storedFiles returns the SHA-256 of each file of the bags.
func (m *model) storedFiles(t tester) map[string]string {
	paths, err := filepath.Glob(filepath.Join(m.folder(), "bags", "*", "data", "recordings", "*", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, path := range paths {
		recording, name := filepath.Split(path)
		conversation, id := filepath.Split(filepath.Clean(recording))
		number, _, _ := strings.Cut(name, ".")
		key := filepath.Base(conversation) + "/" + id + "/" + number
		if files[key] != "" {
			t.Errorf("%s is stored twice", key)
		}
		files[key] = m.digest(path)
	}
	return files
}

// judgeAccount checks the last account, and that the status says the same.
func (m *model) judgeAccount(t tester, want sum) {
	account, status := m.account(t), m.export().Status
	for _, check := range account.Checks {
		if !check.IsEqual {
			t.Errorf("%s: %d is not %d", check.Says, check.Left, check.Right)
		}
	}
	totals, counts := account.Totals(), account.Conversations
	if totals.Exported != want.exported || totals.Unavailable != want.unavailable || account.Gaps != want.gaps() {
		t.Errorf("the account has %+v and %d gaps, want %+v", totals, account.Gaps, want)
	}
	if counts.Surveyed != want.surveyed || counts.Batched != want.batched || counts.Deferred != 0 {
		t.Errorf("the account has %+v, want %+v", counts, want)
	}
	if status.Recordings.Exported != want.exported || status.Recordings.Unavailable != want.unavailable || status.Gaps != want.gaps() || status.Bytes != account.Bytes || status.Recordings.Total != totals.Total() {
		t.Errorf("the status has %+v, %d gaps, %d bytes, want %+v and %d bytes", status.Recordings, status.Gaps, status.Bytes, want, account.Bytes)
	}
	if planned := len(slicesOf(m.plan())); int(status.Batches.Completed) != planned || int(status.Batches.Planned) != planned {
		t.Errorf("the status has %+v, want %d batches", status.Batches, planned)
	}
	if status.Isolated.Items != 0 {
		t.Errorf("the status has isolated %+v, but nothing is waited for", status.Isolated)
	}
}

// judgeRetention checks that no date of any recording was changed except for archive
// dates by which recordings were restored, each once.
func (m *model) judgeRetention(t tester) {
	for _, change := range m.sim.RetentionChanges() {
		t.Errorf("a client changed %+v", change)
	}
	restored := map[string]int{}
	for _, e := range m.sim.Journal().Entries() {
		if e.Route == simulator.RouteRestore && e.Status == http.StatusOK {
			restored[e.RecordingID]++
		}
	}
	for id, n := range restored {
		if n > 1 {
			t.Errorf("recording %s was restored %d times", id, n)
		}
	}
}

// judgeManifests checks every digest that the archive has, as sha256sum would.
func (m *model) judgeManifests(t tester) {
	for _, pattern := range []string{"bags/*/manifest-sha256.txt", "bags/*/tagmanifest-sha256.txt", "seals/*/manifest-sha256.txt", "seals/*/bags-sha256.txt"} {
		manifests, err := filepath.Glob(filepath.Join(m.folder(), pattern))
		if err != nil || len(manifests) == 0 && strings.HasPrefix(pattern, "seals") {
			t.Errorf("no %s: %v", pattern, err)
		}
		for _, manifest := range manifests {
			m.judgeManifest(t, manifest)
		}
	}
	for _, log := range []string{"bags/*/custody/events.jsonl", "seals/*/events.jsonl"} {
		logs, _ := filepath.Glob(filepath.Join(m.folder(), log))
		for _, path := range logs {
			content, err := os.ReadFile(path)
			if err != nil || !json.Valid(content[:strings.IndexByte(string(content), '\n')]) {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

func (m *model) judgeManifest(t tester, manifest string) {
	file, err := os.Open(manifest)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		digest, path, _ := strings.Cut(lines.Text(), "  ")
		if got := m.digest(filepath.Join(filepath.Dir(manifest), path)); got != digest {
			t.Errorf("%s: %s has %s", manifest, lines.Text(), got)
		}
	}
}

// judgeJobs checks that no analytics job is left at Genesys Cloud of which a
// process knew that lived on.
func (m *model) judgeJobs(t tester) {
	keys, err := artifacts.Keys(m.ctx, m.archive, artifacts.JobFolder)
	if err != nil || len(keys) > 0 {
		t.Errorf("analytics jobs are still recorded: %v, %v", keys, err)
	}
	for id, p := range m.owner {
		if m.ended[id] {
			continue
		}
		if !p.dead.Load() || p == m.processes[0] {
			t.Errorf("%s left the analytics job %s", p.name, id)
		}
		m.covered.add("end: an analytics job left by a process that ended")
	}
	if export := m.export(); len(export.Finalizers) > 0 {
		t.Errorf("finalizers %v", export.Finalizers)
	}
}
