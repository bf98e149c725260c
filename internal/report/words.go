package report

import (
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// reasons explain why something is unavailable or excluded.
var reasons = map[string]text{
	evidence.ReasonMediumNotRequested: "The request does not include recordings of this kind.",
	evidence.ReasonHoldScope:          "The request excludes these conversations because of their legal hold status.",
	evidence.ReasonOutOfScope:         "The request is limited to some conversations, and these are not among them.",
	evidence.ReasonOutsideWindow:      "The request names these conversations, but they did not start in the window.",
	evidence.ReasonMovedToHold:        "The conversation came under legal hold while the export ran. It is counted with the conversations under legal hold instead.",
	evidence.ReasonMovedToIsolated:    "It kept failing or was not ready, and was retried separately. It is counted with the isolated items instead.",
	evidence.ReasonMovedFromHold:      "The legal hold was lifted while the export ran. The conversation is counted with the conversations that are not under legal hold instead.",
	evidence.ReasonUnknownMedium:      "Genesys Cloud names a kind of recording that this software does not know. It was not fetched.",
	evidence.ReasonInvalidID:          "Genesys Cloud gave an identifier that does not have the usual form. It could not be requested safely.",
	evidence.ReasonDuplicateID:        "Genesys Cloud listed the same recording more than once. It was fetched once.",
	evidence.ReasonArchived:           "Genesys Cloud has moved the file to its long-term archive. It can be exported only after it has been restored there.",
	evidence.ReasonRestorationQuota:   "The file is in the long-term archive of Genesys Cloud, and the organisation has used up its quota of restorations.",
	evidence.ReasonNotRestored:        "The file was in the long-term archive of Genesys Cloud and was not restored in time.",
	evidence.ReasonDeleted:            "Genesys Cloud reports that it has deleted the file.",
	evidence.ReasonNotReady:           "Genesys Cloud was still storing or restoring the file.",
	evidence.ReasonFileError:          "Genesys Cloud reports an error in the file on its side.",
	evidence.ReasonMetadataUnreadable: "Genesys Cloud did not list the recordings of the conversation in time. Therefore the number of unavailable recordings is not known.",
	evidence.ReasonConversationNotFound: "Genesys Cloud does not know the conversation, though the request names it, or Genesys Cloud listed it earlier. " +
		"It is not known whether the conversation had recordings.",
	evidence.ReasonConversationOpen: "The conversation had not ended at the latest time that the request allows.",
	evidence.ReasonRefused:          "Genesys Cloud answered the request for the recording with an error.",
	evidence.ReasonNotDelivered:     "Genesys Cloud accepted the request for the recording, but delivered nothing or only a part of it.",

	evidence.ReasonConversationUnknown: "Genesys Cloud did not list the conversation when the program queried the conversations of the window.",
	evidence.ReasonRecordingUnknown:    "Genesys Cloud did not list the recording when the program queried the recordings of the conversation.",
	evidence.ReasonTooRecent:           "The conversation is too recent to be on the second list.",
	evidence.ReasonEnumerationEmpty:    "The second list was empty.",
}

// why explains a reason.
func why(reason string) text {
	if says, ok := reasons[reason]; ok {
		return says
	}
	return "This report has no explanation for this reason."
}

// whyDiffers explains why an account and a second list differ. The reason may be unknown.
func whyDiffers(reason string) text {
	if reason == "" {
		return "The tables give no reason."
	}
	return why(reason)
}

func differenceIn(difference evidence.Difference) text {
	switch difference {
	case evidence.NotInAccount:
		return "On the second list, but not in this account"
	case evidence.NotInSecondSource:
		return "Exported, but not on the second list"
	default:
		return clean(string(difference), longName)
	}
}

// lanes describe the conversations of each lane.
var lanes = map[slicing.Lane]text{
	slicing.Standard:        "Not under legal hold",
	slicing.LegalHold:       "Under legal hold, without screen recordings",
	slicing.LegalHoldScreen: "Under legal hold, screen recordings",
	slicing.Isolated:        "Isolated because they kept failing or were not ready, under legal hold or not",
}

// shortLanes fit beside the timeline.
var shortLanes = map[slicing.Lane]text{
	slicing.Standard:        "Not under hold",
	slicing.LegalHold:       "Under hold",
	slicing.LegalHoldScreen: "Under hold, screen",
	slicing.Isolated:        "Isolated",
}

func laneIn(names map[slicing.Lane]text, lane slicing.Lane) text {
	if name, ok := names[lane]; ok {
		return name
	}
	return clean(string(lane), longName)
}

var media = map[genesys.Medium]text{
	genesys.Call: "Voice calls", genesys.Screen: "Screen recordings", genesys.Chat: "Chats",
	genesys.Email: "E-mails", genesys.Message: "Messages", "": "Of unknown kind",
}

// oneOf are the same in the singular.
var oneOf = map[genesys.Medium]text{
	genesys.Call: "voice call", genesys.Screen: "screen recording", genesys.Chat: "chat",
	genesys.Email: "e-mail", genesys.Message: "message", "": "unknown kind",
}

func mediumIn(names map[genesys.Medium]text, medium genesys.Medium) text {
	if name, ok := names[medium]; ok {
		return name
	}
	return clean(string(medium), longName)
}

// scopes say which conversations were requested.
var scopes = map[string]text{
	"Include": "Conversations under legal hold and others",
	"Exclude": "Only conversations that are not under legal hold",
	"Only":    "Only conversations that are under legal hold",
}

var archiveds = map[string]text{
	"List":    "Files in the long-term archive of Genesys Cloud are listed as unavailable; restoration was not requested",
	"Restore": "The program requests the restoration of files in the long-term archive of Genesys Cloud, within the quota of the organisation",
}

var deliveries = map[string]text{
	"Download": "This software downloaded each recording from Genesys Cloud",
	"BulkJob":  "Recording bulk jobs of Genesys Cloud exported recordings into a bucket of the organisation; this software downloaded each recording that no job exported",
}

var secondSources = map[string]text{
	"None":      "Not requested",
	"Retention": "The list of all recordings that the organisation retains; it comes from another source than the list of conversations",
}

// termIn looks up the word of a term of the request.
func termIn(names map[string]text, term string) text {
	if name, ok := names[term]; ok {
		return name
	}
	return clean(term, longName)
}
