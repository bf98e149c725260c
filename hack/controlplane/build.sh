#!/bin/sh
# Builds etcd, kube-apiserver, kube-controller-manager and kubectl from Go modules
# into bin/k8s/<version>, where tests and the demo look for them, unless they are
# there already.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"

version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
out=$(cd ../.. && pwd)/bin/k8s/$version
mkdir -p "$out"

# show replaces the compiler's list of packages by one line of progress.
show() {
  awk -v name="$1" -v tty="$([ -t 2 ] && echo 1 || echo 0)" '
    /^[[:alnum:]_.\/-]+$/ {
      n++
      if (tty)             printf "\r  %-24s %5d packages compiled", name, n > "/dev/stderr"
      else if (n % 200 == 0) printf "  %-24s %5d packages compiled\n", name, n > "/dev/stderr"
      next
    }
    { print > "/dev/stderr" }
    END { if (tty && n) printf "\r%60s\r", "" > "/dev/stderr" }'
}

build() {
  name=$1 package=$2
  [ -x "$out/$name" ] && return
  begun=$(date +%s)
  printf '  %-24s building (%s)\n' "$name" "$3" >&2
  # sh has no pipefail, so a file passes on the exit status.
  { go build -v -trimpath -o "$out/$name.new" \
      -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$version" "$package" 2>&1 || echo failed >"$out/$name.failed"; } | show "$name"
  if [ -e "$out/$name.failed" ]; then
    rm -f "$out/$name.failed" "$out/$name.new"
    echo "  $name could not be built" >&2
    exit 1
  fi
  mv "$out/$name.new" "$out/$name"
  printf '  %-24s built in %d s\n' "$name" $(($(date +%s) - begun)) >&2
}

complete=yes
for name in etcd kube-apiserver kube-controller-manager kubectl; do
  [ -x "$out/$name" ] || complete=no
done
if [ $complete = no ]; then
  echo "Building the Kubernetes $version control plane from Go modules: about 10 minutes on two cores, once." >&2
  build kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver "usually the longest, about 6 minutes"
  build etcd go.etcd.io/etcd/server/v3 "less than a minute"
  build kube-controller-manager k8s.io/kubernetes/cmd/kube-controller-manager "about 2 minutes"
  build kubectl k8s.io/kubernetes/cmd/kubectl "less than a minute"
fi
echo "$out"
