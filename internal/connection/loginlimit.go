package connection

import (
	"maps"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// loginsPerMinute is how many logins a GenesysOrganization may make in a minute, and at
// once: more than the 16 clients that it may have. Someone who keeps changing an object
// must not cause Genesys Cloud to refuse the logins of everybody.
const loginsPerMinute = 20

// errTooManyLogins is why a client does not log in now. The client itself works.
var errTooManyLogins = &genesys.Error{
	Op: "log in", Kind: genesys.KindThrottled, Message: "this GenesysOrganization has logged in too often within a minute",
}

// allowLogin counts a login of a GenesysOrganization, and tells whether there may be one.
// The count survives the object for up to a minute, so that deleting and creating it again
// does not allow more logins.
func (c *Connections) allowLogin(organization types.NamespacedName) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Clock.Now()
	maps.DeleteFunc(c.loginLimits, func(_ types.NamespacedName, l *rate.Limiter) bool { return l.TokensAt(now) >= loginsPerMinute })
	l := c.loginLimits[organization]
	if l == nil {
		if c.loginLimits == nil {
			c.loginLimits = map[types.NamespacedName]*rate.Limiter{}
		}
		l = rate.NewLimiter(rate.Every(time.Minute/loginsPerMinute), loginsPerMinute)
		c.loginLimits[organization] = l
	}
	return l.AllowN(now, 1)
}
