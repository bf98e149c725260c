#!/bin/sh
# Fails if a generated file is out of date, or if modules or code are not tidy. It
# works on a copy, so it changes no files, and uncommitted work does not matter.
set -eu
cd "$(dirname "$0")/.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c 'for f; do [ -e "$f" ] && printf "%s\n" "$f"; done' sh | tar -cf - -T - | tar -xf - -C "$copy"
cp -R "$copy" "$copy.made"
trap 'rm -rf "$copy" "$copy.made"' EXIT
(cd "$copy.made" && git init -q && git add -A && make --no-print-directory generate tidy >&2 && rm -rf .git)
if ! diff -r -u "$copy" "$copy.made"; then
  echo "Some files are out of date: run make generate tidy, and commit the changes." >&2
  exit 1
fi
