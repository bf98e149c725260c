package artifacts

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

var update = flag.Bool("update", false, "write the golden files of the present version")

// forms has one value of every type that is stored as JSON in an archive.
var forms = []any{
	AnalyticsJob{}, Answer{}, RestorationAttempt{}, Bagging{}, BulkAttempt{}, BulkCreated{}, BulkDone{}, BulkEnd{}, BulkExecution{}, BulkRefused{}, BulkRunning{}, Closing{}, Comparison{}, Entry{}, Enumerated{}, EnumerationEnd{}, FailedJob{}, Hold{},
	Inventory{}, Metadata{}, NamedLookup{}, Orphans{}, Owner{}, PlanBundle{}, Received{}, RestorationRefusal{}, Rekeyed{}, Relisted{}, Request{}, Restoration{}, Run{}, SealBegun{}, Sealed{}, SetAside{},
	Slice{}, StoredFile{}, Survey{}, Trouble{}, evidence.Account{}, evidence.ExportRecord{}, evidence.Signed{},
}

// golden is where the golden file of a type is, in the folder of a version of the forms.
func golden(folder string, form any) string {
	return filepath.Join(folder, reflect.TypeOf(form).Name()+".json")
}

// TestFormsAreStable: the bytes of every type that is stored are those of the golden
// files, whatever its Go fields are called.
func TestFormsAreStable(t *testing.T) {
	for _, form := range forms {
		value := reflect.New(reflect.TypeOf(form)).Elem()
		fill(value, "")
		got, err := json.MarshalIndent(value.Interface(), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		file := golden("testdata/golden/v2", form)
		if *update {
			if err := os.WriteFile(file, append(got, '\n'), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(bytes.TrimSpace(want)), string(got)); diff != "" {
			t.Errorf("%T (-want +got); if a field was added, run this test with -update:\n%s", form, diff)
		}
	}
}

// TestGoldenFilesOfEveryVersionAreRead: what was stored by any version since is read
// whole, with nothing that this one does not know.
func TestGoldenFilesOfEveryVersionAreRead(t *testing.T) {
	folders, err := filepath.Glob("testdata/golden/v*")
	if err != nil || len(folders) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, folder := range folders {
		for _, form := range forms {
			stored, err := os.ReadFile(golden(folder, form))
			if os.IsNotExist(err) {
				continue // the version did not have it
			}
			if err != nil {
				t.Fatal(err)
			}
			value := reflect.New(reflect.TypeOf(form))
			decoder := json.NewDecoder(bytes.NewReader(stored))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(value.Interface()); err != nil {
				t.Errorf("%s: %T: %v", folder, form, err)
			}
			if value.Elem().IsZero() {
				t.Errorf("%s: %T: nothing was read", folder, form)
			}
		}
	}
}

// TestEveryFieldHasAName: renaming a Go field never changes what is stored.
func TestEveryFieldHasAName(t *testing.T) {
	for _, form := range forms {
		nameless(t, reflect.TypeOf(form), map[reflect.Type]bool{})
	}
}

// nameless reports the fields of a type, and of the types that it is made of, whose
// name in JSON would be that of the Go field.
func nameless(t *testing.T, of reflect.Type, seen map[reflect.Type]bool) {
	t.Helper()
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		nameless(t, of.Elem(), seen)
		return
	case reflect.Struct:
	default:
		return
	}
	if seen[of] || !strings.Contains(of.PkgPath(), "recording-export-operator") {
		return
	}
	seen[of] = true
	for i := range of.NumField() {
		field := of.Field(i)
		name, named := field.Tag.Lookup("json")
		if name == "-" {
			continue // never stored
		}
		if !named && field.IsExported() && !field.Anonymous {
			t.Errorf("%s.%s has no json tag", of, field.Name)
		}
		nameless(t, field.Type, seen)
	}
}

// fill gives every field of a value something that is not its zero value.
func fill(v reflect.Value, name string) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2023, 10, 1, 2, 3, 4, 5_000_000, time.UTC)))
		return
	case json.RawMessage:
		v.Set(reflect.ValueOf(json.RawMessage(`{"name":"value"}`)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint('7')
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, name)
		fill(value, name)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), v.Type().Field(i).Name)
			}
		}
	default:
		panic("a form contains a " + v.Type().String())
	}
}
