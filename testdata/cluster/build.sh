#!/bin/sh
# Builds testcluster, unless it was built from the same sources before, and prints where it is.
# It lies in ${XDG_CACHE_HOME:-~/.cache}/pintle/testcluster/, in a folder named by the sum of the
# sources and of Go's version. The first time takes a quarter of an hour of processor time.
set -eu
cd "$(dirname "$0")"
version=v1.37.1

if ! command -v go >/dev/null; then
    echo 'the test cluster needs Go, which is not installed (PINTLE_SKIP=cluster leaves its tests out)' >&2
    exit 1
fi
sum=$({ go version; cat build.sh go.mod go.sum ./*.go; } | cksum | tr ' ' -)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/pintle/testcluster/$sum
if [ ! -x "$folder/testcluster" ]; then
    mkdir -p "$folder"
    # Under another name until it is whole; two that build at once do no harm.
    half=$folder/half-$$
    trap 'rm -f "$half"' EXIT
    echo "building the test cluster: once, in a few minutes" >&2
    flags=
    for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
        flags="$flags -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=37"
        flags="$flags -X $package.gitCommit= -X $package.gitTreeState=clean"
    done
    CGO_ENABLED=0 nice -n 10 go build -trimpath -buildvcs=false -ldflags "-s -w$flags" -o "$half" .
    mv "$half" "$folder/testcluster"
fi
echo "$folder/testcluster"
