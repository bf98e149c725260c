#!/bin/sh
# Fails if the programs hold code with a known vulnerability. It looks at what is
# linked into them, symbol by symbol, so that what no program calls does not count.
#
# The database of vulnerabilities is on the network (https://vuln.go.dev, or what
# GOVULNDB names). Where it cannot be reached the check is skipped, and says so.
set -eu
cd "$(dirname "$0")/.."
database=${GOVULNDB:-https://vuln.go.dev}
tool="go tool -modfile=hack/tools/go.mod govulncheck -db=$database"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Asking about one version shows whether the database can be reached, in a second.
if ! $tool -mode=query -format=json "stdlib@$(go env GOVERSION)" >"$work/query" 2>&1; then
  if grep -q -e 'dial tcp' -e 'no such host' -e 'i/o timeout' -e 'connection re' -e 'proxyconnect' -e '403 Forbidden' "$work/query"; then
    echo "SKIPPED: known vulnerabilities were not looked for, because the database $database cannot be reached:" >&2
    tail -n 1 "$work/query" >&2
    exit 0
  fi
  cat "$work/query" >&2
  exit 1
fi
go build -trimpath -o "$work/" ./cmd/...
status=0
for program in "$work"/*; do
  [ -x "$program" ] || continue
  echo "$(basename "$program"):"
  $tool -mode=binary "$program" || status=$?
done
exit "$status"
