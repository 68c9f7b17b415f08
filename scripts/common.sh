# shellcheck shell=bash
# Sourced by the scripts: where the repository is, and how to talk.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export root

if [[ -t 1 ]]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
say() { printf '%s== %s%s\n' "$bold" "$*" "$plain"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# The usage text is the comment at the head of the script.
usage() { sed -n '2,/^$/{s/^# \{0,1\}//;/^$/d;p}' "$0"; }

jobs() { echo "${TAUTLINE_JOBS:-$(nproc)}"; }
