#!/bin/sh
# Fetches what the pages and their tests take from npm, as the lists VENDOR.txt name it. Tests compare the SHA-256.
set -eu

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for list in "$@"; do
    grep -v '^#' "$list" | while read -r package version file here sha; do
        (cd "$scratch" && npm pack --silent "$package@$version" >archive && mkdir -p package && tar xzf "$(cat archive)")
        cp "$scratch/package/$file" "$(dirname "$list")/$here"
        echo "$sha  $(dirname "$list")/$here" | sha256sum --check --quiet
        rm -rf "$scratch/package"
    done
done
