package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// call runs the program.
func call(t *testing.T, arguments ...string) (code int, out, says string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), arguments, streams{&stdout, &stderr, nil})
	return code, stdout.String(), stderr.String()
}

// keyFile writes a public key to a file.
func keyFile(t *testing.T, content []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key.pub")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestVerify(t *testing.T) {
	t.Parallel()
	signer := specimen.NewSigner(t)
	sound, broken := specimen.New(t, signer), specimen.New(t, nil)
	broken.Remove("bags/" + specimen.LegalHold)
	plain := specimen.New(t, nil)
	plainSeal := specimen.Sum(plain.Read("seals/2/manifest-sha256.txt"))
	mine, other := keyFile(t, signer.Public()), keyFile(t, specimen.NewSigner(t).Public())
	seal := specimen.Sum(sound.Read("seals/2/manifest-sha256.txt"))
	tests := map[string]struct {
		arguments []string
		code      int
		// says is in what is written.
		says string
	}{
		"sound":                     {[]string{"verify", sound.Root}, exitVerified, "Whoever made the archive could have made these keys"},
		"sound, with its key":       {[]string{"verify", sound.Root, "--key", other, "--key", mine}, exitVerified, "Signed with the keys given with --key: 2 seals and 6 bags, by " + signer.ID()},
		"sound, with its seal":      {[]string{"verify", "--seal", seal, sound.Root}, exitVerified, "by " + signer.ID() + ". verify does not know whose keys these are"},
		"with its seal and key":     {[]string{"verify", "--seal", seal, sound.Root, "--key", mine}, exitVerified, "was recorded\n  Signed with the keys given"},
		"unsigned":                  {[]string{"verify", plain.Root}, exitVerified, "the archive is consistent with itself, but nothing shows who made it"},
		"unsigned, with its seal":   {[]string{"verify", plain.Root, "--seal", plainSeal}, exitVerified, "The last seal is the one given with --seal: nothing was changed or removed since its SHA-256 was recorded\n  Not signed: the archive does not show who made it\n"},
		"with another key":          {[]string{"verify", sound.Root, "--key", other}, exitFindings, "not one of the given keys [UntrustedKey]"},
		"with another seal":         {[]string{"verify", sound.Root, "--seal", strings.Repeat("0", 64)}, exitFindings, "later seals were removed"},
		"with another key, at last": {[]string{"verify", sound.Root, "--key", other, "--seal", seal}, exitFindings, "The archive is not consistent with itself, or it does not match the seal and the keys that you gave"},
		"broken, at last":           {[]string{"verify", broken.Root}, exitFindings, "The archive is not consistent with itself: do not rely on anything"},
		"restored recordings":       {[]string{"verify", plain.Root}, exitVerified, "\n  Restoration of 2 recordings requested at Genesys Cloud; other dates of 1 recording changed there: see retention.csv in the seals\n"},
		"orphaned recordings":       {[]string{"verify", plain.Root}, exitVerified, "\n  2 recordings attached to no conversation, not exported: see orphans.csv in the seals\n"},
		"several":                   {[]string{"verify", filepath.Dir(sound.Root)}, exitVerified, "/case-1: verified"},
		"broken":                    {[]string{"verify", broken.Root}, exitFindings, "bags/" + specimen.LegalHold + ": is missing, though seal 1 contains this bag [Missing]"},
		"no archive":                {[]string{"verify", t.TempDir()}, exitUnreadable, "there is no archive of an export"},
		"no such place":             {[]string{"verify", filepath.Join(t.TempDir(), "none")}, exitUnreadable, "no such file"},
		"a file":                    {[]string{"verify", mine}, exitUnreadable, "an archive is a directory"},
		"no place":                  {[]string{"verify"}, exitUsage, "missing argument PATH_OR_S3_URL"},
		"two places":                {[]string{"verify", "a", "b"}, exitUsage, `more than one PATH_OR_S3_URL: "a" and "b"`},
		"a key that is none":        {[]string{"verify", "a", "--key", "main.go"}, exitUsage, "PUBLIC KEY"},
		"a seal that is none":       {[]string{"verify", "a", "--seal", "1"}, exitUsage, "--seal must be a SHA-256"},
		"another scheme":            {[]string{"verify", "https://example.com/x"}, exitUsage, "is not of the form s3://bucket/prefix"},
		"a bucket without a region": {[]string{"verify", "s3://bucket", "--region", ""}, exitUsage, "the region of the bucket is missing"},
		"an unknown format":         {[]string{"verify", "a", "-o", "yaml"}, exitUsage, "text or json"},
		"an unknown command":        {[]string{"check"}, exitUsage, `Unknown command "check"`},
		"no time":                   {[]string{"ls", "a", "--from", "yesterday"}, exitUsage, "invalid value \"yesterday\" for flag -from: not a time: use for example 2023-10-01 or 2023-10-01T09:00:00Z (see"},
		"no medium":                 {[]string{"ls", "a", "--medium", "Video"}, exitUsage, "use Call, Screen, Chat, Email or Message"},
		"nothing":                   {nil, exitUsage, "Usage:"},
		"help":                      {[]string{"help"}, exitVerified, "kubectl genesys-export verifies"},
		"a command's help":          {[]string{"verify", "--help"}, exitVerified, "-running"},
		"version":                   {[]string{"version"}, exitVerified, "kubectl genesys-export"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, says := call(t, tt.arguments...)
			if code != tt.code || !strings.Contains(out+says, tt.says) {
				t.Errorf("exit code %d, want %d, with %q in:\n%s%s", code, tt.code, tt.says, out, says)
			}
			if lines := strings.Count(says, "\n"); tt.code == exitUsage && len(tt.arguments) > 1 && lines != 1 {
				t.Errorf("a mistake takes %d lines:\n%s", lines, says)
			}
		})
	}
}

