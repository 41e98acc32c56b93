#' What the engine computes with
#'
#' The package is compiled for any processor of its kind. Its hot loops are compiled again for newer
#' instruction sets, and the best that the processor has is chosen when first used. The environment
#' variable `OMICPOEMS_SIMD` (`"baseline"`, `"avx2"` or `"avx512"`), set before the package's first
#' computation, asks for a lower level. Fits at different levels differ by rounding only.
#'
#' Newer instruction sets are those of 64-bit x86 processors, on Linux and macOS. On Windows there
#' is the baseline alone: its compiler does not align on the stack what AVX needs aligned (GCC bug
#' 54412), and the program would crash. Results differ by rounding only there, and take longer.
#'
#' @return A list of class `poems_engine`: `level`, the instruction set in use; `dispatch`, whether
#'   there are others than the baseline to choose from; and `threads`, the default number of threads
#'   of a fit.
#'
#' @section Threads:
#' Fits on different numbers of threads are identical. The threads are the package's own. Those that
#' have nothing to do sleep, no work waits for one that the system does not run, and where sharing
#' work loses time, as beside another busy process, it is not shared for a while. A process forked
#' from R, as by [parallel::mclapply()], computes on one thread, since it is there to share the
#' cores with its like.
#'
#' @section Errors:
#' None.
#'
#' @source Written for this package; the decoder it speeds up is that of Kocak Balik et al. (2025),
#'   \doi{10.48550/arXiv.2511.03464}.
#' @examples
#' poems_engine()
#' @export
poems_engine <- function() {
  cpu <- core_cpu()
  structure(
    list(level = cpu$level, dispatch = cpu$dispatch,
         threads = unname(parallelly::availableCores())),
    class = "poems_engine"
  )
}

#' @export
print.poems_engine <- function(x, ...) {
  cli::cat_line(sprintf(
    "Instruction set %s, %d thread%s", x$level, x$threads, if (x$threads == 1) "" else "s"
  ))
  if (!x$dispatch) {
    cli::cat_line(
      "No other instruction set is compiled for this system; see `?poems_engine`.", col = "grey"
    )
  }
  invisible(x)
}
