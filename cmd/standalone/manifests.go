package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/config/crd"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// fieldOwner is the field manager of this program in server-side apply.
const fieldOwner = client.FieldOwner("standalone")

// manifest is an object and the file that it was read from.
type manifest struct {
	*unstructured.Unstructured
	file string
}

// readManifests reads files, and the YAML and JSON files of directories.
func readManifests(paths []string) ([]manifest, error) {
	var objects []manifest
	for _, path := range paths {
		files, err := manifestFiles(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			read, err := readManifest(file)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			objects = append(objects, read...)
		}
	}
	if len(objects) == 0 {
		return nil, fmt.Errorf("no manifests in %s", strings.Join(paths, ", "))
	}
	slices.SortStableFunc(objects, func(a, b manifest) int { return rank(a) - rank(b) })
	return objects, nil
}

func manifestFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	var files []string
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(file)) &&
			!strings.HasPrefix(entry.Name(), "kustomization.") {
			files = append(files, file)
		}
		return err
	})
	return files, err
}

func readManifest(file string) ([]manifest, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var objects []manifest
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
	for {
		object := &unstructured.Unstructured{}
		switch err := decoder.Decode(&object.Object); {
		case errors.Is(err, io.EOF):
			return objects, nil
		case err != nil:
			return nil, err
		case len(object.Object) == 0:
			continue
		}
		if object.GetKind() == "" || object.GetAPIVersion() == "" || object.GetName() == "" {
			return nil, errors.New("an object lacks apiVersion, kind or metadata.name")
		}
		objects = append(objects, manifest{object, file})
	}
}

// rank returns the position of an object's kind: objects come after those that they refer to.
func rank(m manifest) int {
	order := []string{"Namespace", "Secret", "GenesysOrganization", "ExportDestination", "RecordingExport"}
	if at := slices.Index(order, m.GetKind()); at >= 0 {
		return at
	}
	return len(order) - 2
}

// install installs the operator's CustomResourceDefinitions and waits until the
// API server serves them.
func install(ctx context.Context, api client.Client) error {
	files, err := crd.Bases.ReadDir("bases")
	if err != nil {
		return err
	}
	for _, file := range files {
		content, err := crd.Bases.ReadFile("bases/" + file.Name())
		if err != nil {
			return err
		}
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(content, &object.Object); err != nil {
			return err
		}
		if err := applyObject(ctx, api, object); err != nil {
			return fmt.Errorf("install %s: %w", object.GetName(), err)
		}
		if err := established(ctx, api, object); err != nil {
			return fmt.Errorf("wait for %s: %w", object.GetName(), err)
		}
	}
	return nil
}

// established waits until the API server serves a CustomResourceDefinition.
func established(ctx context.Context, api client.Client, definition *unstructured.Unstructured) error {
	return wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		if err := api.Get(ctx, client.ObjectKeyFromObject(definition), definition); err != nil {
			return false, err
		}
		var typed apiextensionsv1.CustomResourceDefinition
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(definition.Object, &typed); err != nil {
			return false, err
		}
		return slices.ContainsFunc(typed.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
			return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
		}), nil
	})
}

// apply applies the manifests and returns the names of the exports among them.
func apply(ctx context.Context, api client.Client, objects []manifest, out *screen) ([]types.NamespacedName, error) {
	var exports []types.NamespacedName
	for _, m := range objects {
		if err := place(api, m.Unstructured); err != nil {
			return nil, fmt.Errorf("%s: %w", m.file, err)
		}
		if err := applyObject(ctx, api, m.Unstructured); err != nil {
			return nil, fmt.Errorf("%s: %w", m.file, err)
		}
		if m.GetKind() == "RecordingExport" {
			exports = append(exports, client.ObjectKeyFromObject(m))
		}
	}
	out.note("Applied %s, including %s", words.Count(len(objects), "object"), words.Count(len(exports), "export"))
	if len(exports) == 0 {
		return nil, errors.New("the manifests contain no RecordingExport")
	}
	return exports, nil
}

// place puts an object without a namespace into the default one, if its kind
// has namespaces.
func place(api client.Client, object *unstructured.Unstructured) error {
	if object.GetNamespace() != "" {
		return nil
	}
	namespaced, err := api.IsObjectNamespaced(object)
	if meta.IsNoMatchError(err) {
		return fmt.Errorf("unknown kind %s of %s: use only built-in kinds of Kubernetes and kinds of this operator", object.GetKind(), object.GetAPIVersion())
	}
	if namespaced {
		object.SetNamespace(metav1.NamespaceDefault)
	}
	return err
}

func applyObject(ctx context.Context, api client.Client, object *unstructured.Unstructured) error {
	configuration := client.ApplyConfigurationFromUnstructured(object)
	err := api.Apply(ctx, configuration, fieldOwner, client.ForceOwnership)
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("%w; is its Namespace among the manifests?", err)
	}
	return err
}
