//go:build !unix

package archive

// nonBlocking is nothing here: other systems do not keep pipes among files.
const nonBlocking = 0
