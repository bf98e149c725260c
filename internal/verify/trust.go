package verify

import "github.com/gcexport/recording-export-operator/internal/evidence"

// checkTrust holds the signatures against the keys that were given, the last seal
// against the one that is known, and sees to it that signing did not just end.
func (v *verifier) checkTrust() {
	signed := 0
	for _, s := range v.seals {
		switch {
		case s.signer != "":
			signed = s.number
		case !v.readsSignature(s): // whether it is signed is not known
		case len(v.options.Keys) > 0:
			v.fault(Unsigned, s.folder, "is not signed by any of the keys that were given")
		case signed > 0:
			v.fault(Unsigned, s.folder, "is not signed, though seal %d is", signed)
		}
	}
	if v.options.Seal == "" || len(v.seals) == 0 {
		return
	}
	if last := v.seals[len(v.seals)-1]; last.digest != v.options.Seal && last.digest != "" {
		v.fault(SealChain, last.at(payloadManifest), "is the last seal and has SHA-256 %s, the one that is known has %s: later seals were taken away, or others put in", last.digest, v.options.Seal)
	}
}

// readsSignature tells whether everything could be read that says who signed a seal.
func (v *verifier) readsSignature(s *seal) bool {
	for _, name := range append([]string{evidence.AccountFile}, notListed...) {
		if s.found[name].unread || !v.wasRead(s.at(name)) || v.isUnlisted(s.at(name)) {
			return false
		}
	}
	return true
}
