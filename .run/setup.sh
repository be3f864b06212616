# What a machine needs: Debian packages, the .NET SDK, and settings that keep builds quiet and self-contained.

apt_packages=(
    cmake ninja-build gcc g++ binutils libc6-dev pkg-config valgrind
    mypy python3 python3-dev python3-numpy python3-pytest python3-venv python3-pip python3-wheel python3-setuptools xxd
    doxygen python3-sphinx python3-breathe python3-myst-parser
    python3-pycparser
    libboost-dev libfmt-dev libconcurrentqueue-dev libreaderwriterqueue-dev
)

missing_packages() {
    local package
    for package in "${apt_packages[@]}"; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || printf '%s\n' "$package"
    done
}

install_packages() {
    local missing root_prefix=()
    mapfile -t missing < <(missing_packages)
    ((${#missing[@]})) || return 0
    if ((EUID != 0)); then
        if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
            root_prefix=(sudo)
        else
            die "packages are missing and this user may not install them; run as root:
    apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
        fi
    fi
    say "Installing ${#missing[@]} packages: ${missing[*]}"
    {
        "${root_prefix[@]}" apt-get update -q
        "${root_prefix[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -q --no-install-recommends "${missing[@]}"
    } >&2
}

find_dotnet() {
    local folder
    for folder in "" "${DOTNET_ROOT:-}" "$HOME/.dotnet" /usr/share/dotnet /usr/lib/dotnet; do
        [[ -z $folder ]] || export PATH=$PATH:$folder
        if command -v dotnet >/dev/null && dotnet --list-sdks 2>/dev/null | grep -qE '^1[0-9]\.'; then
            return 0
        fi
    done
    die "the .NET SDK 10 (or later) is needed and was not found on PATH, in DOTNET_ROOT, ~/.dotnet or /usr/share/dotnet"
}

setup() {
    # No servers that outlive a command: they would hold its output open.
    export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false
    export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
    export DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true
    install_packages
    find_dotnet
    [[ -x $python ]] || die "$python is missing although its package is installed"
}
