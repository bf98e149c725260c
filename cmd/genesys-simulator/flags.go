package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// errUsage says that the command line was wrong, which the user has been told.
var errUsage = errors.New("wrong command line")

const usage = `Usage: genesys-simulator [flags]

Serves a simulated Genesys Cloud organisation: the part of the Platform API that
exports of recordings use, with generated conversations, some under legal hold,
and playable media. The same flags give the same data.
GET / lists what can be changed while it runs, such as faults.

Example: a day of 200 conversations, half of them under hold, without a wait

  genesys-simulator --conversations 200 --held 0.5 --latency 0

and, from another terminal:

  curl http://127.0.0.1:8080/_simulator/dataset
  curl http://127.0.0.1:8080/
  curl -u CLIENT_ID:CLIENT_SECRET -d grant_type=client_credentials http://127.0.0.1:8080/oauth/token

Flags:
`

// settings are what the command line says.
type settings struct {
	options  simulator.Options
	listen   string
	verbose  bool
	client   simulator.Client
	archived int
	// uploading recordings, and the largest page of a details job that is not refused.
	uploading, pageLimit int
	latency              float64
}

// parse reads the command line. If it returns errUsage, it has written to
// stderr what is wrong.
func parse(args []string, getenv func(string) string, stderr io.Writer) (settings, error) {
	s := settings{options: simulator.Defaults()}
	f := flag.NewFlagSet("genesys-simulator", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprint(stderr, usage)
		f.PrintDefaults()
	}
	s.serverFlags(f)
	s.clientFlags(f, getenv)
	s.dataFlags(f)
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return s, err
	case err == nil && f.NArg() > 0:
		fmt.Fprintln(stderr, "there are no arguments but flags:", strings.Join(f.Args(), " "))
		return s, errUsage
	case err != nil:
		return s, errUsage
	}
	s.complete()
	if err := s.options.Validate(); err != nil {
		fmt.Fprintln(stderr, err)
		return s, errUsage
	}
	return s, nil
}

// serverFlags are about how the server behaves.
func (s *settings) serverFlags(f *flag.FlagSet) {
	o := &s.options
	f.StringVar(&s.listen, "listen", "127.0.0.1:8080", "`address` to listen on; port 0 takes any free one")
	f.BoolVar(&s.verbose, "verbose", false, "log every request")
	f.Float64Var(&s.latency, "latency", 1, "`factor` on every latency and delay; 0 answers at once")
	f.IntVar(&o.RequestsPerMinute, "requests-per-minute", o.RequestsPerMinute, "rate limit of a token")
	f.BoolFunc("rate-per-client", "let all tokens of an OAuth client share the rate limit", s.setRateScope)
	f.DurationVar(&o.TokenTTL, "token-ttl", o.TokenTTL, "how long a login lasts")
	f.DurationVar(&o.ResultURLTTL, "url-ttl", o.ResultURLTTL, "how long the address of a recording's media lasts")
	f.DurationVar(&o.SettleLag, "settle-lag", o.SettleLag, "how far analytics lags behind the clock")
	f.DurationVar(&o.RecordingLag, "recording-lag", o.RecordingLag, "how long after a conversation its recordings are listed")
	f.IntVar(&s.pageLimit, "page-limit", 0, "refuse pages of an analytics job that are larger than this `number` (default: cut them to 1000)")
	f.DurationVar(&o.UploadDelay, "upload-delay", 0, "how long after the start recordings that are uploading arrive (default: never)")
	f.StringVar(&o.ExportDir, "export-dir", "", "`directory` in the place of the S3 bucket, for bulk jobs (default: no file is written)")
	f.StringVar(&o.Region, "region", o.Region, "AWS region to pretend to be in")
	f.Func("quirk-held-screen-timeouts", "`on, off or auto`: metadata of screens under legal hold times out when asked\nfor too many at once, and bulk jobs that mix them fail (default auto: in eu-west-1)", s.setQuirk)
}

