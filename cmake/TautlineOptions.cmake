# Options, language, warnings, tools. Applies to everything below the root.

set(TAUTLINE_SANITIZE "" CACHE STRING "Sanitizers for C++ outside the models, e.g. address,undefined")
option(TAUTLINE_BUILD_TESTS "Build the tests" ON)
option(TAUTLINE_BUILD_BENCH "Build the benchmarks" ON)
option(TAUTLINE_BUILD_EXAMPLES "Build the examples" ON)
option(TAUTLINE_WERROR "Compiler warnings are errors" OFF)
option(TAUTLINE_NATIVE "Build the fast board model for this machine's processor" ON)
option(TAUTLINE_RTL_TESTS "Verilate and build the RTL unit tests" ON)

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)

find_program(TAUTLINE_CCACHE ccache)
if(TAUTLINE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TAUTLINE_CCACHE})
endif()

if(NOT DEFINED TAUTLINE_LINKER)
  find_program(TAUTLINE_MOLD mold)
  find_program(TAUTLINE_LLD NAMES ld.lld ld.lld-19)
  if(TAUTLINE_MOLD)
    set(linker mold)
  elseif(TAUTLINE_LLD)
    set(linker lld)
  else()
    set(linker "")
  endif()
  set(TAUTLINE_LINKER "${linker}" CACHE STRING "Linker given to -fuse-ld, empty for the default")
endif()
if(TAUTLINE_LINKER)
  add_link_options(-fuse-ld=${TAUTLINE_LINKER})
endif()

# Designated initialisers leave the rest at its default on purpose.
add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                    -Wno-missing-field-initializers)
if(TAUTLINE_WERROR)
  add_compile_options(-Werror)
endif()

if(TAUTLINE_SANITIZE)
  set(TAUTLINE_SANITIZE_OPTIONS -fsanitize=${TAUTLINE_SANITIZE} -fno-sanitize-recover=all
                                -fno-omit-frame-pointer)
  add_compile_options(${TAUTLINE_SANITIZE_OPTIONS})
  add_link_options(-fsanitize=${TAUTLINE_SANITIZE})
endif()

message(STATUS "Tautline ${PROJECT_VERSION}: ${CMAKE_BUILD_TYPE}, ccache '${TAUTLINE_CCACHE}', "
               "linker '${TAUTLINE_LINKER}', sanitize '${TAUTLINE_SANITIZE}'")
