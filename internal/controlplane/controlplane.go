package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// ErrInUse is the error for a state directory that another process uses.
var ErrInUse = errors.New("the state directory is in use by another process")

// ControlPlane is a running control plane.
type ControlPlane struct {
	// Config reaches it, as an administrator.
	Config *rest.Config
	// Kubeconfig is the path of a file that reaches it too, for kubectl.
	Kubeconfig string
	// Kubectl is the path of a kubectl of the same version.
	Kubectl string

	lock      *os.File
	processes []*process
	failed    chan error
}

// Start starts a control plane from the binaries in assets. Its data are in
// state, which is locked: the error is ErrInUse if another process uses it.
// ctx bounds the start alone; Stop ends what was started.
func Start(ctx context.Context, assets, state string) (plane *ControlPlane, err error) {
	state, err = filepath.Abs(state)
	if err != nil {
		return nil, err
	}
	if err := keepPrivate(state); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(state, "logs"), 0o700); err != nil {
		return nil, err
	}
	plane = &ControlPlane{Kubeconfig: filepath.Join(state, "kubeconfig"), Kubectl: filepath.Join(assets, "kubectl"), failed: make(chan error, 1)}
	if plane.lock, err = lock(filepath.Join(state, "lock")); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, plane.Stop())
			plane = nil
		}
	}()
	keys, err := newPKI(filepath.Join(state, "pki"))
	if err != nil {
		return plane, fmt.Errorf("make keys: %w", err)
	}
	return plane, plane.launch(ctx, assets, state, keys)
}

// lock takes the state directory for this process, for as long as it lives.
func lock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = fmt.Errorf("%w: %s", ErrInUse, filepath.Dir(path))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// launch starts the processes, each once the one before is ready.
func (c *ControlPlane) launch(ctx context.Context, assets, state string, keys pki) error {
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	etcd := "https://127.0.0.1:" + ports[0]
	ready, err := etcdReady(etcd, keys)
	if err != nil {
		return err
	}
	if err := c.run(ctx, filepath.Join(assets, "etcd"), state, ready, etcdArguments(state, etcd, ports[1], keys)...); err != nil {
		return err
	}
	server := "https://127.0.0.1:" + ports[2]
	if err := c.connect(server, keys); err != nil {
		return err
	}
	if err := c.run(ctx, filepath.Join(assets, "kube-apiserver"), state, c.serverReady, serverArguments(etcd, ports[2], keys)...); err != nil {
		return err
	}
	if err := c.writeKubeconfig(); err != nil {
		return err
	}
	started := func(context.Context) error { return nil }
	return c.run(ctx, filepath.Join(assets, "kube-controller-manager"), state, started, managerArguments(c.Kubeconfig, keys)...)
}

// run starts a process, waits until it is ready, and watches over it.
func (c *ControlPlane) run(ctx context.Context, binary, state string, ready func(context.Context) error, args ...string) error {
	p, err := start(binary, filepath.Join(state, "logs"), args...)
	if err != nil {
		return err
	}
	c.processes = append(c.processes, p)
	if err := p.await(ctx, ready); err != nil {
		return err
	}
	go func() {
		<-p.ended
		select {
		case c.failed <- p.failure():
		default:
		}
	}()
	return nil
}

// Failed reports the first process that ended without being stopped.
func (c *ControlPlane) Failed() <-chan error { return c.failed }

// connect makes the configuration for clients. The certificate is there once
// kube-apiserver has started.
func (c *ControlPlane) connect(server string, keys pki) error {
	token, err := keys.token()
	if err != nil {
		return err
	}
	c.Config = &rest.Config{
		Host: server, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAFile: keys.certificate()},
		// No limit on our side; the API server has its own. The default is 5 requests a second.
		QPS: -1,
	}
	return nil
}

func (c *ControlPlane) serverReady(ctx context.Context) error {
	client, err := discovery.NewDiscoveryClientForConfig(c.Config)
	if err != nil {
		return err
	}
	return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}

func (c *ControlPlane) writeKubeconfig() error {
	config := clientcmdapi.NewConfig()
	certificate, err := os.ReadFile(c.Config.CAFile)
	if err != nil {
		return err
	}
	config.Clusters["standalone"] = &clientcmdapi.Cluster{Server: c.Config.Host, CertificateAuthorityData: certificate}
	config.AuthInfos["admin"] = &clientcmdapi.AuthInfo{Token: c.Config.BearerToken}
	config.Contexts["standalone"] = &clientcmdapi.Context{Cluster: "standalone", AuthInfo: "admin"}
	config.CurrentContext = "standalone"
	// A file that is there keeps its rights when it is written.
	if err := os.Remove(c.Kubeconfig); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return clientcmd.WriteToFile(*config, c.Kubeconfig)
}

// Stop ends all processes, the last one started first, and unlocks the state
// directory.
func (c *ControlPlane) Stop() error {
	var failed []error
	for _, p := range slices.Backward(c.processes) {
		failed = append(failed, p.stop())
	}
	c.processes = nil
	return errors.Join(append(failed, c.lock.Close())...)
}

// freePorts returns ports that were free a moment ago.
func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
		if err != nil {
			return nil, err
		}
		defer func() { _ = listener.Close() }()
		ports = append(ports, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)) //nolint:forcetypeassert // a TCP listener's address
	}
	return ports, nil
}
