package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// upload puts the objects to which an archive refers into a real bucket.
func upload(t *testing.T, server *s3server.Server, a *specimen.Archive) {
	t.Helper()
	server.Bucket(specimen.Bucket, false)
	err := fs.WalkDir(os.DirFS(filepath.Join(a.Buckets, specimen.Bucket)), ".", func(key string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(a.Object(key))
		put(t, server, specimen.Bucket, key, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRecordingsOutsideTheArchive are listed, read and verified in their bucket.
func TestRecordingsOutsideTheArchive(t *testing.T) {
	server := s3server.Start(t)
	t.Setenv("AWS_ACCESS_KEY_ID", s3server.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s3server.SecretAccessKey)
	t.Setenv("AWS_REGION", "")
	a := specimen.NewReferring(t, nil)
	upload(t, server, a)
	key := specimen.Key(specimen.ID(2), specimen.ID(21), 2)
	at := "s3://" + specimen.Bucket + "/" + key
	one := []string{"--recording", specimen.ID(21), "--file", "2"}
	flags := []string{"--recordings-endpoint", server.URL, "--path-style", "--recordings-region", s3server.Region}
	tests := []struct {
		name, command string
		arguments     []string
		code          int
		says          string
	}{
		{"with access", "verify", flags, exitVerified, "\n  6 files of 3 recordings outside the archive, in s3://" + specimen.Bucket + "; verify read all of them\n"},
		{"with the archive's own flags", "verify", []string{"--endpoint", server.URL, "--path-style", "--region", s3server.Region}, exitVerified, "verify read all of them"},
		{"skipped", "verify", append([]string{"--skip-referenced"}, flags...), exitUnreadable, "NOT VERIFIED, 6 findings"},
		{"skipped, with each file", "verify", append([]string{"--skip-referenced"}, flags...), exitUnreadable, "/02.wav is outside the archive, at " + at + ", and was not read [Unreadable]"},
		{"skipped, in short", "verify", append([]string{"--skip-referenced"}, flags...), exitUnreadable, "verify did not read 6 files: nothing shows whether they are unchanged"},
		{"for machines", "verify", append([]string{"--skip-referenced", "-o", "json"}, flags...), exitUnreadable, `"unchecked": 6`},
		{"without a region", "verify", flags[:3], exitUnreadable, "use --recordings-region, or set AWS_REGION"},
		{"a list", "ls", one[:2], exitVerified, "  " + at + "\n"},
		{"a list for machines", "ls", append([]string{"-o", "json"}, one[:2]...), exitVerified, `"location": "` + at + `"`},
		{"a recording", "cat", append(one, flags...), exitVerified, "recording " + specimen.ID(21) + ", file 2, " + specimen.LegalHold},
		{"a recording without a region", "cat", one, exitUnreadable, at + " is outside the archive: the region of the bucket is missing"},
	}
	for _, tt := range tests {
		code, out, says := call(t, append([]string{tt.command, a.Root}, tt.arguments...)...)
		if code != tt.code || !strings.Contains(out+says, tt.says) {
			t.Errorf("%s: exit code %d, want %d, with %q in:\n%s%s", tt.name, code, tt.code, tt.says, out, says)
		}
	}
	put(t, server, specimen.Bucket, key, []byte("another"))
	if code, out, _ := call(t, append([]string{"verify", a.Root}, flags...)...); code != exitFindings || !strings.Contains(out, path.Base(key)+" [Altered]") {
		t.Errorf("overwritten: exit code %d: %s", code, out)
	}
	if code, _, says := call(t, append(append([]string{"cat", a.Root}, one...), flags...)...); code != exitFindings || !strings.Contains(says, at+" was changed") {
		t.Errorf("overwritten: exit code %d: %s", code, says)
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "another")
	if code, out, _ := call(t, append([]string{"verify", a.Root}, flags...)...); code != exitUnreadable || !strings.Contains(out, "SignatureDoesNotMatch") {
		t.Errorf("with another secret: exit code %d: %s", code, out)
	}
}

func TestWhatIsSaidOfBuckets(t *testing.T) {
	t.Parallel()
	v := verdict{Report: verify.Report{Referenced: 1, ReferencedFiles: 2, Buckets: []string{"a", "b", "c"}, Unchecked: 1}}
	want := "2 files of 1 recording outside the archive, in s3://a and 2 other buckets; verify did not read 1 file: nothing shows whether they are unchanged"
	if got := v.referenced(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
