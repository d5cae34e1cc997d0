#!/usr/bin/env bash
# Run a command with a display: the one that is there, or a virtual one on Linux without any.
set -euo pipefail

if [[ "$(uname -s)" != Linux || -n "${DISPLAY:-}" || -n "${WAYLAND_DISPLAY:-}" ]]; then
    exec "$@"
fi
exec xvfb-run --auto-servernum --server-args="-screen 0 1920x1080x24" "$@"
