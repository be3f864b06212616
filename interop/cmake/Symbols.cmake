# Compares the dynamic symbols that LIBRARY defines, with their version nodes, with the lines of GOLDEN; with UPDATE, writes GOLDEN.
execute_process(COMMAND ${NM} -D --defined-only --with-symbol-versions ${LIBRARY}
    OUTPUT_VARIABLE table COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^ \n]+\n" names "${table}")
list(SORT names)
list(JOIN names "" actual)
if(UPDATE)
    file(WRITE ${GOLDEN} "${actual}")
    return()
endif()
file(READ ${GOLDEN} expected)
if(NOT actual STREQUAL expected)
    string(REGEX MATCHALL "[^\n]+\n" expected_names "${expected}")
    set(added ${names})
    list(REMOVE_ITEM added ${expected_names})
    set(removed ${expected_names})
    list(REMOVE_ITEM removed ${names})
    list(JOIN added "  " added)
    list(JOIN removed "  " removed)
    message(FATAL_ERROR "${LIBRARY} does not export what ${GOLDEN} lists.\n"
        "Only in the library:\n  ${added}\nOnly in the list:\n  ${removed}\n"
        "Where that is meant, run: cmake --build build --target update-abi")
endif()
