package simulator

// Client is an OAuth client with the client-credentials grant.
type Client struct {
	ID     string
	Secret string
	// Name is what tokens/me calls it; empty is allowed.
	Name string
	// Permissions that the client has. Nil means all that any route asks for, see
	// AllPermissions; an empty slice means none.
	Permissions []string
}

// The permissions that routes ask for.
const (
	permAnalytics        = "analytics:conversationDetail:view"
	permAgentAnalytics   = "analytics:agentConversationDetail:view"
	permRecording        = "recording:recording:view"
	permSegment          = "recording:recordingSegment:view"
	permSensitive        = "recording:recording:viewSensitiveData"
	permEditRetention    = "recording:recording:editRetention"
	permEditScreen       = "recording:screenRecording:editRetention"
	permJobAdd           = "recording:job:add"
	permJobView          = "recording:job:view"
	permJobEdit          = "recording:job:edit"
	permJobDelete        = "recording:job:delete"
	permApplyProtection  = "recording:deletionProtection:apply"
	permRevokeProtection = "recording:deletionProtection:revoke"
	permAudit            = "audits:interactionDetails:view"
	permOrphans          = "recording:orphan:view"
	permIntegration      = "integrations:integration:view"
)

// AllPermissions returns every permission that a route of the simulator asks
// for, in Genesys Cloud's own names.
func AllPermissions() []string {
	return []string{
		permAnalytics, permAgentAnalytics, permRecording, permSegment, permSensitive,
		permEditRetention, permEditScreen, permJobAdd, permJobView, permJobEdit, permJobDelete,
		permApplyProtection, permRevokeProtection, permAudit, permIntegration, permOrphans,
	}
}

// client is a Client at run time. Simulator.mu guards it.
type client struct {
	id, name, secret string
	permissions      map[string]bool
}

func newClients(configured []Client) map[string]*client {
	clients := map[string]*client{}
	for _, c := range configured {
		granted := c.Permissions
		if granted == nil {
			granted = AllPermissions()
		}
		permissions := map[string]bool{}
		for _, p := range granted {
			permissions[p] = true
		}
		clients[c.ID] = &client{id: c.ID, name: c.Name, secret: c.Secret, permissions: permissions}
	}
	return clients
}

// demand is what a route asks of a client's permissions: each one, or at least
// one of them. The zero value asks nothing.
type demand struct {
	permissions []string
	any         bool
}

func all(permissions ...string) demand   { return demand{permissions: permissions} }
func anyOf(permissions ...string) demand { return demand{permissions: permissions, any: true} }

// missing returns the permissions that the client would have to be given.
func (d demand) missing(granted map[string]bool) []string {
	var missing []string
	for _, p := range d.permissions {
		if !granted[p] {
			missing = append(missing, p)
		}
	}
	if d.any && len(missing) < len(d.permissions) {
		return nil
	}
	return missing
}
