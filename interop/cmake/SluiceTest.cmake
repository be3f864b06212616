# How C tests are registered with CTest.
#
#   sluice_abi_test(NAME SOURCES files... [STATIC] [ARGS ...] [ENVIRONMENT ...])
#   sluice_abi_test(NAME PROGRAM target [ARGS ...] [ENVIRONMENT ...])
#       A program over sluice.h, linked with the library (or its static twin), or one more run of it. CTest name: abi.NAME
#
#   sluice_ring_test(NAME SOURCES files... [SANITIZERS thread address] [ARGS ...])
#       A program over ring.h alone. CTest names: native.NAME, and native.NAME.thread, native.NAME.address for the sanitizers.
#
# A test that returns 77 is skipped; it prints why. SLUICE_LONG=1 in the environment asks for the long form; `./run test` sets
# the time limit, which the long form raises.

# ThreadSanitizer needs its address ranges free; where the kernel randomises more than it expects, the test runs without.
set(SLUICE_TSAN_LAUNCHER "")
find_program(SETARCH setarch)
if(SETARCH)
    execute_process(COMMAND ${SETARCH} -R true RESULT_VARIABLE setarch_result OUTPUT_QUIET ERROR_QUIET)
    if(setarch_result EQUAL 0)
        set(SLUICE_TSAN_LAUNCHER ${SETARCH} -R)
    endif()
endif()

# valgrind's memcheck, as a launcher: exit status 9 for a wrong access and for memory that nothing refers to any more. The blocks
# that the runtime keeps until the process ends are reachable. Its processor has no AVX-512: the loader takes a lower image.
find_program(SLUICE_VALGRIND valgrind)
set(SLUICE_MEMCHECK ${SLUICE_VALGRIND} --quiet --trace-children=yes --leak-check=full --error-exitcode=9
    --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect
    --suppressions=${CMAKE_CURRENT_LIST_DIR}/memcheck.supp)

function(_sluice_test_program target link sanitizer)
    add_executable(${target} ${ARGN})
    target_link_libraries(${target} PRIVATE ${link} Threads::Threads)
    target_compile_definitions(${target} PRIVATE SLUICE_TEST_VERSION="${PROJECT_VERSION}")
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support)
    # Assertions are what a test is for: they stay in release builds.
    target_compile_options(${target} PRIVATE -UNDEBUG)
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    if(sanitizer)
        target_compile_options(${target} PRIVATE -fsanitize=${sanitizer} -O1 -g -fno-omit-frame-pointer)
        target_link_options(${target} PRIVATE -fsanitize=${sanitizer})
    endif()
    if(sanitizer STREQUAL "thread")
        # A copy that the compiler expands is not seen by ThreadSanitizer; a call of memcpy is.
        target_compile_options(${target} PRIVATE -fno-builtin)
    endif()
endfunction()

function(_sluice_add_test name)
    add_test(NAME ${name} COMMAND ${ARGN})
    set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)
endfunction()

# A broken twin: passes when the program notices its fault and exits with `code`, in one of ten runs: on a busy machine the threads
# of one may never meet. Never in the long form.
function(_sluice_caught name code)
    set(script "for run in 1 2 3 4 5 6 7 8 9 10; do \"$@\"; code=$?; echo \"run $run: exit $code\"; test $code -ne ${code} || exit 0; done; exit 1")
    add_test(NAME ${name} COMMAND sh -c "${script}" sh ${ARGN})
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "TSAN_OPTIONS=halt_on_error=1:exitcode=66;SLUICE_LONG=0")
endfunction()

function(sluice_abi_test name)
    cmake_parse_arguments(PARSE_ARGV 1 test "STATIC" "PROGRAM" "SOURCES;ARGS;ENVIRONMENT")
    if(test_SOURCES)
        set(test_PROGRAM abi_${name})
        set(library Sluice::sluice)
        if(test_STATIC)
            set(library Sluice::static)
        endif()
        _sluice_test_program(${test_PROGRAM} ${library} "" ${test_SOURCES})
    endif()
    _sluice_add_test(abi.${name} ${test_PROGRAM} ${test_ARGS})
    if(test_ENVIRONMENT)
        set_tests_properties(abi.${name} PROPERTIES ENVIRONMENT "${test_ENVIRONMENT}")
    endif()
endfunction()

function(sluice_ring_test name)
    cmake_parse_arguments(PARSE_ARGV 1 test "" "" "SOURCES;SANITIZERS;ARGS")
    _sluice_test_program(native_${name} Sluice::ring "" ${test_SOURCES})
    _sluice_add_test(native.${name} native_${name} ${test_ARGS})
    foreach(sanitizer ${test_SANITIZERS})
        set(target native_${name}_${sanitizer})
        _sluice_test_program(${target} Sluice::ring ${sanitizer} ${test_SOURCES})
        set(launcher "")
        if(sanitizer STREQUAL "thread")
            set(launcher ${SLUICE_TSAN_LAUNCHER})
        endif()
        _sluice_add_test(native.${name}.${sanitizer} ${launcher} $<TARGET_FILE:${target}> ${test_ARGS})
        set_tests_properties(native.${name}.${sanitizer} PROPERTIES ENVIRONMENT
            "TSAN_OPTIONS=halt_on_error=1;ASAN_OPTIONS=detect_leaks=1;SLUICE_SANITIZER=${sanitizer}")
    endforeach()
endfunction()
