#!/bin/sh
# Fails if the programs contain code with a known vulnerability. It checks the linked
# symbols, so a vulnerable function that no program calls does not matter.
#
# The database of vulnerabilities is on the network (https://vuln.go.dev, or the URL in
# GOVULNDB). If it cannot be reached, the script prints SKIPPED and does not check.
set -eu
cd "$(dirname "$0")/.."
database=${GOVULNDB:-https://vuln.go.dev}
tool="go tool -modfile=hack/tools/go.mod govulncheck -db=$database"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Asking about one version shows whether the database can be reached, in a second.
if ! $tool -mode=query -format=json "stdlib@$(go env GOVERSION)" >"$work/query" 2>&1; then
  if grep -q -e 'dial tcp' -e 'no such host' -e 'i/o timeout' -e 'connection re' -e 'proxyconnect' -e '403 Forbidden' "$work/query"; then
    echo "SKIPPED: did not check for known vulnerabilities, because the database $database cannot be reached:" >&2
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
