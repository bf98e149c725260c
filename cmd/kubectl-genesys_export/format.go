package main

import (
	"errors"
	"flag"
)

// format is the flag -o.
type format string

func (f *format) add(flags *flag.FlagSet) {
	flags.Func("o", "`format`: text or json (default text)", func(value string) error {
		if value != "text" && value != "json" {
			return errors.New("must be text or json")
		}
		*f = format(value)
		return nil
	})
}
