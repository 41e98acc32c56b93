# Temporary files that may be large: they are to go with their last use, however the process ends,
# and what could not be written or is gone must not be read as something else.

# A file of so many bytes to be: an environment with its `path`, removed with the last reference to
# it. Where the system allows it, the file has no name any more, and is freed even when the process
# is killed. Elsewhere its name tells whose it is, so that a later session can remove it.
new_temporary_file <- function(bytes) {
  remove_stale_files()
  file <- new.env(parent = emptyenv())
  file$bytes <- bytes
  file$path <- tempfile(sprintf("omic-%d-", Sys.getpid()), fileext = ".bin")
  if (!suppressWarnings(file.create(file$path))) abort_temporary_file(file, "cannot be written")
  unlinked <- core_unlinked_file(file$path)
  file$holder <- unlinked$holder
  if (is.null(unlinked)) {
    reg.finalizer(file, \(file) unlink(file$path), onexit = TRUE)
  } else {
    file$path <- unlinked$path
  }
  file
}

# Files of sessions that were killed, beside this session's folder. Not on Windows, where R cannot
# ask whether a process lives.
remove_stale_files <- function(folder = dirname(tempdir())) {
  if (.Platform$OS.type == "windows") return(invisible())
  files <- Sys.glob(file.path(folder, "Rtmp*", "omic-*-*.bin"))
  process <- as.integer(sub("^omic-([0-9]+)-.*", "\\1", basename(files)))
  dead <- !is.na(process) & !vapply(process, is_process, NA)
  ours <- dead & file.access(files, 2) == 0
  if (!any(ours)) return(invisible())
  size <- sum(file.size(files[ours]))
  unlink(files[ours])
  removed <- files[ours][!file.exists(files[ours])]
  cli::cli_inform(c("i" = "Removed {length(removed)} temporary file{?s} of sessions that were
                           killed ({format_bytes(size)})."))
}

is_process <- \(id) id == Sys.getpid() || tools::pskill(id, 0)

check_file_size <- function(file) {
  size <- file.size(file$path)
  if (identical(size, file$bytes)) return(invisible())
  if (is.na(size)) abort_temporary_file(file, "is gone")
  abort_temporary_file(file, paste("has", format_bytes(size)))
}

abort_temporary_file <- function(file, problem) {
  cli::cli_abort(c(
    "The temporary file of an omic on disk {problem}; it needs {format_bytes(file$bytes)}.",
    "x" = "It is in {.file {tempdir()}}.",
    "i" = "Free space there, or start R with the environment variable {.envvar TMPDIR} set to a
           folder with more."
  ), call = NULL)
}

format_bytes <- function(bytes) {
  power <- max(0, min(floor(log(max(bytes, 1), 1000)), 4))
  paste(signif(bytes / 1000^power, 3), c("bytes", "kB", "MB", "GB", "TB")[power + 1])
}
