package hostile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/test/world"
)

const (
	// hugeRecord, in bytes, is the size of an export.json that takes no room on the disk.
	hugeRecord = 4 << 30
	// wide is how much is written of each list or record without end, in bytes.
	wide = 2 << 20
)

// planting (T4) has archives whose contents are made to fill the memory of whoever reads
// them. Its destination is deleted and created again every ten rounds, so that the archives are verified again.
func planting(w *world.World, endpoint string) tenant {
	plant(w)
	destination := func() client.Object {
		d := w.Destination()
		d.Spec.VerifyEvery = &metav1.Duration{Duration: time.Hour}
		return d
	}
	return tenant{
		World: w,
		objects: func(phase int) []client.Object {
			return []client.Object{
				credentials(w, clientID(phase), clientSecret), organization(w, "emea", endpoint, 300), destination(),
				exportOf(w, "huge", world.Window(world.Day, world.Day.AddDate(0, 0, 1))),
				exportOf(w, "wide", world.Window(world.Day, world.Day.AddDate(0, 0, 1))),
			}
		},
		change: func(ctx context.Context, round int) error {
			if round%10 != 0 {
				return nil
			}
			return replace(ctx, w, destination())
		},
	}
}

// plant writes the contents of the archives "huge" and "wide".
func plant(w *world.World) {
	w.Helper()
	root := filepath.Join(w.Root, w.Namespace, "evidence")
	list := "[" + strings.Repeat("{},", wide/3)
	deep := strings.Repeat("[", wide)
	for name, content := range map[string]string{
		"huge/export.json":            "{",
		"huge/seals/9000000/x":        "x",
		"wide/export.json":            deep,
		"wide/seals/1/account.json":   list,
		"wide/seals/1/recordings.csv": `"` + strings.Repeat("x", wide),
		"wide/seals/9000000/x":        "x",
	} {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o750), os.WriteFile(name, []byte(content), 0o600)); err != nil {
			w.Fatal(err)
		}
	}
	if err := os.Truncate(filepath.Join(root, "huge", "export.json"), hugeRecord); err != nil {
		w.Fatal(err)
	}
}
