# The build: the .NET solution, then the library with everything native, then the Python package.

build_dotnet() {
    say "Building the .NET solution"
    dotnet build "$root/Engine.sln" -c Release -v quiet --nologo >&2
}

# The NuGet package of the engine, from what the solution built.
build_package() {
    rm -rf "$build/nupkg"
    dotnet pack "$root/engine" -c Release --no-build -o "$build/nupkg" -v quiet --nologo >&2
}

build_native() {
    say "Building the library, the C examples and the C tests"
    cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_COMPILER=gcc -DCMAKE_CXX_COMPILER=g++ >"$build/configure.log" 2>&1 \
        || { cat "$build/configure.log" >&2; die "cmake could not configure"; }
    cmake --build "$build" -j "$jobs" >&2
}

build_venv() {
    if [[ ! -x $venv/bin/python ]] || ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
        say "Making the Python environment"
        rm -rf "$venv"
        "$python" -m venv --system-site-packages "$venv" >&2
    fi
}

# Builds the wheel and installs it, when a source of it or the library is newer than the last one.
build_wheel() {
    local source=$root/bindings/python stamp=$build/wheel/installed
    [[ -e $source/pyproject.toml || -e $source/setup.py ]] || return 0
    if [[ -e $stamp && $stamp -nt $venv/pyvenv.cfg ]] \
        && [[ -z $(find "$source" "$root/interop/include" "$stage/lib" "$root/Directory.Build.props" -type f \
            -not -path '*/__pycache__/*' -not -path "$source/build/*" -not -path '*.egg-info/*' -newer "$stamp" -print -quit) ]]; then
        return 0
    fi
    say "Building and installing the Python package"
    rm -rf "$build/wheel" "$source/build"
    mkdir -p "$build/wheel"
    SLUICE_STAGE=$stage "$python" -m pip wheel --quiet --no-index --no-build-isolation --no-deps \
        --wheel-dir "$build/wheel" "$source" >&2
    "$venv/bin/python" -m pip install --quiet --no-index --no-deps --force-reinstall "$build"/wheel/*.whl >&2
    touch "$stamp"
}

build_all() {
    (($# == 0)) || die "build takes no argument, got '$1'"
    mkdir -p "$build"
    setup
    build_dotnet
    build_package
    build_native
    build_venv
    build_wheel
    say "Built: $stage/lib/libsluice.so.1"
}
