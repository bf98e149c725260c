//go:build !failpoints

package operator

import "sigs.k8s.io/controller-runtime/pkg/client"

// writer is what the controllers write to the API server with.
func writer(c client.Client) client.Client { return c }
