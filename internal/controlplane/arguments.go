package controlplane

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
)

// etcdArguments have etcd listen for those alone who have a certificate of its own
// authority: whoever reads etcd reads every Secret.
func etcdArguments(state, client, peerPort string, keys pki) []string {
	peer := "https://127.0.0.1:" + peerPort
	arguments := []string{
		"--name=standalone",
		"--data-dir=" + filepath.Join(state, "etcd"),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=standalone=" + peer,
		"--enable-grpc-gateway=false",
		"--auto-compaction-mode=periodic",
		"--auto-compaction-retention=10m",
	}
	for _, side := range []string{"", "peer-"} {
		arguments = append(arguments,
			"--"+side+"cert-file="+keys.etcd.certificate(), "--"+side+"key-file="+keys.etcd.key(),
			"--"+side+"trusted-ca-file="+keys.authority(), "--"+side+"client-cert-auth=true",
		)
	}
	return arguments
}

// etcdReady asks etcd's own health check.
func etcdReady(client string, keys pki) (func(context.Context) error, error) {
	config, err := keys.clientTLS()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, client+"/readyz", nil)
		if err != nil {
			return err
		}
		asking := http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
		response, err := asking.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("etcd answers %s", response.Status)
		}
		return nil
	}, nil
}

func serverArguments(etcd, port string, keys pki) []string {
	return []string{
		"--etcd-servers=" + etcd,
		"--etcd-cafile=" + keys.authority(),
		"--etcd-certfile=" + keys.server.certificate(),
		"--etcd-keyfile=" + keys.server.key(),
		// Whoever has no token gets nothing, not even the version.
		"--anonymous-auth=false",
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
