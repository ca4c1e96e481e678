# spoke_embed(TARGET FILE)
#
# Compiles a text file into a target as `spoke::embedded::NAME`, a std::string_view, where NAME is the file's name with
# every character that C++ does not take replaced by `_` (kubernetes.types: kubernetes_types). It is a generated source
# and not #embed, because ccache before 4.11 does not notice that an #embed'ed file has changed.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${FILE} text)
  file(WRITE ${OUTPUT} "#include <string_view>
namespace spoke::embedded {
extern const std::string_view ${NAME};
static constexpr char text[] = R\"embedded(${text})embedded\";
constinit const std::string_view ${NAME}{text, sizeof text - 1};
}
")
  return()
endif()

function(spoke_embed target file)
  get_filename_component(name ${file} NAME)
  string(MAKE_C_IDENTIFIER ${name} name)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded/${name}.cc)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DFILE=${file} -DNAME=${name} -DOUTPUT=${output} -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${file} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
