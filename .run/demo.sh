# The demo: the C host program acquires (or replays a recorded run), and the Python script looks at what it wrote.

run_demo() {
    local argument replay=
    for argument in "$@"; do
        [[ $argument != --replay ]] || replay=1
    done
    if [[ -n $replay ]]; then
        demo_replay "$@"
    else
        demo_acquire "$@"
    fi
}

demo_replay() {
    local file= layout= out= arguments=()
    while (($#)); do
        if [[ $1 == --layout-header ]]; then
            arguments+=("$1")
            shift
            continue
        fi
        (($# > 1)) || die "demo: '$1' needs a value"
        case $1 in
            --replay) file=$2 ;;
            --layout) layout=$2 ;;
            --out) out=$2 ;;
            --separator | --header) arguments+=("$1" "$2") ;;
            *) die "demo --replay FILE takes --layout, --out, --separator, --header, --layout-header; got '$1'" ;;
        esac
        shift 2
    done
    [[ -n $layout && -n $out ]] || die "demo --replay FILE needs --layout and --out"
    [[ -f $file ]] || die "demo: there is no file '$file'"
    build_all
    "$build/bin/replay" "$file" --layout "$layout" --out "$out" "${arguments[@]}"
}

demo_acquire() {
    local rate=200000 seconds=5 out=
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
    # Without --out every run gets a folder of its own: nothing is ever overwritten.
    [[ -n $out ]] || out=$root/out/$(date +%Y%m%d-%H%M%S)
    build_all
    "$build/bin/acquire" --rate "$rate" --seconds "$seconds" --out "$out"
    "$venv/bin/python" "$root/bindings/python/examples/jitter_report.py" "$out"
}
