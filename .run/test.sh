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

# ctest_suite NAME ARGUMENT...: tests of the build folder.
ctest_suite() {
    ctest --test-dir "$build" --timeout "$test_timeout" --output-on-failure --output-junit "$results/$1.xml" "${@:2}"
}

# One after the other: many of them need the processors for themselves.
suite_native() {
    ctest_suite native -LE '^(computes|waits)$'
}

# Numbers against snprintf only compute, and the most of all.
suite_printf() {
    ctest_suite printf -L '^computes$' -j "$jobs"
}

# What hangs, and what ends late: most of the time nothing runs.
suite_waits() {
    ctest_suite waits -L '^waits$' -j "$((2 * jobs))"
}

suite_pytest() {
    local name=$1
    timeout --kill-after=10 "$((test_timeout * 2))" "$venv/bin/python" -m pytest -p no:cacheprovider -q -ra "$root/tests/$name" --junitxml "$results/$name.xml"
}

# All suites, in their order.
suites_there=(engine native printf waits python processes package matrix run docs)

run_tests() {
    local suites=() wanted=() test_timeout=600 name
    while (($#)); do
        case " ${suites_there[*]} " in
            *" $1 "*) wanted+=("$1") ;;
            *)
                [[ $1 == --long ]] || die "test takes --long and suites (${suites_there[*]}), got '$1'"
                export SLUICE_LONG=1
                test_timeout=7200
                ;;
        esac
        shift
    done
    ((${#wanted[@]})) || wanted=("${suites_there[@]}")
    build_all
    rm -rf "$results"
    mkdir -p "$results"
    export LD_LIBRARY_PATH=$stage/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    export SLUICE_HOME=$root SLUICE_PYTHON=$venv/bin/python PYTHONDONTWRITEBYTECODE=1

    for name in "${wanted[@]}"; do
        case $name in
            engine | native | printf | waits) suite "$name" "suite_$name" ;;
            *) suite "$name" suite_pytest "$name" ;;
        esac
    done
    "$python" "$root/.run/summary.py" "$results" "${suites[@]}"
}
