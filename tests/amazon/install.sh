#!/bin/sh
# Puts moto, which stands in for Amazon's services, into a virtual environment of Python in the folder
# that is named; one that is on the PATH already is taken. What is there stays.
set -eu
folder=$1
mkdir -p "$folder"
[ ! -x "$folder/moto_server" ] || exit 0
if installed=$(command -v moto_server) && "$installed" --help >/dev/null 2>&1; then
  ln -sf "$installed" "$folder/moto_server"
  exit 0
fi
command -v python3 >/dev/null || { echo 'python3 is not installed, which moto runs on' >&2; exit 1; }
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'moto[server]==5.2.5' >&2
ln -sf "$folder/venv/bin/moto_server" "$folder/moto_server"
