// Package egress bounds what the operator reaches over the network: which
// addresses, for which purpose, and through which connections.
//
// Addresses come from people who write manifests (spec.endpoint) and from Genesys
// Cloud itself (the signed URLs of recordings). Neither may have the manager ask
// what only the manager can reach: the metadata service of a cloud, a database of
// the cluster, a port of the node. So a connection is made only to a public
// address over https, and to the addresses on the list that the manager was
// started with ([List]). The address is judged when the connection is made, after
// the name was resolved: a name that resolves to something else a moment later
// gains nothing.
package egress
