#!/bin/sh
# Where a real project would take a snapshot.
echo "snapshot of $2 in $1"
