#!/bin/sh
# Has cosign verify a signed bag and a signed seal, offline, by the commands of their
# VERIFY.txt.
set -eu
cd "$(dirname "$0")/../.."

cosign=$(hack/cosign/build.sh)
PATH=$(dirname "$cosign"):$PATH go test -count=1 -tags cosign -run '^TestCosign' ./internal/evidence
