package loop

import "sigs.k8s.io/controller-runtime/pkg/client"

// maxToken is how much of a request's annotation is kept, in bytes.
const maxToken = 256

// Request returns the value of an annotation that requests something, and whether it differs
// from the last value that was handled.
func Request(obj client.Object, annotation, last string) (token string, isNew bool) {
	token = cut(obj.GetAnnotations()[annotation], maxToken)
	return token, token != "" && token != last
}
