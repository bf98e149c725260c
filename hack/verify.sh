#!/bin/sh
# Fails if anything that is generated, tidied or formatted is not as the tools
# would make it. It works on a copy, so it changes nothing and does not mind
# work that is not committed.
set -eu
cd "$(dirname "$0")/.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c 'for f; do [ -e "$f" ] && printf "%s\n" "$f"; done' sh | tar -cf - -T - | tar -xf - -C "$copy"
cp -R "$copy" "$copy.made"
trap 'rm -rf "$copy" "$copy.made"' EXIT
(cd "$copy.made" && git init -q && git add -A && make --no-print-directory generate tidy >&2 && rm -rf .git)
if ! diff -r -u "$copy" "$copy.made"; then
  echo "Some files are not as the tools make them: run make generate tidy, and commit what they change." >&2
  exit 1
fi
