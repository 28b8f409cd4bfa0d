# The light build (-DPHOTOFINISH_ENGINE=OFF): timing and comparing of any commands, and the parts of core that need no
# engine, without its libraries. What is in it stands here and nowhere else; everything else is left out.
option(PHOTOFINISH_ENGINE "Build the scoring engine and all that runs it" ON)

# Sources: whole rooms (folders), then single files of rooms that are split, as regular expressions over paths from the
# root. A room that is listed here needs no engine, and neither may what is added to it.
set(light_core
    "core/(base|trace|dataset|exec)/[a-z_]*\\.c"
    "core/gpu/gpu_(library|look|ranges)\\.c")
set(light_core_not # of these folders: what needs the engine, or stands in for parts of it in other builds
    "core/base/(yaml_file|yaml_complaint|network_absent)\\.c"
    "core/exec/(burst_worker|crew|half_tolerance|intake|pose_service|result_table|photo_pipe)\\.c")
set(light_datasets
    "datasets/dataset_store\\.c") # where data lie
set(light_harness
    "harness/(stats|launcher|base|machine|doctor|bench|micro|history|report)/[a-z_]*\\.cc?"
    "harness/cli/(absent|cli|cmd_completion|completions|described|help_topics|man_page|options|parameters|profile_delivery|progress_choice|record_keeping|timed_request)\\.c"
    "harness/cli/cmd_(bench|compare_commands|doctor|export|history|profile|report|time)\\.c"
    "harness/counters/(counter_(names|perf|plan|topdown)|trial_counters)\\.c"
    "harness/trial/(frames|observer|occupancy|refusals|trial_figures)\\.c"
    "harness/run/(decision|run_status)\\.c"
    "harness/profile/(flame_graph|flame_graph_script|perf_sampler|preloaded_sampler|process_maps|profile|profile_command|profile_pprof|profile_text_files|profile_tree|profiler|sample_stacks|sample_tags|symbols)\\.c"
    "harness/record/(bench|bench_counters|capabilities|comparison|containment|decision|doctor|environment|interval|observer)_json\\.c"
    "harness/record/(caveats|machine_id|machine_json|notebook_parts|record_head|record_kind|record_load)\\.c"
    "harness/scores/tolerance_text\\.c"
    "harness/export/export_[a-z]*\\.c"
    "harness/progress/progress\\.c"
    "harness/show/(bench_counters|bench_table|comparison_lines|doctor_table|history_table|micro_table|observer_lines|profile_table)\\.c")
# Public headers whose functions are in the library, with what they include.
set(light_headers gpu instruction_sets status device_work hop file containment stage trace span_report spans dataset framed_pipe placement side_thread thread_context workload)
# Unit tests, and command lines of tests/cli/cases/.
set(light_tests
    "unit/test_(bench|doctor|escape|file|named_files|status|text)\\.c"
    "unit/test_(parameters|profile|quantity|thread_context)\\.c"
    "unit/test_(span_report|spans)\\.c"
    "unit/test_(framed_pipe|pool|pool_feed|side_thread|threads)\\.c"
    "unit/test_(binomial|eta|histogram|order_statistics|resampling|sample_faults|shuffle|student|usl|words)\\.c")
set(light_test_helpers "unit/(noise|shared_memory|temp_folder|undisturbed)\\.c")
set(light_cases light/absent compare_commands doctor time)

# Keeps of `list` what matches one of `in` and none of `out` (names of lists).
function(photofinish_keep list in)
  set(kept)
  foreach(pattern ${${in}}) # one by one: CMake's expressions hold few parentheses
    set(paths ${${list}})
    list(FILTER paths INCLUDE REGEX "/${pattern}$")
    list(APPEND kept ${paths})
  endforeach()
  foreach(pattern ${${ARGN}})
    list(FILTER kept EXCLUDE REGEX "/${pattern}$")
  endforeach()
  list(REMOVE_DUPLICATES kept)
  set(${list} ${kept} PARENT_SCOPE)
endfunction()

if(NOT PHOTOFINISH_ENGINE)
  set(build_contents
      "in: timing and comparing of commands, doctor, history and exports of records"
      "out: engine, datasets and variants (PHOTOFINISH_ENGINE is off)")
endif()

# Generates build_contents.c: the lines of build_contents, and the commands whose sources are in list `all` but not in
# list `kept`.
function(photofinish_build_contents all kept)
  set(left_out ${${all}})
  list(REMOVE_ITEM left_out ${${kept}})
  set(absent_functions "")
  set(absent_names "")
  foreach(source ${left_out})
    file(STRINGS ${source} lines REGEX "^int pf_cmd_[a-z_]+\\(const pf_command")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    foreach(line ${lines})
      string(REGEX REPLACE "^int pf_cmd_([a-z_]+).*" "\\1" name "${line}")
      string(APPEND absent_functions "int pf_cmd_${name}(const pf_command *command, int argc, char **argv)\n{\n"
                                     "\t(void)argc;\n\t(void)argv;\n\treturn pf_absent(command);\n}\n\n")
      string(APPEND absent_names "\t\"${name}\",\n")
    endforeach()
  endforeach()
  if(NOT PHOTOFINISH_ENGINE) # no runs: no journals of theirs
    string(APPEND absent_functions "void pf_recover_journals(void)\n{\n}\n\nvoid pf_tuned_print(FILE *stream)\n{\n\t(void)stream;\n}\n")
  endif()
  list(JOIN build_contents "\\n" lines)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/build_contents.c @ONLY CONTENT
"/* Generated by scripts/light.cmake: what is in this build, and what is not. */
#include \"harness/cli/absent.h\"
#include \"harness/cli/commands.h\"
#include \"harness/cli/journal_recovery.h\"
#include \"harness/cli/tuned_args.h\"

const char pf_build_contents[] = \"@lines@\";

const char *const pf_absent_commands[] = {
@absent_names@	NULL,
};

@absent_functions@")
endfunction()
