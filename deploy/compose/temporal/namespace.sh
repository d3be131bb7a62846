#!/bin/sh
# Makes the namespace $1 unless it is there. What has ended is kept for a week.
set -eu
temporal operator cluster health
temporal operator namespace describe --namespace "$1" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$1" --retention 7d
