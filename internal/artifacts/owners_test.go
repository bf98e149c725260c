package artifacts

import (
	"errors"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

func TestOwners(t *testing.T) {
	store := openStore(t)
	expect := func(lines int, cluster string, since time.Time) {
		t.Helper()
		log, err := Owners(t.Context(), store)
		owner := OwnerOf("first", day, log)
		if err != nil || len(log) != lines || owner != (Ownership{cluster, since}) {
			t.Errorf("%d lines, %+v, %v; want %d, %s since %v", len(log), owner, err, lines, cluster, since)
		}
	}
	expect(0, "first", day)
	for n, cluster := range []string{"second", "third"} {
		at := day.Add(time.Duration(n+1) * time.Hour)
		line := Owner{NewStamp(at, "m"), cluster, "former"}
		if _, err := Put(t.Context(), store, OwnerKey(n+1), line); err != nil {
			t.Fatal(err)
		}
		expect(n+1, cluster, at)
		if got, want := line.TakeOver(), (evidence.TakeOver{From: "former", To: cluster, At: at}); got != want {
			t.Errorf("the seal tells of %+v, want %+v", got, want)
		}
	}
	if _, err := Put(t.Context(), store, OwnerKey(3), Owner{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Owners(t.Context(), store); !errors.Is(err, evidence.ErrCorrupt) {
		t.Errorf("an owner without a name: %v, want ErrCorrupt", err)
	}
}
