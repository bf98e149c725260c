package simulator

import (
	"net/http"
	"net/url"
	"strconv"
)

// named is NamedEntity in the Platform API.
type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// reference is AddressableEntityRef in the Platform API.
type reference struct {
	ID      string `json:"id"`
	SelfURI string `json:"selfUri"`
}

// tokenInfo is TokenInfo in the Platform API.
type tokenInfo struct {
	Organization     named       `json:"organization"`
	HomeOrganization named       `json:"homeOrganization"`
	AuthorizedScope  []string    `json:"authorizedScope"`
	OAuthClient      oauthClient `json:"OAuthClient"`
}

// oauthClient is OrgOAuthClient in the Platform API.
type oauthClient struct {
	ID                  string `json:"id"`
	Name                string `json:"name"`
	AuthorizedGrantType string `json:"authorizedGrantType"`
	State               string `json:"state"`
	Organization        named  `json:"organization"`
}

// organizationInfo is Organization in the Platform API.
type organizationInfo struct {
	ID                 string          `json:"id"`
	Name               string          `json:"name"`
	DefaultLanguage    string          `json:"defaultLanguage"`
	DefaultCountryCode string          `json:"defaultCountryCode"`
	ThirdPartyOrgName  string          `json:"thirdPartyOrgName"`
	Domain             string          `json:"domain"`
	Version            int             `json:"version"`
	State              string          `json:"state"`
	ProductPlatform    string          `json:"productPlatform"`
	Features           map[string]bool `json:"features"`
	SelfURI            string          `json:"selfUri"`
}

// tokenSelf says whose token it is, which makes it the cheapest probe.
func (s *Simulator) tokenSelf(c *call) reply {
	organization := named{s.options.OrganizationID, s.options.OrganizationName}
	return ok(tokenInfo{
		Organization:     organization,
		HomeOrganization: organization,
		AuthorizedScope:  []string{},
		OAuthClient: oauthClient{
			ID:                  c.client.id,
			Name:                c.client.name,
			AuthorizedGrantType: "CLIENT-CREDENTIALS",
			State:               "active",
			Organization:        organization,
		},
	})
}

func (s *Simulator) organization(*call) reply {
	return ok(organizationInfo{
		ID:                 s.options.OrganizationID,
		Name:               s.options.OrganizationName,
		DefaultLanguage:    "en-us",
		DefaultCountryCode: "IE",
		ThirdPartyOrgName:  "simulated",
		Domain:             "simulated",
		Version:            1,
		State:              "active",
		ProductPlatform:    "GenesysCloud",
		Features:           map[string]bool{"contactCenter": true, "purecloudVoice": true},
		SelfURI:            "/api/v2/organizations/" + s.options.OrganizationID,
	})
}

// userSelf refuses: there is no user behind client credentials.
func (s *Simulator) userSelf(*call) reply {
	return fail(http.StatusBadRequest, "not.a.user",
		"This request requires a user context. Client credentials cannot be used for requests to this resource.")
}

// limits answers the limits that the simulator keeps itself. A namespace that
// it has none of has none to list. The keys outside platform.api are unverified.
func (s *Simulator) limits(c *call) reply {
	namespace := c.PathValue("namespaceName")
	entities := []limit{}
	for _, l := range s.allLimits() {
		if l.Namespace == namespace {
			entities = append(entities, l)
		}
	}
	return ok(struct {
		Entities []limit `json:"entities"`
	}{entities})
}

func (s *Simulator) allLimits() []limit {
	return []limit{
		{"client.credentials.token.rate.per.minute", "platform.api", s.options.RequestsPerMinute},
		{"token.rate.per.minute", "platform.api", s.options.RequestsPerMinute},
		{"request.bytes.max", "platform.api", maxBody},
		{"batch.download.items.max", "recording", maxBatch},
		{"jobs.concurrent.max", "recording", maxJobs},
		{"deletion.protection.conversations.max", "recording", s.options.Limits.Protected},
		{"conversations.details.query.results.max", "analytics", s.options.Limits.SyncResults},
	}
}

// conversationURI is a conversation's own address.
func conversationURI(id string) string { return "/api/v2/conversations/" + url.PathEscape(id) }

// wholeNumber reads a whole number of at least one from the query. Absent, it is the
// fallback.
func (c *call) wholeNumber(name string, fallback int) (int, *reply) {
	text := c.URL.Query().Get(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, badValue(text, name, "whole numbers from 1")
	}
	return n, nil
}
