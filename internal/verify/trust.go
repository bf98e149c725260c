package verify

import (
	"slices"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// checkTrust compares the signatures with the keys that were given, the last seal
// with the one that is known, and checks that signing did not just end.
func (v *verifier) checkTrust() {
	signed := 0
	for _, s := range v.seals {
		switch {
		case s.signer != "":
			signed = s.number
		case !v.readsSignature(s): // whether it is signed is not known
		case len(v.options.Keys) > 0:
			v.fault(Unsigned, s.folder, "is not signed with any of the given keys")
		case signed > 0:
			v.fault(Unsigned, s.folder, "is not signed, though seal %d is", signed)
		}
	}
	v.checkUnsealed()
	v.checkKnownSeal()
}

// checkUnsealed checks that bags that are in no seal are signed if others are, or
// have to be: whoever changes such a bag would take its signature away.
func (v *verifier) checkUnsealed() {
	signs := len(v.options.Keys) > 0
	for _, s := range v.seals {
		signs = signs || s.signer != ""
	}
	for _, b := range v.bags {
		signs = signs || b.signer != ""
	}
	for _, b := range v.bags {
		if signs && v.options.Running && b.signer == "" && b.seals == 0 && b.isUnsigned {
			v.fault(Unsigned, b.folder, "is in no seal yet and is not signed, though the export signs: nothing proves its content until it is sealed")
		}
	}
}

// checkKnownSeal compares the seals with the one that is known from elsewhere.
func (v *verifier) checkKnownSeal() {
	if v.options.Seal == "" || v.isUnlisted("seals") {
		return
	}
	for _, s := range v.seals {
		if s.digest == "" && (v.isUnlisted(s.folder) || s.found[payloadManifest].unread) {
			return // it may be that one
		}
	}
	at := v.missesKnownSeal()
	last := &seal{}
	if n := len(v.seals); n > 0 {
		last = v.seals[n-1]
	}
	switch {
	case at != "" && last.number > 0 && !v.options.Running:
		v.fault(SealChain, last.sealPath(payloadManifest), "is the last seal and has SHA-256 %s, but the known seal has %s: later seals were removed, or seals were replaced", last.digest, v.options.Seal)
	case at != "":
		v.fault(SealChain, at, "the known seal, whose manifest has SHA-256 %s, is not among the %d seals of the archive: it was removed or replaced", v.options.Seal, len(v.seals))
	case !v.options.Running && last.digest != v.options.Seal:
		v.fault(SealChain, last.sealPath(payloadManifest), "is the last seal and has SHA-256 %s, but the known seal has %s and is not the last one", last.digest, v.options.Seal)
	}
}

// missesKnownSeal is where the seal should be that is known from elsewhere; empty if
// it is there.
func (v *verifier) missesKnownSeal() string {
	isKnown := func(s *seal) bool {
		return s.digest == v.options.Seal && (v.options.Number == 0 || s.number == v.options.Number)
	}
	switch {
	case slices.ContainsFunc(v.seals, isKnown):
		return ""
	case v.options.Number > 0:
		return evidence.SealFolder(v.options.Number)
	}
	return "seals"
}

// readsSignature reports whether everything could be read that says who signed a seal.
func (v *verifier) readsSignature(s *seal) bool {
	for _, name := range append([]string{evidence.AccountFile}, notListed...) {
		if s.found[name].unread || !v.wasRead(s.sealPath(name)) || v.isUnlisted(s.sealPath(name)) {
			return false
		}
	}
	return true
}
