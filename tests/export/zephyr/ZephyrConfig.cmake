# As much of Zephyr's build as an application here uses: its library `app`, the modules that it
# names, and zephyr/zephyr.elf. Start-up, UART and memory are those of examples/own_firmware.
project(Zephyr-Stand-In C)

set(HERE ${CMAKE_CURRENT_LIST_DIR})
set(BOARD ${HERE}/../../../examples/own_firmware)

# The options that prj.conf sets, which Kconfig would check.
file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/prj.conf settings REGEX "^CONFIG_[A-Z0-9_]+=")
foreach(setting ${settings})
  string(REGEX MATCH "^(CONFIG_[A-Z0-9_]+)=(.*)$" _ ${setting})
  set(${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
endforeach()

add_library(zephyr_interface INTERFACE)
target_include_directories(zephyr_interface INTERFACE ${HERE}/include)
target_compile_options(zephyr_interface INTERFACE
  -std=c11 -Wall -Wextra -Werror -ffunction-sections -fdata-sections)
add_library(app STATIC ${HERE}/uart.c)
target_link_libraries(app PUBLIC zephyr_interface)
target_include_directories(app PRIVATE ${BOARD})
add_executable(zephyr_final ${BOARD}/board.c)
set_target_properties(zephyr_final PROPERTIES OUTPUT_NAME zephyr SUFFIX .elf
  RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/zephyr)
target_link_libraries(zephyr_final PRIVATE app)
target_link_options(zephyr_final PRIVATE
  --specs=nosys.specs -nostartfiles -Wl,--gc-sections -T ${BOARD}/link.ld)

macro(zephyr_library_named name)
  set(ZEPHYR_CURRENT_LIBRARY ${name})
  add_library(${name} STATIC)
  target_link_libraries(${name} PUBLIC zephyr_interface)
  target_link_libraries(app PUBLIC ${name})
endmacro()
macro(zephyr_library_sources)
  target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endmacro()
macro(zephyr_include_directories folder)
  get_filename_component(full ${folder} ABSOLUTE)
  target_include_directories(zephyr_interface INTERFACE ${full})
endmacro()
foreach(module ${ZEPHYR_EXTRA_MODULES})
  add_subdirectory(${module}/zephyr modules/model)
endforeach()
