# The demo: the C host program acquires (or replays a recorded run), and the Python script looks at what it wrote.

run_demo() {
    local argument replay=
    for argument in "$@"; do
        [[ $argument != --replay ]] || replay=1
    done
    if [[ -n $replay ]]; then
        build_all
        "$build/bin/replay" "$@"
    else
        demo_acquire "$@"
    fi
}

demo_acquire() {
    local rate=200000 seconds=5 out=$root/out/demo
    while (($#)); do
        (($# > 1)) || die "demo: '$1' needs a value"
        case $1 in
            --rate) rate=$2 ;;
            --seconds) seconds=$2 ;;
            --out) out=$2 ;;
            *) die "demo takes --rate, --seconds, --out, or --replay with --layout and --out; got '$1'" ;;
        esac
        shift 2
    done
    build_all
    "$build/bin/acquire" --rate "$rate" --seconds "$seconds" --out "$out"
    "$venv/bin/python" "$root/bindings/python/examples/jitter_report.py" "$out"
}
