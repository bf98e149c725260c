package recordingexport

import "github.com/gcexport/recording-export-operator/internal/genesys"

// maxPages bounds how many pages are read: a list that never ends is an error.
const maxPages = 1000

// eachPage reads pages until the last one. read returns how many entries to skip for the next one, 0
// on the last.
func eachPage(read func(skip int) (next int, err error)) error {
	skip := 0
	for range maxPages {
		next, err := read(skip)
		if err != nil || next <= skip {
			return err
		}
		skip = next
	}
	return &genesys.Error{Op: "list", Kind: genesys.KindMalformed, Message: "the list does not end"}
}
