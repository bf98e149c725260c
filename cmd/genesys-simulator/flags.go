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

// errUsage tells that the command line is wrong, and that the error was printed.
var errUsage = errors.New("wrong command line")

const usage = `Usage: genesys-simulator [flags]

Serves a simulated Genesys Cloud organisation: the part of the Platform API that
recording exports use, with generated conversations, some under legal hold, and
playable media. The same flags give the same data.
GET / lists what you can change while it runs, for example faults.

Example: a day with 200 conversations, half of them under legal hold, without delays

  genesys-simulator --conversations 200 --held 0.5 --latency 0

and, from another terminal:

  curl http://127.0.0.1:8080/_simulator/dataset
  curl http://127.0.0.1:8080/
  curl -u CLIENT_ID:CLIENT_SECRET -d grant_type=client_credentials http://127.0.0.1:8080/oauth/token

Flags:
`

// settings are the values of the flags.
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

// parse parses the command line. If it returns errUsage, it has printed the error to stderr.
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
		fmt.Fprintln(stderr, "unexpected arguments:", strings.Join(f.Args(), " "))
		return s, errUsage
	case err != nil:
		return s, errUsage
	}
	s.complete(getenv)
	if err := s.options.Validate(); err != nil {
		fmt.Fprintln(stderr, err)
		return s, errUsage
	}
	return s, nil
}

// serverFlags adds the flags for the behaviour of the server.
func (s *settings) serverFlags(f *flag.FlagSet) {
	o := &s.options
	f.StringVar(&s.listen, "listen", "127.0.0.1:8080", "`address` to listen on; port 0 takes any free one")
	f.BoolVar(&s.verbose, "verbose", false, "log every request")
	f.Float64Var(&s.latency, "latency", 1, "`factor` by which every latency and delay is multiplied; 0 means no delays")
	f.IntVar(&o.RequestsPerMinute, "requests-per-minute", o.RequestsPerMinute, "requests per minute that each token may make")
	f.BoolFunc("rate-per-client", "let all tokens of an OAuth client share the rate limit", s.setRateScope)
	f.DurationVar(&o.TokenTTL, "token-ttl", o.TokenTTL, "how long a token is valid")
	f.DurationVar(&o.ResultURLTTL, "url-ttl", o.ResultURLTTL, "how long the URL of a recording's media works")
	f.DurationVar(&o.SettleLag, "settle-lag", o.SettleLag, "how far analytics lags behind the clock")
	f.DurationVar(&o.RecordingLag, "recording-lag", o.RecordingLag, "how long after the end of a conversation its recordings are listed")
	f.IntVar(&s.pageLimit, "page-limit", 0, "refuse pages of an analytics job that are larger than this `number` (default: cut them to 1000)")
	f.DurationVar(&o.UploadDelay, "upload-delay", 0, "how long after the start uploading recordings arrive (default: never)")
	f.StringVar(&o.ExportDir, "export-dir", "", "`directory` that bulk jobs write to instead of an S3 bucket (default: bulk jobs write no files)")
	f.StringVar(&o.ExportBucket.Endpoint, "export-endpoint", "", "`URL` of the S3 server with the bucket that bulk jobs write to, for example http://127.0.0.1:9000")
	f.StringVar(&o.ExportBucket.Name, "export-bucket", "", "`name` of that bucket; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are who writes")
	f.StringVar(&o.ExportBucket.Region, "export-region", "", "region of that bucket (default us-east-1)")
	f.StringVar(&o.Region, "region", o.Region, "simulated AWS region")
	f.Func("quirk-held-screen-timeouts", "`on, off or auto`: metadata of screen recordings under legal hold times out if too many are\nrequested at once, and bulk jobs that include them fail (default auto: on in eu-west-1)", s.setQuirk)
}

// clientFlags adds the flags for who may log in. The environment can set the same values, because
// it does not show a secret in the list of processes.
func (s *settings) clientFlags(f *flag.FlagSet, getenv func(string) string) {
	s.client = simulator.Client{
		ID:     cmp.Or(getenv("GENESYS_CLIENT_ID"), simulator.DefaultClientID),
		Secret: cmp.Or(getenv("GENESYS_CLIENT_SECRET"), simulator.DefaultClientSecret),
		Name:   "recording export",
	}
	f.Func("client-id", "`id` of the OAuth client; the environment variable GENESYS_CLIENT_ID also sets it\n(default "+simulator.DefaultClientID+")", into(&s.client.ID))
	f.Func("client-secret", "`secret` of the OAuth client; the environment variable GENESYS_CLIENT_SECRET also sets it\n(default "+simulator.DefaultClientSecret+")", into(&s.client.Secret))
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

// dataFlags adds the flags for the generated data.
func (s *settings) dataFlags(f *flag.FlagSet) {
	o := &s.options
	f.Uint64Var(&o.Seed, "seed", o.Seed, "seed of the generated data")
	f.Func("start", "first `day` of the data, for example 2023-10-01, or today (default 2023-10-01)", s.setStart)
	f.IntVar(&o.Days, "days", o.Days, "number of days with data")
	f.IntVar(&o.Conversations, "conversations", o.Conversations, "conversations per day; 50 or more include edge cases")
	f.Float64Var(&o.HeldShare, "held", o.HeldShare, "`share` of conversations under legal hold, 0 to 1")
	f.Float64Var(&o.ScreenShare, "screens", o.ScreenShare, "`share` of conversations with screen recordings, 0 to 1")
	f.IntVar(&o.Edges.Open, "open", 0, "conversations that do not end")
	f.IntVar(&s.archived, "archived", 0, "archived recordings, which cannot be downloaded")
	f.IntVar(&s.uploading, "uploading", 0, "recordings that are still uploading; see -upload-delay")
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

// complete sets the options that depend on several flags.
func (s *settings) complete(getenv func(string) string) {
	o := &s.options
	if b := &o.ExportBucket; b.Name != "" {
		b.Region = cmp.Or(b.Region, "us-east-1")
		b.AccessKeyID, b.SecretAccessKey = getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY")
	}
	o.Clients = []simulator.Client{s.client}
	o.Edges.FileStates = map[simulator.FileState]int{simulator.Archived: s.archived, simulator.Uploading: s.uploading}
	if s.pageLimit != 0 {
		o.Limits.AsyncPageSize, o.Limits.RefuseLargePages = s.pageLimit, true
	}
	*o = slowed(*o, s.latency)
}

// slowed multiplies every latency and delay. It does not change how fresh data are, or how long
// tokens and URLs are valid.
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
