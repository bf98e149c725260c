package main

import (
	"errors"
	"flag"
	"os"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/verify"
)

// addTrustFlags adds the flags that say what the archive must match: the key, the last seal and
// the export that the user knows.
func addTrustFlags(flags *flag.FlagSet, options *verify.Options) {
	flags.Func("key", "`file` with the public key (PEM) that seals must be signed with; can be given more than once", func(name string) error {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		key, err := verify.ParseKey(text)
		options.Keys = append(options.Keys, key)
		return err
	})
	flags.StringVar(&options.Seal, "seal", "", "`SHA-256` of the last seal's manifest, from the export's status or an earlier verification")
	flags.BoolVar(&options.Running, "running", false, "the export is still running: do not report unsealed bags, and accept any seal of the export in --seal")
	flags.Func("export", "`NAMESPACE/NAME` of the export that the archive must belong to (default the name of the archive's folder, in any namespace)", func(text string) error {
		var ok bool
		options.Namespace, options.Name, ok = strings.Cut(text, "/")
		if !ok || options.Namespace == "" || options.Name == "" || strings.Contains(options.Name, "/") {
			return errors.New("must be NAMESPACE/NAME")
		}
		return nil
	})
}
