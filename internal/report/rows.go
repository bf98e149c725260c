package report

import "github.com/gcexport/recording-export-operator/internal/evidence"

type fact struct{ Name, Value text }

type recordingRow struct {
	Lane, Medium text
	evidence.Counts
}

type check struct {
	Says        text
	Left, Right amount
	IsEqual     bool
}

type reasonRow struct {
	Reason, Why               text
	Recordings, Conversations amount
}

type missingRow struct {
	Start, Conversation, Recording, What, Why, Reason, Detail, Bag text
	// Said reports whether Genesys Cloud said the detail: what it did not say must not
	// be quoted.
	Said bool
}

type holdRow struct{ Conversation, Start, AtSurvey, BeforeTransfer, AtSealing, Bag text }

type eventRow struct{ At, What text }

type takeOverRow struct{ At, From, To text }

// keyChangeRow reports another key than the one of the seal before.
type keyChangeRow struct{ At, From, To text }

type laneRow struct {
	Lane, Size               text
	Bags, Files, Bytes, Gaps amount
}

type second struct {
	Source, At text
	evidence.SecondSource
	Differences []differenceRow
	Unknown     []unknownRow
	UnknownMore int64
}

type differenceRow struct {
	Difference, Why, Reason text
	Recordings              amount
}

type unknownRow struct {
	Conversation, Recording, Created, Why text
	Seal                                  amount
}

type sealRow struct {
	Number amount
	Digest text
}

type bagRow struct {
	Name, Lane, Start, End, Digest text
	evidence.Counts
	Gaps amount
}
