// Package controlplane starts and stops a Kubernetes control plane of its own:
// etcd, kube-apiserver and the parts of kube-controller-manager that clean up
// after deletions. It serves one person on one machine, on loopback addresses.
//
// Nobody else on that machine gets anything from it, though its ports are open to
// all: etcd listens for those alone whom a certificate authority has certified that
// exists only at the start, kube-apiserver answers nothing without the token, and
// the controllers listen nowhere. The directory with its data, which contain every
// Secret, is closed to others, and refused if others could have written into it.
//
// Its data are in a directory and survive it. Its processes do not: on Linux
// they end with the process that started them, however that ends.
package controlplane