// clientFlags are about who may log in. The environment serves too, because
// there a secret does not show in the list of processes.
func (s *settings) clientFlags(f *flag.FlagSet, getenv func(string) string) {
	s.client = simulator.Client{
		ID:     cmp.Or(getenv("GENESYS_CLIENT_ID"), simulator.DefaultClientID),
		Secret: cmp.Or(getenv("GENESYS_CLIENT_SECRET"), simulator.DefaultClientSecret),
		Name:   "recording export",
	}
	f.Func("client-id", "`id` of the OAuth client, or GENESYS_CLIENT_ID\n(default "+simulator.DefaultClientID+")", into(&s.client.ID))
	f.Func("client-secret", "its `secret`, or GENESYS_CLIENT_SECRET\n(default "+simulator.DefaultClientSecret+")", into(&s.client.Secret))
}

// into sets a string that must not be empty and whose value -h does not show.
func into(target *string) func(string) error {
	return func(value string) error {
		if value == "" {
			return errors.New("must not be empty")
		}
		*target = value
		return nil
	}
}

// dataFlags are about what there is to export.
func (s *settings) dataFlags(f *flag.FlagSet) {
	o := &s.options
	f.Uint64Var(&o.Seed, "seed", o.Seed, "chooses the data")
	f.Func("start", "first `day` of the data, for example 2023-10-01, or today (default 2023-10-01)", s.setStart)
	f.IntVar(&o.Days, "days", o.Days, "number of days with data")
	f.IntVar(&o.Conversations, "conversations", o.Conversations, "conversations a day; from 50 on with edge cases")
	f.Float64Var(&o.HeldShare, "held", o.HeldShare, "`share` of conversations under legal hold, 0 to 1")
	f.Float64Var(&o.ScreenShare, "screens", o.ScreenShare, "`share` of conversations with screen recordings, 0 to 1")
	f.IntVar(&o.Edges.Open, "open", 0, "conversations that do not end")
	f.IntVar(&s.archived, "archived", 0, "recordings in the archive, which cannot be downloaded")
	f.IntVar(&s.uploading, "uploading", 0, "recordings that are not there yet, see -upload-delay")
	f.IntVar(&o.Edges.Sensitive, "sensitive", 0, "recordings with sensitive data")
	f.IntVar(&o.Edges.Orphans, "orphans", 0, "recordings that belong to no conversation")
	f.BoolVar(&o.Edges.HostileIDs, "hostile-ids", false, "add ids that are not UUIDs")
}

func (s *settings) setRateScope(value string) error {
	perClient, err := strconv.ParseBool(value)
	if perClient {
		s.options.RateScope = simulator.PerClient
	}
	return err
}

func (s *settings) setQuirk(value string) error {
	quirks := map[string]simulator.Quirk{
		"auto": simulator.QuirkByRegion, "on": simulator.QuirkOn, "off": simulator.QuirkOff,
	}
	quirk, known := quirks[value]
	if !known {
		return errors.New("must be on, off or auto")
	}
	s.options.HeldScreenTimeouts = quirk
	return nil
}

func (s *settings) setStart(value string) error {
	if value == "today" {
		s.options.Start = time.Now().UTC().Truncate(24 * time.Hour)
		return nil
	}
	start, err := time.Parse(time.DateOnly, value)
	s.options.Start = start
	return err
}

// complete turns what several flags say into options.
func (s *settings) complete() {
	o := &s.options
	o.Clients = []simulator.Client{s.client}
	o.Edges.FileStates = map[simulator.FileState]int{simulator.Archived: s.archived, simulator.Uploading: s.uploading}
	if s.pageLimit != 0 {
		o.Limits.AsyncPageSize, o.Limits.RefuseLargePages = s.pageLimit, true
	}
	*o = slowed(*o, s.latency)
}

// slowed multiplies every latency and delay. It does not change how fresh data
// are, or how long logins and addresses last.
func slowed(o simulator.Options, factor float64) simulator.Options {
	l := &o.Latency
	for _, d := range []*time.Duration{
		&l.Login, &l.Analytics, &l.Metadata, &l.HeldScreenMetadata, &l.HeldScreenTimeout,
		&l.Protection, &l.Batch, &l.Media, &l.Other,
		&o.AnalyticsDelay, &o.BatchDelay, &o.JobDelay, &o.ExportDelay, &o.TranscodeDelay, &o.RestoreDelay, &o.AuditDelay,
	} {
		*d = time.Duration(float64(*d) * factor)
	}
	return o
}
