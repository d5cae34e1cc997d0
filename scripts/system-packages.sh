#!/usr/bin/env bash
# See that the system has what cannot come from a Python package, and install it where that is possible.
#
#   system-packages.sh python PYTHON   a Python that is new enough and can make virtual environments
#   system-packages.sh window          the libraries that Qt needs, if there is a display to open a window on
#   system-packages.sh display         the same, and a virtual display if there is no other
#
# Debian and Ubuntu as root: installs what is missing. Elsewhere: prints the one line to type and fails.
set -euo pipefail

export PATH="$PATH:/usr/sbin:/sbin"

# What Qt loads, and the Debian package that brings it.
qt_libraries=(
    libEGL.so.1=libegl1
    libGL.so.1=libgl1
    libdbus-1.so.3=libdbus-1-3
    libfontconfig.so.1=libfontconfig1
    libglib-2.0.so.0=libglib2.0-0
    libxcb-cursor.so.0=libxcb-cursor0
    libxcb-icccm.so.4=libxcb-icccm4
    libxcb-image.so.0=libxcb-image0
    libxcb-keysyms.so.1=libxcb-keysyms1
    libxcb-randr.so.0=libxcb-randr0
    libxcb-render-util.so.0=libxcb-render-util0
    libxcb-shape.so.0=libxcb-shape0
    libxcb-xkb.so.1=libxcb-xkb1
    libxkbcommon-x11.so.0=libxkbcommon-x11-0
)

has_display() {
    [[ -n "${DISPLAY:-}" || -n "${WAYLAND_DISPLAY:-}" ]]
}

missing_for_qt() {
    local known pair
    known="$(ldconfig -p)"
    for pair in "${qt_libraries[@]}"; do
        grep -qF "${pair%%=*} " <<<"$known" || echo "${pair##*=}"
    done
    # Without any font, Qt draws empty boxes.
    [[ -n "$(find /usr/share/fonts -name '*.[ot]tf' -print -quit 2>/dev/null)" ]] || echo fonts-dejavu-core
}

missing_for_virtual_display() {
    command -v xvfb-run >/dev/null || echo xvfb
    command -v xauth >/dev/null || echo xauth
}

install() {
    [[ $# -gt 0 ]] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "This system lacks what Debian calls: $*" >&2
        echo "Install the packages of your system that hold the same, then try again." >&2
        exit 1
    fi
    if [[ "$(id -u)" -ne 0 ]]; then
        echo "Some system packages are missing. Type this line, then try again:" >&2
        echo "    sudo apt-get update && sudo apt-get install --yes $*" >&2
        exit 1
    fi
    echo "Installing the system packages $* with apt-get."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update --quiet --quiet
    apt-get install --yes --quiet --quiet --no-install-recommends "$@"
}

case "${1:-}" in
python)
    python="${2:-python3}"
    if ! command -v "$python" >/dev/null; then
        echo "There is no $python here: install Python 3.11 or newer, or name yours with make PYTHON=..." >&2
        exit 1
    fi
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "$("$python" --version) is too old: napari-sciml needs Python 3.11 or newer." >&2
        echo "Install a newer one and name it, for example: make demo PYTHON=python3.12" >&2
        exit 1
    fi
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        install "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    fi
    ;;
window)
    if [[ "$(uname -s)" == Linux ]] && has_display; then
        mapfile -t packages < <(missing_for_qt)
        install "${packages[@]}"
    fi
    ;;
display)
    if [[ "$(uname -s)" == Linux ]]; then
        mapfile -t packages < <(missing_for_qt; has_display || missing_for_virtual_display)
        install "${packages[@]}"
    fi
    ;;
*)
    echo "usage: system-packages.sh python PYTHON | window | display" >&2
    exit 2
    ;;
esac
