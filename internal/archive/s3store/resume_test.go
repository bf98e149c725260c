package s3store

import (
	"io"
	"testing"
)

// TestAFileIsOpenedInTheMiddle, and at its end, and describes itself as a whole.
func TestAFileIsOpenedInTheMiddle(t *testing.T) {
	store := openStore(t, config(newServer(t).URL))
	must(t, store.Create(t.Context(), "bags/a/b", text("0123456789")))
	fsys := store.FS(t.Context()).(storeFS)
	for offset, want := range map[int64]string{0: "0123456789", 4: "456789", 9: "9", 10: "", 11: ""} {
		file, err := fsys.OpenFrom("bags/a/b", offset)
		must(t, err)
		content, err := io.ReadAll(file)
		info, statErr := file.Stat()
		must(t, statErr)
		if must(t, file.Close()); err != nil || string(content) != want || info.Size() != 10 {
			t.Errorf("from %d: %q, %v, of %d bytes; want %q", offset, content, err, info.Size(), want)
		}
	}
	if _, err := fsys.OpenFrom("bags/a/none", 3); err == nil {
		t.Error("there is a file that nobody stored")
	}
}
