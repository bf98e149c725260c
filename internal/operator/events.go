package operator

import (
	"github.com/gcexport/recording-export-operator/controllers/recordingexporttrigger"
	"github.com/gcexport/recording-export-operator/internal/receiver"
)

// addTriggers adds the controller of triggers and, if there is an address for it, the receiver
// of their events, which runs whether or not this replica is the leader.
func (o *operator) addTriggers() error {
	secrets := &recordingexporttrigger.Secrets{Reader: o.secrets, Clock: o.clock}
	triggers := &recordingexporttrigger.Reconciler{Publisher: o.publisher, Secrets: secrets, Clock: o.clock, Receives: o.Events.areReceived()}
	if err := triggers.SetupWithManager(o.manager); err != nil || !o.Events.areReceived() {
		return err
	}
	log := o.manager.GetLogger().WithName("receiver")
	o.receiver = receiver.NewHandler(&recordingexporttrigger.Triggers{
		Client: o.publisher.Client, Secrets: secrets,
		Collector: &recordingexporttrigger.Collector{Client: o.publisher.Client, Fresh: o.reader, Clock: o.clock},
	}, o.clock.Now, log)
	return o.manager.Add(&receiver.Server{
		Address: o.Events.Address, CertDir: o.Events.CertDir, Handler: o.receiver, Log: log, Listening: o.Events.Listening,
	})
}

// eventCounts are how many requests had which result; none without a receiver.
func (o *operator) eventCounts() []receiver.Count {
	if o.receiver == nil {
		return nil
	}
	return o.receiver.Counts()
}
