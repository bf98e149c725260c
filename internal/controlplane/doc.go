// Package controlplane starts and stops a Kubernetes control plane of its own:
// etcd, kube-apiserver and the parts of kube-controller-manager that clean up
// after deletions. It serves one person on one machine, on loopback addresses.
//
// Its data are in a directory and survive it. Its processes do not: on Linux
// they end with the process that started them, however that ends.
package controlplane
