# tautline_rtl_test(): one Verilated module, or flat wrapper, under GoogleTest.

if(BUILD_TESTING AND TAUTLINE_BUILD_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

# tautline_rtl_test(
#   NAME <test>              program and CTest label; test names are <test>/<Suite>.<Case>
#   TOP <module>             the class is V<module>
#   RTL <files...>           packages first; relative to the current directory or to the repository
#   TEST <sources...>
#   [PARAMS Name=value ...]  [INCLUDES <dirs...>]  [ARGS <Verilator arguments...>]
#   [LIBS <targets...>]      linked beside GTest::gtest_main
#   [TIMEOUT <seconds>])     of one test case, default 300
function(tautline_rtl_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;TOP;TIMEOUT" "RTL;TEST;PARAMS;INCLUDES;ARGS;LIBS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_NAME OR NOT arg_TEST)
    message(FATAL_ERROR "tautline_rtl_test(${arg_NAME}): NAME, TOP, RTL and TEST are needed; not "
                        "understood: '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT BUILD_TESTING OR NOT TAUTLINE_BUILD_TESTS OR NOT TAUTLINE_RTL_TESTS)
    return()
  endif()
  tautline_verilate(${arg_NAME}_model TOP ${arg_TOP} RTL ${arg_RTL} PARAMS ${arg_PARAMS}
                    INCLUDES ${arg_INCLUDES} ARGS ${arg_ARGS})
  add_executable(${arg_NAME} ${arg_TEST})
  target_link_libraries(${arg_NAME} PRIVATE ${arg_NAME}_model ${arg_LIBS} GTest::gtest
                                            GTest::gtest_main)
  target_include_directories(${arg_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support)
  tautline_discover_tests(${arg_NAME} LABELS rtl TIMEOUT ${arg_TIMEOUT})
endfunction()

# tautline_discover_tests(<target> [LABELS ...] [TIMEOUT <seconds>]): its cases as CTest tests. They are
# listed when CTest starts, not at build time: a program that cannot start fails there, not the build.
# A timeout ends what hangs, so it is long: on two cores with other work a test takes ten times its time.
function(tautline_discover_tests TARGET)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  set_target_properties(${TARGET} PROPERTIES
                        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bin)
  gtest_discover_tests(${TARGET}
    TEST_PREFIX ${TARGET}/
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 120
    WORKING_DIRECTORY ${PROJECT_BINARY_DIR}
    PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()