// TestNobodyDrawsOnTheTerminal: whatever an archive contains, it cannot make a verdict
// look like another.
func TestNobodyDrawsOnTheTerminal(t *testing.T) {
	t.Parallel()
	a := specimen.New(t, nil)
	a.Write("bags/"+specimen.Standard+"/data/x\x1b[2J\n.: verified\n", nil)
	a.Replace("export.json", `"legal"`, `"\u001b[2J\u009b2J"`)
	code, out, _ := call(t, "verify", a.Root)
	if code != exitFindings || strings.ContainsAny(out, "\x1b\u009b\r") || strings.Contains(out, "\n.: verified") {
		t.Errorf("exit code %d: %q", code, out)
	}
}

// TestWhatIsSaidOfRestorations claims nothing of dates that were not read afterwards.
func TestWhatIsSaidOfRestorations(t *testing.T) {
	for want, report := range map[string]verify.Report{
		"Restoration of 1 recording requested at Genesys Cloud; no other date changed there":                                    {Restored: 1},
		"Restoration of 2 recordings requested at Genesys Cloud; the operator did not read the dates of 1 recording afterwards": {Restored: 2, RetentionUnknown: 1},
		"Restoration of 3 recordings requested at Genesys Cloud; other dates of 2 recordings changed there: see retention.csv in the seals; the operator did not read the dates of 1 recording afterwards": {
			Restored: 3, RetentionChanged: 2, RetentionUnknown: 1,
		},
	} {
		if got := (verdict{Report: report}).restorations(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if code := run(ctx, []string{"verify", specimen.New(t, nil).Root}, streams{&out, &out, nil}); code != exitInterrupted {
		t.Errorf("exit code %d, want %d: %s", code, exitInterrupted, &out)
	}
}

func TestVerifyForMachines(t *testing.T) {
	t.Parallel()
	a := specimen.New(t, nil)
	a.Remove("export.json")
	code, out, _ := call(t, "verify", a.Root, "-o", "json")
	var told struct {
		Verified bool
		Archives []verdict
	}
	if err := json.Unmarshal([]byte(out), &told); err != nil || code != exitFindings {
		t.Fatalf("exit code %d, %v: %s", code, err, out)
	}
	if told.Verified || len(told.Archives) != 1 || told.Archives[0].Seals != 2 || !strings.Contains(out, `"kind": "Missing"`) {
		t.Errorf("told %s", out)
	}
}

func TestListAndCat(t *testing.T) {
	t.Parallel()
	a := specimen.New(t, nil)
	const recording13 = "00000000-0000-4000-8000-000000000013"
	lists := map[string]struct {
		arguments []string
		want      []string
	}{
		"everything": {nil, []string{
			"000011", "000011", "000012", "000013", "000013", "000021", "000021", "000022", "000041", "000041",
			"000051", "000051", "000052", "000061", "000061", "000062", "000062", "000063", "000063", "000064", "000064", "000065",
		}},
		"a conversation":   {[]string{"--conversation", specimen.ID(4)}, []string{"000041", "000041"}},
		"a medium":         {[]string{"--medium", "Chat"}, []string{"000012", "000052"}},
		"in small letters": {[]string{"--medium", "chat"}, []string{"000012", "000052"}},
		"isolated":         {[]string{"--recording", specimen.ID(62)}, []string{"000062", "000062"}},
		"a time":           {[]string{"--from", "2023-10-01T02:00:00Z", "--until", "2023-10-01T04:00:00Z"}, []string{"000021", "000021", "000022"}},
	}
	for name, tt := range lists {
		_, out, says := call(t, append([]string{"ls", a.Root}, tt.arguments...)...)
		lines := strings.Split(strings.TrimSpace(out), "\n")[1:]
		if len(lines) != len(tt.want) {
			t.Errorf("%s: %d lines, want %d: %s%s", name, len(lines), len(tt.want), out, says)
			continue
		}
		for i, id := range tt.want {
			if !strings.Contains(lines[i], id+" ") {
				t.Errorf("%s: line %q is not about %s", name, lines[i], id)
			}
		}
	}
	for _, nothing := range [][]string{{"--until", "2023-10-01"}, {"--recording", specimen.ID(99)}} {
		code, out, says := call(t, append([]string{"ls", a.Root}, nothing...)...)
		if code != exitVerified || out != "" || !strings.Contains(says, "No recordings in "+a.Root+" match") {
			t.Errorf("%q: exit code %d: %q, %q", nothing, code, out, says)
		}
	}
	// The second seal has what the first had not.
	if _, out, _ := call(t, "ls", a.Root, "--recording", recording13, "-o", "json"); !strings.Contains(out, specimen.Retry) || !strings.Contains(out, `"Exported"`) {
		t.Errorf("recording 13 is %s", out)
	}
	if code, out, says := call(t, "cat", a.Root, "--recording", recording13, "--file", "2"); code != exitVerified || out != "recording "+recording13+", file 2, "+specimen.Retry {
		t.Errorf("exit code %d: %q, %s", code, out, says)
	}
	// Isolated recordings are in the bag that they came to, except for files that had been stored
	// before they left.
	for recording, bag := range map[int]string{51: specimen.Isolated, 62: specimen.IsolatedOnes, 63: specimen.IsolatedAgain} {
		want := fmt.Sprintf("recording %s, file 2, %s", specimen.ID(recording), bag)
		if code, out, says := call(t, "cat", a.Root, "--recording", specimen.ID(recording), "--file", "2"); code != exitVerified || out != want {
			t.Errorf("recording %d: exit code %d: %q, %s", recording, code, out, says)
		}
	}
	for _, recording := range []string{specimen.ID(62), specimen.ID(65)} {
		want := fmt.Sprintf("recording %s, file 1, %s", recording, specimen.Standard)
		if code, out, says := call(t, "cat", a.Root, "--recording", recording, "--file", "1"); code != exitVerified || out != want {
			t.Errorf("recording %s: exit code %d: %q, %s", recording, code, out, says)
		}
	}
	a.Replace("bags/"+specimen.Retry+"/data/recordings/"+specimen.ID(1)+"/"+recording13+"/02.wav", "file", "FILE")
	cats := map[string]struct {
		arguments []string
		code      int
		says      string
	}{
		"changed":   {[]string{"--recording", recording13, "--file", "2"}, exitFindings, "was changed"},
		"two files": {[]string{"--recording", recording13}, exitUsage, "2 files match"},
		"no file":   {[]string{"--recording", specimen.ID(12)}, exitUnreadable, "Excluded MediumNotRequested"},
		"no such":   {[]string{"--recording", specimen.ID(99)}, exitUnreadable, "the archive does not list this recording"},
	}
	for name, tt := range cats {
		if code, _, says := call(t, append([]string{"cat", a.Root}, tt.arguments...)...); code != tt.code || !strings.Contains(says, tt.says) {
			t.Errorf("%s: exit code %d, want %d with %q: %s", name, code, tt.code, tt.says, says)
		}
	}
}

// TestS3 verifies what lies in a bucket, with a prefix and without.
func TestS3(t *testing.T) {
	server := s3server.Start(t)
	t.Setenv("AWS_ACCESS_KEY_ID", s3server.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s3server.SecretAccessKey)
	t.Setenv("AWS_REGION", s3server.Region)
	a := specimen.New(t, specimen.NewSigner(t))
	for bucket, prefix := range map[string]string{"evidence": "legal/cases/case-1/", "alone": ""} {
		server.Bucket(bucket, false)
		for _, name := range a.Files(".") {
			put(t, server, bucket, prefix+name, a.Read(name))
		}
	}
	flags := []string{"--endpoint", server.URL, "--path-style"}
	for _, where := range []string{"s3://evidence", "s3://evidence/legal/cases", "s3://evidence/legal/cases/case-1/", "s3://alone"} {
		code, out, says := call(t, append([]string{"verify", where}, flags...)...)
		if code != exitVerified || !strings.Contains(out, "6 bags under 2 seals") {
			t.Errorf("%s: exit code %d: %s%s", where, code, out, says)
		}
	}
	recording := []string{"--recording", specimen.ID(21), "--file", "1"}
	if code, out, says := call(t, append(append([]string{"cat", "s3://evidence/legal/cases"}, recording...), flags...)...); code != exitVerified || !strings.HasPrefix(out, "recording ") {
		t.Errorf("cat: exit code %d: %s%s", code, out, says)
	}
	put(t, server, "evidence", "legal/cases/case-1/bags/"+specimen.Standard+"/data/planted.txt", []byte("x"))
	if code, out, _ := call(t, append([]string{"verify", "s3://evidence"}, flags...)...); code != exitFindings || !strings.Contains(out, "planted.txt: is not listed") {
		t.Errorf("planted: exit code %d: %s", code, out)
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "another")
	if code, _, says := call(t, append([]string{"verify", "s3://evidence"}, flags...)...); code != exitUnreadable || !strings.Contains(says, "SignatureDoesNotMatch") {
		t.Errorf("with another secret: exit code %d: %s", code, says)
	}
}

func put(t *testing.T, server *s3server.Server, bucket, key string, content []byte) {
	t.Helper()
	if _, err := server.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(content)}); err != nil {
		t.Fatal(err)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	meter := &verify.Meter{}
	meter.Bytes.Store(512 << 10)
	meter.Files.Store(7)
	if got := progress("case-1", meter, time.Second); got != "case-1: 7 files, 512 KiB" {
		t.Errorf("progress %q", got)
	}
	meter.Expected.Store(1 << 20)
	if want, got := "[===============               ]  50% 512 KiB of 1.0 MiB, 7 files, 512 KiB/s case-1", progress("case-1", meter, time.Second); got != want {
		t.Errorf("progress %q, want %q", got, want)
	}
}

// TestUnreadableIsNotWrong: what could not be read says nothing against an archive.
func TestUnreadableIsNotWrong(t *testing.T) {
	t.Parallel()
	v := verdict{Report: verify.Report{Trusted: true, Findings: []verify.Finding{{Kind: verify.Unreadable}}}}
	if got := v.text(location{name: "x"}); !strings.Contains(got, "NOT VERIFIED, 1 finding\n") || !strings.Contains(got, "the verification is incomplete") || strings.Contains(got, "do not rely on anything") {
		t.Errorf("it says:\n%s", got)
	}
}

// TestFindingsThatAreAlike are not all shown to people: what is wrong elsewhere is.
func TestFindingsThatAreAlike(t *testing.T) {
	t.Parallel()
	var v verdict
	for n := range 12 {
		v.Findings = append(v.Findings, verify.Finding{Kind: verify.Contradiction, Path: "seals/1/recordings.csv", Says: fmt.Sprintf("lacks line %d", n)})
	}
	v.Findings = append(v.Findings, verify.Finding{Kind: verify.Altered, Path: "seals/1/report.html", Says: "was changed"})
	v.More = 3
	want := []string{
		"seals/1/recordings.csv: lacks line 0 [Contradiction]", "seals/1/recordings.csv: lacks line 1 [Contradiction]",
		"seals/1/recordings.csv: lacks line 2 [Contradiction]", "seals/1/recordings.csv: lacks line 3 [Contradiction]",
		"seals/1/recordings.csv: lacks line 4 [Contradiction]",
		"seals/1/recordings.csv: 7 more like these; use -o json to list them [Contradiction]",
		"seals/1/report.html: was changed [Altered]",
		"and 3 more of the same kinds in the same files, which are not listed",
	}
	if diff := cmp.Diff(want, v.findings()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := v.text(location{name: "x"}); !strings.Contains(got, "NOT VERIFIED, 16 findings\n") {
		t.Errorf("it says:\n%s", got)
	}
}
