package client

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Integrations reads a page of the organisation's integrations of every type, of up to 100:
// the Platform API cannot list those of one type. Pages are those of Orphans.
func (c *Client) Integrations(ctx context.Context, skip int) (genesys.IntegrationPage, error) {
	page, err := numberedListing[genesys.Integration]{
		op: opIntegrations, path: "/api/v2/integrations", sizes: &c.pages.integrations, read: readIntegration,
	}.page(ctx, c, skip)
	return genesys.IntegrationPage{Integrations: page.entries, Next: page.next}, err
}

// readIntegration decodes one integration. It may leave out everything but its id.
func readIntegration(in *json.Decoder) (genesys.Integration, error) {
	var body struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Type struct {
			ID string `json:"id"`
		} `json:"integrationType"`
		Intended string `json:"intendedState"`
		Reported struct {
			Code   string `json:"code"`
			Detail struct {
				Message string `json:"message"`
			} `json:"detail"`
		} `json:"reportedState"`
	}
	if err := in.Decode(&body); err != nil {
		return genesys.Integration{}, err
	}
	if body.ID == "" {
		return genesys.Integration{}, errors.New("an integration without id")
	}
	return genesys.Integration{
		ID: cut(body.ID, maxWord), Name: clean(body.Name, maxWord), Type: clean(body.Type.ID, maxWord), Intended: clean(body.Intended, maxWord),
		State: genesys.IntegrationState(clean(body.Reported.Code, maxWord)), Detail: clean(body.Reported.Detail.Message, maxMessage),
	}, nil
}
