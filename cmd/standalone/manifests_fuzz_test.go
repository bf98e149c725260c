package main

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzReadManifest reads files that are handed to the program: objects that can be
// applied, or an error.
func FuzzReadManifest(f *testing.F) {
	f.Add([]byte("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\n---\n{}\n"))
	f.Add([]byte(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}`))
	f.Add([]byte("apiVersion: [1]\nkind: {}\nmetadata: a\n"))
	f.Add([]byte("a: &a [*a, *a]\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file := filepath.Join(t.TempDir(), "a.yaml")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		objects, err := readManifest(file)
		for _, object := range objects {
			if object.GetKind() == "" || object.GetAPIVersion() == "" || object.GetName() == "" || err != nil {
				t.Errorf("object %v, error %v", object.Object, err)
			}
			rank(object)
		}
	})
}
