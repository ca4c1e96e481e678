# spoke_room(NAME [DIRS dir...] [USES target...])
#
# One room of the house: a static library from every *.cc of its folders, and a test program `NAME_test` from every
# *_test.cc beside them. A room links only what it uses, so a look downwards does not link; scripts/check-rooms says so
# for headers too.
add_custom_target(tests)  # all test programs

# What most files include, read once: a build from nothing takes a third less. Off in the release build, which so tells of
# includes that are missing. Rooms that know of no network have a set without it: its headers would have to be linked.
if(SPOKE_PCH)
  set(common <algorithm> <chrono> <deque> <exception> <filesystem> <functional> <map> <memory> <optional> <set> <string>
    <string_view> <unordered_map> <utility> <variant> <vector> <boost/json.hpp> <fmt/format.h>)
  set(network <boost/asio/any_io_executor.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp>
    <boost/asio/use_awaitable.hpp>)
  file(WRITE ${CMAKE_BINARY_DIR}/common.cc "")
  foreach(kind common network)
    add_library(spoke_pch_${kind} OBJECT ${CMAKE_BINARY_DIR}/common.cc)
    target_link_libraries(spoke_pch_${kind} PRIVATE Threads::Threads Boost::json yaml-cpp OpenSSL::SSL)
  endforeach()
  target_precompile_headers(spoke_pch_common PRIVATE ${common})
  target_precompile_headers(spoke_pch_network PRIVATE ${common} ${network})
endif()

function(spoke_use_pch target room)
  if(SPOKE_PCH AND room MATCHES "^(net|client|operator|store|api|control|node|cluster)$")
    target_precompile_headers(${target} REUSE_FROM spoke_pch_network)
  elseif(SPOKE_PCH AND NOT room STREQUAL base)
    target_precompile_headers(${target} REUSE_FROM spoke_pch_common)
  endif()
endfunction()

function(spoke_room name)
  cmake_parse_arguments(ARG "" "" "DIRS;USES" ${ARGN})
  set(sources)
  set(tests)
  foreach(dir IN LISTS ARG_DIRS)
    file(GLOB found CONFIGURE_DEPENDS ${dir}/*.cc)
    list(APPEND sources ${found})
    file(GLOB found CONFIGURE_DEPENDS ${dir}/*_test.cc)
    list(APPEND tests ${found})
  endforeach()
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()
  if(NOT sources)
    return()
  endif()
  string(REPLACE "/" "_" target ${name})
  add_library(spoke_${target} STATIC ${sources})
  target_include_directories(spoke_${target} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(spoke_${target} PUBLIC ${ARG_USES})
  spoke_use_pch(spoke_${target} ${target})
  if(SPOKE_TESTS AND tests)
    add_executable(${target}_test ${tests})
    target_link_libraries(${target}_test PRIVATE spoke_${target} GTest::gtest_main)
    spoke_use_pch(${target}_test ${target})
    target_compile_definitions(${target}_test PRIVATE SPOKE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    add_test(NAME ${target} COMMAND ${target}_test)
    set_tests_properties(${target} PROPERTIES TIMEOUT 300)
    add_dependencies(tests ${target}_test)
  endif()
endfunction()
