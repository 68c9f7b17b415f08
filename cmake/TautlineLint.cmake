# Targets lint-rtl, format-check, format, tidy: what `scripts/test` asks of the sources.

set(lint ${PROJECT_SOURCE_DIR}/scripts/lint)
add_custom_target(lint-rtl COMMAND ${lint} rtl WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} USES_TERMINAL)
add_custom_target(format-check COMMAND ${lint} format WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
                  USES_TERMINAL)
add_custom_target(format COMMAND ${lint} format --fix WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
                  USES_TERMINAL)
add_custom_target(tidy COMMAND ${lint} tidy --build ${PROJECT_BINARY_DIR}
                  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} USES_TERMINAL)
