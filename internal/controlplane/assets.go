package controlplane

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// AssetsVariable names the environment variable that says where the binaries
// are; envtest knows it too.
const AssetsVariable = "KUBEBUILDER_ASSETS"

// ErrNoAssets is the error for binaries that have not been built.
var ErrNoAssets = errors.New("the control plane's binaries are missing: run make control-plane, or set " + AssetsVariable)

// binaries that a control plane needs.
var binaries = []string{"etcd", "kube-apiserver", "kube-controller-manager"}

// kubernetesVersion finds the version that hack/controlplane builds.
var kubernetesVersion = regexp.MustCompile(`(?m)^\s*k8s\.io/kubernetes (v\S+)`)

// FindAssets returns the directory of the binaries: what AssetsVariable says,
// or where hack/controlplane/build.sh puts them in the source tree that the
// working directory is in. The error is ErrNoAssets if they are not there.
func FindAssets() (string, error) {
	directory := os.Getenv(AssetsVariable)
	if directory == "" {
		root, err := SourceRoot()
		if err != nil {
			return "", fmt.Errorf("%w (%w)", ErrNoAssets, err)
		}
		version, err := version(root)
		if err != nil {
			return "", err
		}
		directory = filepath.Join(root, "bin", "k8s", version)
	}
	for _, name := range binaries {
		if _, err := os.Stat(filepath.Join(directory, name)); err != nil { //nolint:gosec // the user's own variable
			return "", fmt.Errorf("%w (%w)", ErrNoAssets, err)
		}
	}
	return directory, nil
}

// SourceRoot returns the root of the source tree that the working directory is in.
func SourceRoot() (string, error) {
	directory, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(directory, "hack", "controlplane", "go.mod")); err == nil {
			return directory, nil
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			return "", errors.New("not in the source tree")
		}
		directory = parent
	}
}

func version(root string) (string, error) {
	module, err := os.ReadFile(filepath.Join(root, "hack", "controlplane", "go.mod"))
	if err != nil {
		return "", err
	}
	match := kubernetesVersion.FindSubmatch(module)
	if match == nil {
		return "", errors.New("hack/controlplane/go.mod does not require k8s.io/kubernetes")
	}
	return string(match[1]), nil
}
