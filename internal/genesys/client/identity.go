package client

import (
	"context"

	"github.com/mypurecloud/platform-client-sdk-go/v133/platformclientv2"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// WhoAmI tells which organisation and OAuth client the credentials belong to
// (GET tokens/me, no permission needed). It logs in if there is no valid token,
// and is the cheapest request that opens the budget.
func (c *Client) WhoAmI(ctx context.Context) (genesys.Identity, error) {
	const op = "read who we are"
	var body struct {
		Organization struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"organization"`
		OAuthClient struct {
			Name string `json:"name"`
		} `json:"OAuthClient"`
	}
	got, err := c.askObject(ctx, op, &body, func(sdk *platformclientv2.Configuration) error {
		_, _, err := platformclientv2.NewTokensApiWithConfig(sdk).GetTokensMe(true)
		return err
	})
	if err != nil {
		return genesys.Identity{}, err
	}
	if body.Organization.ID == "" {
		return genesys.Identity{}, got.lacking(op, "organization id")
	}
	return genesys.Identity{
		OrganizationID:   body.Organization.ID,
		OrganizationName: body.Organization.Name,
		ClientName:       body.OAuthClient.Name,
	}, nil
}
