# The documentation as pages: what lies in docs/ with a reference made of the C and C++ headers (doxygen, Breathe) and of the installed
# Python package (autodoc). A warning is a failure: a name that is not there, a link that leads nowhere.

run_docs() {
    local out=$build/docs
    while (($#)); do
        [[ $1 == --out && $# -gt 1 ]] || die "docs takes --out DIR, got '$1'"
        out=$2
        shift 2
    done
    build_all
    say "Making the documentation"
    rm -rf "$out/xml" "$out/html" "$out/doctrees"
    mkdir -p "$out"
    SLUICE_HOME=$root SLUICE_DOCS=$out SLUICE_DOCS_PYTHON=$python doxygen "$root/docs/reference/Doxyfile" >&2
    SLUICE_DOCS=$out SLUICE_VERSION=$(version) LD_LIBRARY_PATH=$stage/lib "$venv/bin/python" -m sphinx -q -W --keep-going \
        -b html -d "$out/doctrees" "$root/docs" "$out/html" >&2
    say "Made: $out/html/index.html"
}

# The one version of the project.
version() {
    sed -n 's|.*<Version[^>]*>\(.*\)</Version.*|\1|p' "$root/Directory.Build.props"
}
