package recordingexporttrigger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/events"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/receiver"
)

const (
	// secretKey is the key of a signing secret in its Secret.
	secretKey = "secret"
	// Bounds of a signing secret, in bytes.
	minSecret, maxSecret = 32, 1024
)

// Secrets reads the signing secrets of triggers. It keeps them for some seconds, so that
// requests that nobody signed do not become requests to the API server.
type Secrets struct {
	Reader client.Reader
	Clock  clock.PassiveClock

	mu    sync.Mutex
	known map[string]signingSecrets
	reads singleflight.Group
}

// secretsLifetime is how long secrets are kept.
const secretsLifetime = 10 * time.Second

// signingSecrets are those of a trigger that could be read, and why others could not.
type signingSecrets struct {
	secrets [][]byte
	err     error
	read    time.Time
}

// of returns the secrets of a trigger that can be used. The error says why others cannot.
func (s *Secrets) of(ctx context.Context, trigger *v1alpha1.RecordingExportTrigger) ([][]byte, error) {
	key := trigger.Namespace + "/" + trigger.Name + " " + revision(trigger)
	s.mu.Lock()
	found, isKnown := s.known[key]
	s.mu.Unlock()
	if isKnown && s.Clock.Since(found.read) < secretsLifetime {
		return found.secrets, found.err
	}
	shared, _, _ := s.reads.Do(key, func() (any, error) {
		secrets, err := s.read(context.WithoutCancel(ctx), trigger)
		fresh := signingSecrets{secrets, err, s.Clock.Now()}
		s.keep(key, fresh)
		return fresh, nil
	})
	fresh, _ := shared.(signingSecrets)
	return fresh.secrets, fresh.err
}

// keep keeps secrets, and forgets all that are too old.
func (s *Secrets) keep(key string, fresh signingSecrets) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]signingSecrets{}
	}
	for other, known := range s.known {
		if s.Clock.Since(known.read) >= secretsLifetime {
			delete(s.known, other)
		}
	}
	s.known[key] = fresh
}

// readTimeout bounds how long reading the secrets of a trigger may take.
const readTimeout = 10 * time.Second

func (s *Secrets) read(ctx context.Context, trigger *v1alpha1.RecordingExportTrigger) (secrets [][]byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	var failed []error
	for _, ref := range trigger.Spec.SecretRefs {
		secret, err := s.one(ctx, types.NamespacedName{Namespace: trigger.Namespace, Name: ref.Name})
		if err != nil {
			failed = append(failed, err)
			continue
		}
		secrets = append(secrets, secret)
	}
	return secrets, errors.Join(failed...)
}

// one reads a signing secret.
func (s *Secrets) one(ctx context.Context, name types.NamespacedName) ([]byte, error) {
	var secret corev1.Secret
	if err := s.Reader.Get(ctx, name, &secret); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, outcome.UserError{Reason: v1alpha1.ReasonSecretNotFound, Message: fmt.Sprintf("create the Secret %q with the key %q", name.Name, secretKey)}
		}
		return nil, err
	}
	value, found := secret.Data[secretKey]
	switch {
	case !found:
		return nil, outcome.UserError{Reason: v1alpha1.ReasonSecretIncomplete, Message: fmt.Sprintf("add the key %q to the Secret %q", secretKey, name.Name)}
	case len(value) < minSecret || len(value) > maxSecret:
		return nil, outcome.UserError{Reason: v1alpha1.ReasonSecretInvalid, Message: fmt.Sprintf(
			"put %d to %d random bytes into the key %q of the Secret %q, for example: openssl rand -hex 32", minSecret, maxSecret, secretKey, name.Name)}
	}
	return value, nil
}

// Triggers are the triggers of the API server, as the receiver needs them.
type Triggers struct {
	// Client reads from the cache.
	Client    client.Client
	Secrets   *Secrets
	Collector *Collector
}

// Find returns a trigger, or receiver.ErrUnknown.
func (t *Triggers) Find(ctx context.Context, name receiver.Name) (receiver.Trigger, error) {
	trigger := &v1alpha1.RecordingExportTrigger{}
	err := t.Client.Get(ctx, types.NamespacedName(name), trigger)
	if apierrors.IsNotFound(err) || err == nil && !trigger.DeletionTimestamp.IsZero() {
		return receiver.Trigger{}, receiver.ErrUnknown
	}
	if err != nil {
		return receiver.Trigger{}, err
	}
	secrets, err := t.Secrets.of(ctx, trigger)
	if len(secrets) == 0 {
		return receiver.Trigger{}, fmt.Errorf("read the signing secrets: %w", err)
	}
	found := receiver.Trigger{
		Name: name, Secrets: secrets, EventsPerMinute: int(max(trigger.Spec.RateLimit.EventsPerMinute, 1)),
		Wants: func(e events.Event) bool { return wants(trigger.Spec.Filter, e) },
	}
	var organization v1alpha1.GenesysOrganization
	err = t.Client.Get(ctx, types.NamespacedName{Namespace: name.Namespace, Name: trigger.Spec.Template.OrganizationRef.Name}, &organization)
	if err == nil && organization.Status.Organization != nil {
		found.OrganizationID = strings.ToLower(organization.Status.Organization.ID)
	}
	return found, client.IgnoreNotFound(err)
}

// Accept returns once an export has the event's conversation.
func (t *Triggers) Accept(ctx context.Context, name receiver.Name, delivery receiver.Delivery) (receiver.Receipt, error) {
	return t.Collector.Accept(ctx, types.NamespacedName(name), delivery)
}

// wants reports whether a filter does not ignore an event.
func wants(filter v1alpha1.EventFilter, event events.Event) bool {
	if filter.LegalHold == v1alpha1.FilterHoldOnly && event.LegalHold != nil && !*event.LegalHold {
		return false
	}
	return len(filter.MediaTypes) == 0 || event.Medium == "" || slices.Contains(filter.MediaTypes, v1alpha1.Medium(event.Medium))
}
