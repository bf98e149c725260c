package recordingexporttrigger

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// apierrorsForbidden is what an API server with a full quota answers.
func apierrorsForbidden(obj client.Object) error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: "recordingexports"}, obj.GetName(), &quotaError{})
}

type quotaError struct{}

func (*quotaError) Error() string { return "exceeded quota" }

// fieldsOf are the names of a struct's fields in JSON.
func fieldsOf[T any]() map[string]bool {
	names := map[string]bool{}
	for field := range reflect.TypeFor[T]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names[name] = true
	}
	return names
}

// filled is a struct in which no field is empty.
func filled[T any](t *testing.T) *T {
	t.Helper()
	value := new(T)
	for _, field := range reflect.ValueOf(value).Elem().Fields() {
		fill(field)
	}
	return value
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.String:
		v.SetString("x")
	case reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem())
	}
}

// jsonOf are the fields of a value in JSON.
func jsonOf(t *testing.T, value any) map[string]any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}
