package controlplane

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
)

func etcdArguments(state, client, peerPort string) []string {
	return []string{
		"--name=standalone",
		"--data-dir=" + filepath.Join(state, "etcd"),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=http://127.0.0.1:" + peerPort,
		"--initial-advertise-peer-urls=http://127.0.0.1:" + peerPort,
		"--initial-cluster=standalone=http://127.0.0.1:" + peerPort,
		"--auto-compaction-mode=periodic",
		"--auto-compaction-retention=10m",
	}
}

// etcdReady asks etcd's own health check.
func etcdReady(client string) func(context.Context) error {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, client+"/readyz", nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("etcd answers %s", response.Status)
		}
		return nil
	}
}

func serverArguments(etcd, port string, keys pki) []string {
	return []string{
		"--etcd-servers=" + etcd,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
		"--secure-port=" + port,
		"--cert-dir=" + keys.serving(),
		"--token-auth-file=" + keys.tokens(),
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + keys.serviceAccountKey(),
		"--service-account-signing-key-file=" + keys.serviceAccountKey(),
		"--service-cluster-ip-range=10.0.0.0/24",
		// There are no Pods, and so nobody who would need a service account.
		"--disable-admission-plugins=ServiceAccount",
	}
}

// managerArguments start the controllers without which deletions would not be
// carried through: those of owned objects and of namespaces.
func managerArguments(kubeconfig string, keys pki) []string {
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--service-account-private-key-file=" + keys.serviceAccountKey(),
		"--controllers=garbage-collector-controller,namespace-controller",
		"--leader-elect=false",
		"--secure-port=0",
	}
}
