#!/usr/bin/env bash
# LLVM for `--features cuda`, where the build can't download its own. Debian and Ubuntu; root only if packages are missing.
#
# Burn's CUDA compiler links LLVM. Its build fetches a bundle of its own from its releases; that needs no help from here.
# Where it can't be fetched, this lets Debian's LLVM stand in: it installs packages (named below) and makes a folder of
# links in the place where the build looks, ${XDG_DATA_HOME:-~/.local/share}/tracel. Nothing else is touched; to undo it,
# delete that folder.
set -euo pipefail
cd "$(dirname "$0")/.."

major=22
packages=(g++ "llvm-$major-dev" "libpolly-$major-dev" zlib1g-dev libzstd-dev libxml2-dev)
llvm="/usr/lib/llvm-$major"

fail() { echo "error: $1" >&2; exit 1; }

version=$(sed -n '/^name = "tracel-llvm-bundler"$/{n;s/^version = "\(.*\)"$/\1/p}' Cargo.lock)
[ -n "$version" ] || fail "Cargo.lock names no \`tracel-llvm-bundler\`, expected one: Burn has changed how it finds LLVM"
home="${XDG_DATA_HOME:-$HOME/.local/share}/tracel/tracel-llvm-$version"
if [ -e "$home/.tracel-llvm-installed" ]; then
  echo "LLVM is in place: $home"
  exit 0
fi
[ ! -e "$home" ] || fail "$home is there and not complete; look at it, delete it, and run this again"
for tool in apt-get dpkg-query; do
  command -v "$tool" >/dev/null || fail "no \`$tool\`; install LLVM $major with its static libraries and headers by your own means, then link its bin, lib and include under $home and touch $home/.tracel-llvm-installed"
done

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  [ "$(id -u)" = 0 ] || fail "packages are missing; run: sudo apt-get install ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  echo "installing ${missing[*]}"
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
[ -x "$llvm/bin/llvm-config" ] || fail "no $llvm/bin/llvm-config, expected it from llvm-$major-dev"

mkdir -p "$home/bin"
ln -s "$llvm/lib" "$home/lib"
ln -s "$llvm/include" "$home/include"
# Debian names some system libraries by path (/usr/lib/…/libz.so); the build wants them as -lz.
cat > "$home/bin/llvm-config" <<SHIM
#!/bin/sh
$llvm/bin/llvm-config "\$@" | sed -E 's#/usr/lib/[^ ]*/lib([A-Za-z0-9_+.-]+)\\.so#-l\\1#g'
SHIM
chmod +x "$home/bin/llvm-config"
"$home/bin/llvm-config" --version >/dev/null || fail "$home/bin/llvm-config does not run"
touch "$home/.tracel-llvm-installed" # last: the build takes what it finds for whole
echo "LLVM $("$home/bin/llvm-config" --version) stands in at $home"
echo "next: cargo xtask --features cuda device"
