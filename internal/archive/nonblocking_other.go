//go:build !unix

package archive

// dontWait is for pipes, which other systems do not keep among files.
const dontWait = 0
