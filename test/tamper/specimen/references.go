package specimen

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Bucket is where the recordings are that bags refer to.
const Bucket = "recordings-of-case-1"

// NewReferring makes the same archive as New, but recordings 11, 21 and 41 are in a bucket, and
// the bags refer to them.
func NewReferring(t testing.TB, signer *Signer) *Archive {
	t.Helper()
	a := &Archive{TB: t, Root: filepath.Join(t.TempDir(), "case-1"), Signer: signer, Buckets: t.TempDir()}
	a.make()
	return a
}

// Key is where a file of a recording is in the bucket.
func Key(conversation, recording string, nn int) string {
	return fmt.Sprintf("%s/year=2023/month=10/day=1/hour=0/conversation_id=%s/%s-%d.wav", ID(902), conversation, recording, nn)
}

// Object is the file of an object of the bucket.
func (a *Archive) Object(key string) string {
	return filepath.Join(a.Buckets, Bucket, filepath.FromSlash(key))
}

// OpenReferenced opens an object.
func (a *Archive) OpenReferenced(_ context.Context, location string) (io.ReadCloser, error) {
	bucket, key, err := evidence.ParseS3Location(location)
	if err != nil {
		return nil, err
	}
	return os.Open(filepath.Join(a.Buckets, bucket, filepath.FromSlash(key)))
}

// refer puts a file into the bucket if it belongs there.
func (a *Archive) refer(ref genesys.RecordingRef, nn int, content []byte) evidence.Reference {
	a.Helper()
	if a.Buckets == "" || ref.RecordingID != ID(11) && ref.RecordingID != ID(21) && ref.RecordingID != ID(41) {
		return evidence.Reference{}
	}
	key := Key(ref.ConversationID, ref.RecordingID, nn)
	a.must(os.MkdirAll(filepath.Dir(a.Object(key)), 0o750))
	a.must(os.WriteFile(a.Object(key), content, 0o600))
	return evidence.Reference{Location: evidence.S3Location(Bucket, key), ETag: `"` + Sum(content)[:32] + `"`, Encryption: "KMS"}
}

// referenced are the lines of a bag's manifest about files to which it refers, and their size.
func (a *Archive) referenced(folder string) (lines []string, size int) {
	a.Helper()
	if _, err := os.Stat(a.Path(folder + "/" + evidence.ReferencesTable)); err != nil {
		return nil, 0
	}
	table := string(a.Read(folder + "/" + evidence.ReferencesTable))
	files, err := csv.NewReader(bytes.NewReader(a.Read(folder + "/" + evidence.FilesTable))).ReadAll()
	a.must(err)
	for _, file := range files[1:] {
		if strings.Contains(table, "\n"+file[0]+",") {
			n, err := strconv.Atoi(file[3])
			a.must(err)
			lines, size = append(lines, file[4]+"  "+file[0]+"\n"), size+n
		}
	}
	return lines, size
}
