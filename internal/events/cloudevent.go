package events

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	cloudevents "github.com/cloudevents/sdk-go/v2/protocol/http"
)

const (
	// structuredType is the type of a CloudEvent in structured mode: the body has its attributes, too.
	structuredType = event.ApplicationCloudEventsJSON
	// versionHeader is in the header of a CloudEvent in binary mode: the header has its attributes.
	versionHeader = "Ce-Specversion"
	// organizationExtension is the extension attribute that names the organisation.
	organizationExtension = "organizationid"
)

// readCloudEvent reads a CloudEvent in either mode. Its data names the conversation.
func readCloudEvent(header http.Header, body []byte) (Event, error) {
	message := cloudevents.NewMessage(header, io.NopCloser(bytes.NewReader(body)))
	received, err := binding.ToEvent(context.Background(), message) //nolint:forbidigo // it reads memory, so nothing can end it
	if err != nil {
		return Event{}, malformed("the request is not a CloudEvent")
	}
	if received.SpecVersion() != event.CloudEventsVersionV1 || received.Validate() != nil {
		return Event{}, malformed("the request is not a valid CloudEvent of version 1.0")
	}
	var data facts
	if err := json.Unmarshal(received.Data(), &data); err != nil {
		return Event{}, malformed("the data of the CloudEvent are not a JSON object that names a conversation")
	}
	organization, _ := received.Extensions()[organizationExtension].(string)
	if data.OrganizationID == "" && data.OrganizationIDSnake == "" {
		data.OrganizationID = organization
	} else if organization != "" && !strings.EqualFold(organization, data.OrganizationID+data.OrganizationIDSnake) {
		return Event{}, malformed("the event names two organisations")
	}
	return data.event(received.ID(), received.Source(), received.Time())
}
