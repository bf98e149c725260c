#!/bin/sh
# Builds versitygw, an S3 server on a directory, from its Go module into
# bin/versitygw/<version>, where tests look for it, unless it is there already, and
# prints its path.
set -eu
cd "$(dirname "$0")"

version=$(go list -m -f '{{.Version}}' github.com/versity/versitygw)
out=$(cd ../.. && pwd)/bin/versitygw/$version
binary=$out/versitygw
if [ ! -x "$binary" ]; then
  mkdir -p "$out"
  echo "Building the S3 server versitygw $version from its Go module: about 4 minutes on two cores, once." >&2
  begun=$(date +%s)
  # A name of its own, because two may build at once. sh has no pipefail, so a
  # file passes on the exit status.
  new=$binary.$$
  { CGO_ENABLED=0 go build -v -trimpath -ldflags "-s -w" -o "$new" github.com/versity/versitygw/cmd/versitygw 2>&1 || echo failed >"$new.failed"; } | awk '
    /^[[:alnum:]_.\/-]+$/ { if (++n % 100 == 0) printf "  %-24s %5d packages compiled\n", "versitygw", n > "/dev/stderr"; next }
    { print > "/dev/stderr" }'
  if [ -e "$new.failed" ]; then
    rm -f "$new" "$new.failed"
    echo "  versitygw could not be built" >&2
    exit 1
  fi
  mv "$new" "$binary"
  printf '  %-24s built in %d s\n' versitygw $(($(date +%s) - begun)) >&2
fi
echo "$binary"
