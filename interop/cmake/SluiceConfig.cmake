# find_package(Sluice) for the staged or installed tree this file lies in (lib/cmake/Sluice):
#   Sluice::sluice  libsluice.so.1 with its headers; the loader picks the image for the processor
#   Sluice::cpp     the same for C++17, with sluice.hpp
#   Sluice::static  libsluice.a, the image that runs on every processor, and nothing to carry along
#   Sluice::cpp_static  the same for C++17
#   Sluice::ring    the inline ring alone, no library
include(CMakeFindDependencyMacro)
find_dependency(Threads)

get_filename_component(_sluice_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET Sluice::ring)
    add_library(Sluice::ring INTERFACE IMPORTED)
    set_target_properties(Sluice::ring PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES "${_sluice_prefix}/include"
        INTERFACE_LINK_LIBRARIES Threads::Threads)

    add_library(Sluice::sluice SHARED IMPORTED)
    set_target_properties(Sluice::sluice PROPERTIES
        IMPORTED_LOCATION "${_sluice_prefix}/lib/libsluice.so.1"
        IMPORTED_SONAME libsluice.so.1
        INTERFACE_LINK_LIBRARIES Sluice::ring)

    add_library(Sluice::cpp INTERFACE IMPORTED)
    set_target_properties(Sluice::cpp PROPERTIES
        INTERFACE_COMPILE_FEATURES cxx_std_17
        INTERFACE_LINK_LIBRARIES Sluice::sluice)

    if(EXISTS "${_sluice_prefix}/lib/libsluice.a")
        add_library(Sluice::static STATIC IMPORTED)
        set_target_properties(Sluice::static PROPERTIES
            IMPORTED_LOCATION "${_sluice_prefix}/lib/libsluice.a"
            INTERFACE_LINK_LIBRARIES "Sluice::ring;dl;rt;m")

        add_library(Sluice::cpp_static INTERFACE IMPORTED)
        set_target_properties(Sluice::cpp_static PROPERTIES
            INTERFACE_COMPILE_FEATURES cxx_std_17
            INTERFACE_LINK_LIBRARIES Sluice::static)
    endif()
endif()
unset(_sluice_prefix)
