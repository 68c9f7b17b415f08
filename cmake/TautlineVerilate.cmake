# tautline_verilate(TARGET TOP <module> RTL <files> ...): SystemVerilog to a static library.
#
# Verilator runs at build time, so a tree configures whatever state its RTL is in; its output is
# compiled as ordinary sources of the target, so ninja schedules it and ccache keeps it.

find_program(VERILATOR verilator REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
if(NOT VERILATOR_ROOT)
  execute_process(COMMAND ${VERILATOR} --getenv VERILATOR_ROOT OUTPUT_VARIABLE verilator_root
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(VERILATOR_ROOT ${verilator_root} CACHE PATH "Where Verilator keeps its runtime")
endif()

# Clang makes a model half as fast again as GCC does, in half the time; it is used for the hot part of
# FAST models whatever compiles the rest.
find_program(TAUTLINE_MODEL_CXX NAMES clang++-19 clang++ DOC "Compiler of the fast board model")

# Generated code and its runtime are compiled as in any other tree, sanitized or not, so a compiler cache
# has them.
set(tautline_model_flags -w -g0)
function(tautline_without_sanitizers TARGET)
  get_target_property(options ${TARGET} COMPILE_OPTIONS)
  list(REMOVE_ITEM options ${TAUTLINE_SANITIZE_OPTIONS})
  set_property(TARGET ${TARGET} PROPERTY COMPILE_OPTIONS ${options})
endfunction()

# The runtime, compiled once; _fst adds the waveform writer.
foreach(variant IN ITEMS "" _fst)
  add_library(tautline_verilated${variant} STATIC EXCLUDE_FROM_ALL
              ${VERILATOR_ROOT}/include/verilated.cpp
              ${VERILATOR_ROOT}/include/verilated_threads.cpp)
  target_include_directories(tautline_verilated${variant} SYSTEM PUBLIC
                             ${VERILATOR_ROOT}/include ${VERILATOR_ROOT}/include/vltstd)
  target_compile_options(tautline_verilated${variant} PRIVATE ${tautline_model_flags} -O2)
  tautline_without_sanitizers(tautline_verilated${variant})
  target_compile_definitions(tautline_verilated${variant} PUBLIC
                             VM_SC=0 VM_COVERAGE=0 VM_TRACE_VCD=0 VL_TIME_CONTEXT)
  target_link_libraries(tautline_verilated${variant} PUBLIC Threads::Threads)
endforeach()
target_compile_definitions(tautline_verilated PUBLIC VM_TRACE=0 VM_TRACE_FST=0)
target_compile_definitions(tautline_verilated_fst PUBLIC VM_TRACE=1 VM_TRACE_FST=1)
target_sources(tautline_verilated_fst PRIVATE ${VERILATOR_ROOT}/include/verilated_fst_c.cpp)
target_link_libraries(tautline_verilated_fst PUBLIC z)

# Reads a list of sources (paths relative to the repository, one a line, `//` or `#` comments).
function(tautline_rtl_files OUT LIST)
  file(STRINGS ${LIST} lines)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${LIST})
  set(files "")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "(//|#).*" "" line "${line}")
    string(STRIP "${line}" line)
    if(line)
      list(APPEND files ${PROJECT_SOURCE_DIR}/${line})
    endif()
  endforeach()
  set(${OUT} ${files} PARENT_SCOPE)
endfunction()

