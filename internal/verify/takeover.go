package verify

import (
	"slices"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// checkTakeOvers compares what a seal's account says of take-overs of the archive
// with export.json, the seal before and its own log, whose are told.
func (v *verifier) checkTakeOvers(s *seal, told []evidence.TakeOver) {
	if !s.told {
		return
	}
	at, all := s.sealPath(evidence.AccountFile), s.account.TakenOver
	owner := s.account.Export.ClusterID
	for i, t := range all {
		if t.From != owner {
			v.fault(Contradiction, at, "lists take-over %d from cluster %s, but the archive belonged to cluster %s then", i+1, cut(t.From), cut(owner))
		}
		owner = t.To
	}
	before, known := v.takenOverBefore(s)
	if !known {
		before = all[:max(0, len(all)-len(told))]
	}
	if !slices.EqualFunc(all, append(slices.Clone(before), told...), sameTakeOver) {
		v.fault(Contradiction, at, "lists %d take-overs of the archive, but the previous seal has %d and the log of this seal %d", len(all), len(before), len(told))
	}
}

// takenOverBefore lists the take-overs that the seal before reports, if that could
// be read.
func (v *verifier) takenOverBefore(s *seal) (all []evidence.TakeOver, known bool) {
	if s.number == 1 {
		return nil, true
	}
	if len(v.seals) == 0 {
		return nil, false
	}
	before := v.seals[len(v.seals)-1]
	return before.account.TakenOver, before.told && before.number == s.number-1
}

func sameTakeOver(a, b evidence.TakeOver) bool {
	return a.From == b.From && a.To == b.To && a.At.Equal(b.At)
}
