package genesys

// maxPages bounds how many pages of a list are read.
const maxPages = 1000

// EachPage reads the pages of a list until the last one. read returns how many entries to skip for the
// following page, 0 on the last one. A list that does not end is a KindMalformed error of op.
func EachPage(op string, read func(skip int) (next int, err error)) error {
	skip := 0
	for range maxPages {
		next, err := read(skip)
		if err != nil || next <= skip {
			return err
		}
		skip = next
	}
	return &Error{Op: op, Kind: KindMalformed, Message: "the list does not end"}
}
