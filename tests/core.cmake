# What every program on the core needs: its sources, Eigen and threads.
find_package(Threads REQUIRED)
find_package(Eigen3 QUIET NO_MODULE)
if(Eigen3_FOUND)
  get_target_property(EIGEN_INCLUDE Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
else()
  execute_process(COMMAND Rscript -e "cat(system.file('include', package = 'RcppEigen'))"
                  OUTPUT_VARIABLE EIGEN_INCLUDE)
endif()

# The rooms of src/; the files on top know R.
get_filename_component(CORE ${CMAKE_CURRENT_LIST_DIR}/../src ABSOLUTE)
file(GLOB CORE_SOURCES CONFIGURE_DEPENDS ${CORE}/*/*.cpp)
add_library(core STATIC ${CORE_SOURCES})
target_include_directories(core PUBLIC ${CORE})
target_include_directories(core SYSTEM PUBLIC ${EIGEN_INCLUDE})
target_compile_definitions(core PUBLIC EIGEN_DONT_PARALLELIZE)
target_compile_options(core PUBLIC -Wall -Wextra)
target_link_libraries(core PUBLIC Threads::Threads)
