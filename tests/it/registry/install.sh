#!/bin/sh
# Puts the registries that tests talk to into the folder that is named: the small one of
# go-containerregistry, and Debian's docker-registry for logins. What is there stays.
set -eu
folder=$1
mkdir -p "$folder"
if [ ! -x "$folder/registry" ]; then
  command -v go >/dev/null || { echo 'go is not installed, which the small registry is built with' >&2; exit 1; }
  GOBIN=$folder go install github.com/google/go-containerregistry/cmd/registry@v0.22.1
fi
if [ ! -x "$folder/docker-registry" ]; then
  work=$(mktemp -d "$folder/XXXXXX")
  trap 'rm -rf "$work"' EXIT
  if installed=$(command -v docker-registry); then
    ln -sf "$installed" "$folder/docker-registry"
  elif (cd "$work" && apt-get -q download docker-registry && dpkg -x docker-registry_*.deb root) >/dev/null 2>&1; then
    mv "$work/root/usr/bin/docker-registry" "$folder/docker-registry"
  else
    # No Debian, or no lists of its packages: from source, which takes two minutes.
    GOBIN=$work go install github.com/distribution/distribution/v3/cmd/registry@v3.1.2
    mv "$work/registry" "$folder/docker-registry"
  fi
fi
