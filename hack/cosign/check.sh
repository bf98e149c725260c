#!/bin/sh
# Verifies a signed bag and a signed seal with cosign, offline, with the commands in
# their VERIFY.txt.
set -eu
cd "$(dirname "$0")/../.."

cosign=$(hack/cosign/build.sh)
PATH=$(dirname "$cosign"):$PATH go test -count=1 -tags cosign -run '^TestCosign' ./internal/evidence
