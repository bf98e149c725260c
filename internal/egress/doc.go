// Package egress limits where the operator connects to over the network: which addresses, for
// which purpose, and through which connections.
//
// Addresses come from people who write manifests (spec.endpoint) and from Genesys Cloud itself
// (the signed URLs of recordings). Neither may make the manager connect to services that only
// the manager can reach: the metadata service of a cloud, a database of the cluster, a port of
// the node. So the manager connects only to public addresses over https, and to the addresses
// on the list that it was started with ([List]). It checks the address when it connects, after
// it has resolved the name: a name that resolves to another address a moment later gains
// nothing.
package egress
