#!/bin/sh
# Builds cosign from its Go module into bin/cosign/<version>, unless it is there
# already, and prints its path.
set -eu
cd "$(dirname "$0")/../.."

version=v3.1.3 # the first version that was tested with the operator's signatures
out=$(pwd)/bin/cosign/$version
if [ ! -x "$out/cosign" ]; then
  mkdir -p "$out"
  echo "Building cosign $version from its Go module: about 6 minutes on two cores, once." >&2
  begun=$(date +%s)
  GOBIN=$out CGO_ENABLED=0 GOFLAGS=-trimpath go install -ldflags "-s -w" "github.com/sigstore/cosign/v3/cmd/cosign@$version" >&2
  echo "  cosign built in $(($(date +%s) - begun)) s" >&2
fi
echo "$out/cosign"
