# The tests: every suite runs, whatever another one gave; each leaves a result file that summary.py counts.

results=$build/test-results

# suite NAME COMMAND...: runs one suite, shows and keeps its output, records its exit status.
suite() {
    local name=$1 status=0
    shift
    say "Testing: $name"
    suites+=("$name")
    "$@" 2>&1 | tee "$results/$name.log" || status=${PIPESTATUS[0]}
    printf '%s\n' "$status" >"$results/$name.status"
}

suite_engine() {
    dotnet test "$root/tests/engine" -c Release --no-build --nologo --results-directory "$results" \
        --logger 'trx;LogFileName=engine.trx' --blame-hang-timeout "${test_timeout}s" --blame-hang-dump-type none
}

# One after the other: many of them need the processors for themselves.
suite_native() {
    ctest --test-dir "$build" --timeout "$test_timeout" --output-on-failure --output-junit "$results/native.xml" -E '^abi[.]printf[.]'
}

# Numbers against snprintf only compute, and the most of all.
suite_printf() {
    ctest --test-dir "$build" --timeout "$test_timeout" --output-on-failure --output-junit "$results/printf.xml" -R '^abi[.]printf[.]' -j "$jobs"
}

suite_pytest() {
    local name=$1
    timeout --kill-after=10 "$((test_timeout * 2))" "$venv/bin/python" -m pytest -p no:cacheprovider -q -ra "$root/tests/$name" --junitxml "$results/$name.xml"
}

run_tests() {
    local suites=() test_timeout=600 name
    while (($#)); do
        case $1 in
            --long) export SLUICE_LONG=1; test_timeout=7200 ;;
            *) die "test takes --long, got '$1'" ;;
        esac
        shift
    done
    build_all
    rm -rf "$results"
    mkdir -p "$results"
    export LD_LIBRARY_PATH=$stage/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    export SLUICE_HOME=$root SLUICE_PYTHON=$venv/bin/python PYTHONDONTWRITEBYTECODE=1

    suite engine suite_engine
    suite native suite_native
    suite printf suite_printf
    for name in python processes package matrix run docs; do
        if [[ -n $(find "$root/tests/$name" -name 'test_*.py' -print -quit 2>/dev/null) ]]; then
            suite "$name" suite_pytest "$name"
        fi
    done
    "$python" "$root/.run/summary.py" "$results" "${suites[@]}"
}
