package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/archive/s3store"
)

// readersOfS3 is the minimum number of objects to read at the same time from S3, where
// reading is mostly waiting.
const readersOfS3 = 16

// location is a directory or a prefix of a bucket that contains archives.
type location struct {
	name      string
	region    string
	endpoint  string
	pathStyle bool
	outside   outside
}

// flags returns the flags that all commands have.
func (p *location) flags(name string, to io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet("kubectl genesys-export "+name, flag.ContinueOnError)
	f.SetOutput(to)
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "Flags of %s:\n", f.Name())
		f.PrintDefaults()
	}
	f.StringVar(&p.region, "region", os.Getenv("AWS_REGION"), "`region` of the S3 bucket")
	f.StringVar(&p.endpoint, "endpoint", "", "base `URL` of an S3 service other than Amazon's")
	f.BoolVar(&p.pathStyle, "path-style", false, "put the bucket into the path of URLs, as many S3 services other than Amazon's require")
	return f
}

// parse parses one location and flags before or after it. It prints the list of flags only
// on -h: below an error the list would hide the error.
func (p *location) parse(f *flag.FlagSet, arguments []string) error {
	for len(arguments) > 0 {
		to := f.Output()
		f.SetOutput(io.Discard)
		err := f.Parse(arguments)
		f.SetOutput(to)
		switch {
		case errors.Is(err, flag.ErrHelp):
			f.Usage()
			return err
		case err != nil:
			return usageError{err}
		}
		if f.NArg() == 0 {
			break
		}
		if p.name != "" {
			return usageError{fmt.Errorf("more than one PATH_OR_S3_URL: %q and %q", p.name, f.Arg(0))}
		}
		p.name, arguments = f.Arg(0), f.Args()[1:]
	}
	if p.name == "" {
		return usageError{errors.New("missing argument PATH_OR_S3_URL")}
	}
	return nil
}

// open opens the location, and returns how many files to read at the same time.
func (p *location) open(ctx context.Context) (fs.FS, int, error) {
	workers := runtime.GOMAXPROCS(0)
	if !strings.Contains(p.name, "://") {
		info, err := os.Stat(p.name)
		if err != nil {
			return nil, 0, err
		}
		if !info.IsDir() {
			return nil, 0, fmt.Errorf("%s is a file; an archive is a directory", p.name)
		}
		plain, err := archive.OpenRegular(p.name)
		return plain, workers, err
	}
	at, err := url.Parse(p.name)
	if err != nil || at.Scheme != "s3" || at.Host == "" || at.RawQuery != "" || at.User != nil {
		return nil, 0, usageError{fmt.Errorf("%q is not of the form s3://bucket/prefix", p.name)}
	}
	if p.region == "" {
		return nil, 0, usageError{errors.New("the region of the bucket is missing: use --region, or set AWS_REGION")}
	}
	buckets := s3store.Open(s3store.Config{
		Endpoint: p.endpoint, Region: p.region, PathStyle: p.pathStyle, Bucket: at.Host, Prefix: strings.Trim(at.Path, "/"),
		Credentials: credentials, Now: time.Now,
	})
	return buckets.FS(ctx), max(workers, readersOfS3), nil
}

// credentials reads the S3 credentials from the environment.
func credentials(context.Context) (s3store.Credentials, error) {
	found := s3store.Credentials{
		AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("AWS_SESSION_TOKEN"),
	}
	if found.AccessKeyID == "" || found.SecretAccessKey == "" {
		return found, errors.New("the environment lacks AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	return found, nil
}