# tautline_verilate(<target>
#   TOP <module>             also names the class V<module>
#   RTL <files...>           in order; relative to the current directory or to the repository
#   [PREFIX <class>]         instead of V<module>, for two sets of parameters in one program
#   [PARAMS Name=value ...]  of the top module
#   [INCLUDES <dirs...>]     beside rtl/common
#   [ARGS <args...>]         for Verilator
#   [PARTS <n>]              compile the model in n parts (default 1)
#   [FAST]                   -O3, no assertions, unknowns as is fastest: for demo and bench. Inputs may
#                            change only while `clk` is low
#   [FST])                   with the FST waveform writer
function(tautline_verilate TARGET)
  cmake_parse_arguments(PARSE_ARGV 1 arg "FAST;FST" "TOP;PREFIX;PARTS" "RTL;PARAMS;INCLUDES;ARGS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_TOP OR NOT arg_RTL)
    message(FATAL_ERROR "tautline_verilate(${TARGET}): TOP and RTL are needed; not understood: "
                        "'${arg_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT arg_PREFIX)
    set(arg_PREFIX V${arg_TOP})
  endif()
  if(NOT arg_PARTS)
    set(arg_PARTS 1)
  endif()

  set(sources "")
  foreach(file IN LISTS arg_RTL)
    if(NOT IS_ABSOLUTE ${file})
      if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
        set(file ${CMAKE_CURRENT_SOURCE_DIR}/${file})
      else()
        set(file ${PROJECT_SOURCE_DIR}/${file})
      endif()
    endif()
    list(APPEND sources ${file})
  endforeach()
  # Named from the root: what is generated, assertion messages too, is the same in every checkout, so one
  # compiler cache serves them all.
  set(source_args "")
  foreach(file IN LISTS sources)
    cmake_path(RELATIVE_PATH file BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
    list(APPEND source_args ${file})
  endforeach()

  set(dir ${CMAKE_CURRENT_BINARY_DIR}/${TARGET}.verilated)
  set(args --cc -Wall --no-timing --top-module ${arg_TOP} --prefix ${arg_PREFIX}
           --Mdir ${dir} -Irtl/common)
  foreach(include IN LISTS arg_INCLUDES)
    cmake_path(ABSOLUTE_PATH include BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    cmake_path(RELATIVE_PATH include BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
    list(APPEND args -I${include})
  endforeach()
  foreach(param IN LISTS arg_PARAMS)
    list(APPEND args -G${param})
  endforeach()
  if(arg_FAST)
    list(APPEND args -O3 --noassert --x-assign fast --x-initial fast)
  else()
    list(APPEND args -O2 --assert --x-assign unique --x-initial unique)
  endif()
  if(arg_FST)
    list(APPEND args --trace-fst)
  endif()
  if(arg_PARTS GREATER 1)
    list(APPEND args --output-split 20000)
  endif()
  list(APPEND args ${arg_ARGS} ${source_args})

  set(options "")
  if(arg_FAST)
    list(APPEND options --settle-while-low clk)
  endif()

  set(generated "")
  math(EXPR last "${arg_PARTS} - 1")
  foreach(part RANGE ${last})
    list(APPEND generated ${dir}/fast_${part}.cpp)
  endforeach()
  set(slow ${dir}/slow.cpp)
  add_custom_command(
    OUTPUT ${generated} ${slow}
    BYPRODUCTS ${dir}/${arg_PREFIX}.h
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/cmake/verilate.py
            --directory ${dir} --prefix ${arg_PREFIX} --parts ${arg_PARTS} ${options}
            --depfile ${dir}/verilate.d -- ${VERILATOR} ${args}
    DEPENDS ${sources} ${PROJECT_SOURCE_DIR}/cmake/verilate.py
    DEPFILE ${dir}/verilate.d
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    COMMENT "Verilating ${arg_TOP} for ${TARGET}"
    VERBATIM)

  set(hot ${generated})
  if(arg_FAST AND TAUTLINE_MODEL_CXX AND NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    set(hot "")
    foreach(source IN LISTS generated)
      add_custom_command(
        OUTPUT ${source}.o
        COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${TAUTLINE_MODEL_CXX} -std=c++20 -w -O2 -fPIC
                -fno-strict-aliasing $<$<BOOL:${TAUTLINE_NATIVE}>:-march=native>
                -DVM_SC=0 -DVM_COVERAGE=0 -DVM_TRACE_VCD=0 -DVM_TRACE=$<BOOL:${arg_FST}>
                -DVM_TRACE_FST=$<BOOL:${arg_FST}> -DVL_TIME_CONTEXT
                -I${dir} -I${VERILATOR_ROOT}/include -I${VERILATOR_ROOT}/include/vltstd
                -c ${source} -o ${source}.o
        DEPENDS ${source}
        COMMENT "Building ${source}.o"
        VERBATIM)
      list(APPEND hot ${source}.o)
    endforeach()
    set_source_files_properties(${hot} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  endif()

  add_library(${TARGET} STATIC EXCLUDE_FROM_ALL ${hot} ${slow})
  set_target_properties(${TARGET} PROPERTIES EXPORT_COMPILE_COMMANDS OFF)
  target_include_directories(${TARGET} SYSTEM PUBLIC ${dir})
  target_compile_options(${TARGET} PRIVATE ${tautline_model_flags})
  tautline_without_sanitizers(${TARGET})
  if(arg_FAST)
    set_source_files_properties(${generated} PROPERTIES COMPILE_OPTIONS "-O3;-fno-strict-aliasing")
    if(TAUTLINE_NATIVE)
      target_compile_options(${TARGET} PRIVATE -march=native)
    endif()
  else()
    set_source_files_properties(${generated} PROPERTIES COMPILE_OPTIONS "-O1")
  endif()
  # Constructors and settling run once.
  set_source_files_properties(${slow} PROPERTIES COMPILE_OPTIONS "-O0")
  if(arg_FST)
    target_link_libraries(${TARGET} PUBLIC tautline_verilated_fst)
  else()
    target_link_libraries(${TARGET} PUBLIC tautline_verilated)
  endif()
endfunction()
