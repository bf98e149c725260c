package story

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// TestLeastPrivilege runs an export with no more rights than config/default
// gives to the manager, in a namespace that opts in step by step: each message
// names the Secret and the command, and what is granted is used without a restart.
func TestLeastPrivilege(t *testing.T) {
	w := newStory(t, nil)
	w.Deploy("default")
	w.Create(w.Secret(simulator.DefaultClientSecret))
	organization, destination, export := w.Organization(), w.signed(func(s *v1alpha1.Signing) { s.Create = true }), w.Export(nil)
	w.Create(organization)
	w.Create(destination)
	w.Create(export)
	w.Start()
	w.Await(organization, v1alpha1.ReasonSecretAccessDenied)
	w.says(organization, `let the manager get the Secret "genesys-oauth" in the namespace "`+w.Namespace+`"`,
		"kubectl create role recording-export-get-genesys-oauth -n "+w.Namespace+" --verb=get --resource=secrets --resource-name=genesys-oauth",
		"--serviceaccount=recording-export-system:recording-export-manager")
	w.Await(destination, v1alpha1.ReasonSecretAccessDenied)

	w.OptIn("secrets")
	w.Await(organization, v1alpha1.ReasonLoggedIn)
	w.says(destination, `the Secret "signing"`)
	w.OptIn("signing-create")
	w.Await(export, v1alpha1.ReasonComplete)
	w.expectEvents(export, v1alpha1.ReasonComplete)
	w.expectMadeOnce(destination)
}

// TestATokenIsNoCredential: a tenant cannot have the operator read the token of a
// ServiceAccount, or anything else that is not Opaque.
func TestATokenIsNoCredential(t *testing.T) {
	w := newStory(t, nil)
	secret := w.Secret(simulator.DefaultClientSecret)
	secret.Type = "example.com/other"
	organization := w.Organization()
	w.Create(secret)
	w.Create(organization)
	w.Start()
	w.Await(organization, v1alpha1.ReasonSecretTypeRefused)
	w.says(organization, "it has type example.com/other")
	secret = w.Secret(simulator.DefaultClientSecret)
	w.Delete(&corev1.Secret{ObjectMeta: secret.ObjectMeta})
	secret.ResourceVersion = ""
	w.Create(secret)
	w.Await(organization, v1alpha1.ReasonLoggedIn)
}
