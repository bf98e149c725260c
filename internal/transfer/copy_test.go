package transfer

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

func openStore(t *testing.T) archive.Store {
	t.Helper()
	store, err := archive.OpenDirectory(t.TempDir(), "evidence")
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// abc is the SHA-256 of "abc" (FIPS 180-2, appendix B.1).
const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

func TestCopyStoresAndHashes(t *testing.T) {
	for _, length := range []int64{-1, 3} {
		store := openStore(t)
		got, err := Copy(t.Context(), store, "a", Stream{From: strings.NewReader("abc"), Length: length})
		if want := (Stored{3, abc}); err != nil || got != want {
			t.Errorf("Copy: %+v, %v; want %+v", got, err, want)
		}
		if again, err := Inspect(t.Context(), store, "a"); err != nil || again != got {
			t.Errorf("Inspect: %+v, %v; want what was copied", again, err)
		}
	}
}

func TestCopyStoresNothingThatIsNotWhole(t *testing.T) {
	store := openStore(t)
	cut := errors.New("cut")
	if _, err := Copy(t.Context(), store, "a", Stream{From: iotest.DataErrReader(iotest.ErrReader(cut)), Length: -1}); !errors.Is(err, cut) {
		t.Errorf("a stream that breaks: %v", err)
	}
	for _, length := range []int64{2, 4} {
		if _, err := Copy(t.Context(), store, "a", Stream{From: strings.NewReader("abc"), Length: length}); !errors.Is(err, ErrShort) {
			t.Errorf("3 bytes where %d were announced: %v", length, err)
		}
	}
	for _, length := range []int64{-1, 0} {
		if _, err := Copy(t.Context(), store, "a", Stream{From: strings.NewReader(""), Length: length}); !errors.Is(err, ErrShort) || !strings.HasSuffix(err.Error(), ": it is empty") {
			t.Errorf("an empty stream: %v", err)
		}
	}
	if _, err := Inspect(t.Context(), store, "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something is stored: %v", err)
	}
}

func TestCopyKeepsWhatIsThere(t *testing.T) {
	store := openStore(t)
	if _, err := Copy(t.Context(), store, "a", Stream{From: strings.NewReader("abc"), Length: -1}); err != nil {
		t.Fatal(err)
	}
	if _, err := Copy(t.Context(), store, "a", Stream{From: strings.NewReader("xyz"), Length: -1}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Copy: %v, want fs.ErrExist", err)
	}
	if got, err := Inspect(t.Context(), store, "a"); err != nil || got.SHA256 != abc {
		t.Errorf("Inspect: %+v, %v", got, err)
	}
}

func TestCopyStoresOnlyWhatIsAccepted(t *testing.T) {
	store := openStore(t)
	refused := errors.New("seen before")
	var shown Stored
	_, err := Copy(t.Context(), store, "a", Stream{From: strings.NewReader("abc"), Length: 3, Accept: func(got Stored) error {
		shown = got
		return refused
	}})
	if !errors.Is(err, refused) || shown != (Stored{3, abc}) {
		t.Errorf("Copy: %v, after it was shown %+v", err, shown)
	}
	if _, err := Inspect(t.Context(), store, "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is stored anyway: %v", err)
	}
}
