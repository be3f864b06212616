# The benchmarks: every program of build/bench and the micro benchmarks. Each measures both sides in one run, prints the ratio
# and writes a file of result objects {name, ours, theirs, unit, ratio, target, met}.
# A program takes: [FILTER] --json DIR, runs what has FILTER in its name, and writes DIR/PROGRAM.json, an array.

run_bench() {
    local filter="" json=$build/bench-results program
    while (($#)); do
        case $1 in
            --json)
                (($# > 1)) || die "bench: --json needs a folder"
                json=$2
                shift
                ;;
            -*) die "bench takes [FILTER] [--json DIR], got '$1'" ;;
            *) filter=$1 ;;
        esac
        shift
    done
    build_all
    mkdir -p "$json"
    rm -f "$json"/*.json
    for program in "$build"/bench/*; do
        [[ -f $program && -x $program ]] || continue
        say "Measuring: $(basename "$program") ${filter}"
        "$program" ${filter:+"$filter"} --json "$json"
    done
    say "Measuring: micro ${filter}"
    dotnet "$root/artifacts/bin/Sluice.Benchmarks/release/Sluice.Benchmarks.dll" ${filter:+"$filter"} --json "$json"
    "$python" "$root/.run/bench.py" "$json"
}
