package report

import (
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// reasons say in plain words why something is missing or was left out.
var reasons = map[string]text{
	evidence.ReasonMediumNotRequested: "Recordings of this kind were not asked for.",
	evidence.ReasonHoldScope:          "The request left these conversations out, because of whether they are under legal hold.",
	evidence.ReasonMovedToHold:        "The conversation came under legal hold while the export ran. It is counted among the held ones instead.",
	evidence.ReasonMovedToIsolated:    "It kept failing or was not ready, and was retried apart from all others. It is counted among the isolated ones instead.",
	evidence.ReasonMovedFromHold:      "The legal hold was lifted while the export ran. The conversation is counted among those not under hold instead.",
	evidence.ReasonUnknownMedium:      "Genesys Cloud names a kind of recording that this software does not know. It was not fetched.",
	evidence.ReasonInvalidID:          "Genesys Cloud gave an identifier that is not of the usual form. It could not be asked for safely.",
	evidence.ReasonDuplicateID:        "Genesys Cloud listed the same recording more than once. It was fetched once.",
	evidence.ReasonArchived:           "Genesys Cloud has moved the file to its long-term archive. It can be exported only after it has been restored there.",
	evidence.ReasonRestorationQuota:   "The file is in the long-term archive of Genesys Cloud, and the organisation has used up its allowance of restorations.",
	evidence.ReasonNotRestored:        "The file was in the long-term archive of Genesys Cloud, and did not come back from there in time.",
	evidence.ReasonDeleted:            "Genesys Cloud says that it has deleted the file.",
	evidence.ReasonNotReady:           "Genesys Cloud was still storing or restoring the file.",
	evidence.ReasonFileError:          "Genesys Cloud reports that something is wrong with the file on its side.",
	evidence.ReasonMetadataUnreadable: "It could not be learned from Genesys Cloud in time which recordings the conversation has. How many are missing is therefore not known.",
	evidence.ReasonConversationNotFound: "Genesys Cloud listed the conversation and did not know it any more when it was asked for its recordings. " +
		"Whether it had any is not known.",
	evidence.ReasonConversationOpen: "The conversation had not ended by the latest time that the request allows.",
	evidence.ReasonRefused:          "Genesys Cloud answered the request for the recording with an error.",
	evidence.ReasonNotDelivered:     "Genesys Cloud accepted the request for the recording, which did not arrive, or not all of it.",

	evidence.ReasonConversationUnknown: "Genesys Cloud did not list the conversation when it was asked which conversations there are.",
	evidence.ReasonRecordingUnknown:    "Genesys Cloud did not list the recording when it was asked for the conversation’s recordings.",
	evidence.ReasonTooRecent:           "The conversation is too recent to be on the second list.",
	evidence.ReasonEnumerationEmpty:    "The second list was empty.",
}

// why says a reason in plain words.
func why(reason string) text {
	if says, ok := reasons[reason]; ok {
		return says
	}
	return "There are no plain words for this reason."
}

// whyDiffers says why an account and a second list differ, which may not be known.
func whyDiffers(reason string) text {
	if reason == "" {
		return "The tables do not say why."
	}
	return why(reason)
}

func differenceIn(difference evidence.Difference) text {
	switch difference {
	case evidence.NotInAccount:
		return "On the second list, not known to this account"
	case evidence.NotInSecondSource:
		return "Exported, and not on the second list"
	default:
		return clean(string(difference), longName)
	}
}

// lanes say what each lane holds.
var lanes = map[slicing.Lane]text{
	slicing.Standard:        "Not under legal hold",
	slicing.LegalHold:       "Under legal hold, without screen recordings",
	slicing.LegalHoldScreen: "Under legal hold, screen recordings",
	slicing.Isolated:        "Isolated because they kept failing or were not ready, held or not",
}

// shortLanes fit beside a picture.
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
	genesys.Email: "E-mails", genesys.Message: "Messages", "": "Of a kind that is not known",
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
	"Include": "Conversations whether under legal hold or not",
	"Exclude": "Only conversations that are not under legal hold",
	"Only":    "Only conversations that are under legal hold",
}

var archiveds = map[string]text{
	"List":    "Files in the long-term archive of Genesys Cloud are listed as missing; restoration was not requested",
	"Restore": "Files in the long-term archive of Genesys Cloud are asked to be restored, within the organisation's allowance",
}

var deliveries = map[string]text{
	"Download": "Each recording was downloaded from Genesys Cloud by this software",
}

var secondSources = map[string]text{
	"None":      "Not asked for",
	"Retention": "The list of all recordings that the organisation retains, which does not come from the same place as the list of conversations",
}

// termIn looks up the word of a term of the request.
func termIn(names map[string]text, term string) text {
	if name, ok := names[term]; ok {
		return name
	}
	return clean(term, longName)
}
