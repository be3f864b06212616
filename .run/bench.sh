# The benchmarks: every program of build/bin/bench and benchmarks/python, and the micro benchmarks. benchmarks/README.md says what they measure.
# A program takes: [FILTER] --json DIR, runs what the regular expression FILTER is found in, and writes DIR/PROGRAM.json.

run_bench() {
    local filter="" json=$build/bench compare="" status=0 results=() program name
    while (($#)); do
        case $1 in
            --json)
                (($# > 1)) || die "bench: --json needs a folder"
                json=$2
                shift
                ;;
            --compare) compare=1 ;;
            -*) die "bench takes [FILTER] [--json DIR] [--compare], got '$1'" ;;
            *)
                [[ -z $filter ]] || die "bench takes one FILTER, got '$filter' and '$1'"
                filter=$1
                ;;
        esac
        shift
    done
    build_all
    mkdir -p "$json"
    for program in "$build"/bin/bench/* "$root"/benchmarks/python/*.py micro; do
        name=$(basename "$program" .py)
        rm -f "$json/$name.json"
        say "Measuring: $name $filter"
        if [[ $program == micro ]]; then
            bench_micro ${filter:+"$filter"} --json "$json" || status=1
        elif [[ $program == *.py ]]; then
            "$venv/bin/python" "$program" ${filter:+"$filter"} --json "$json" || status=1
        else
            "$program" ${filter:+"$filter"} --json "$json" || status=1
        fi
        [[ ! -e $json/$name.json ]] || results+=("$json/$name.json")
    done
    ((${#results[@]} || status)) || die "bench: nothing is called '$filter'"
    "$python" "$root/benchmarks/report.py" "${results[@]}"
    if [[ -n $compare ]]; then
        "$python" "$root/benchmarks/compare.py" ${filter:+--some} "${results[@]}" || status=1
    fi
    ((status == 0)) || die "bench: a benchmark could not be run, or is worse than its baseline"
}

# Its progress goes to a file: the table at the end has the figures.
bench_micro() {
    local log=$build/bench-micro.log
    dotnet "$root/artifacts/bin/Sluice.Benchmarks/release/Sluice.Benchmarks.dll" "$@" >"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        return 1
    }
}
