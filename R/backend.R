# What trains a model: the package's own core, or package torch, which is looked for when it is
# asked for.

# Stops where what `control` asks for cannot be had here. `checkpoint`: of poems().
check_backend <- function(control, checkpoint, call = rlang::caller_env()) {
  if (control$backend == "core") return(invisible())
  if (!is.null(checkpoint)) {
    cli::cli_abort(c(
      "{.arg checkpoint} is only for {.code backend = \"core\"}.",
      "x" = "The backend is \"torch\", whose training cannot be taken up again.",
      "i" = "Leave out {.arg checkpoint}, or {.code backend}."
    ), call = call)
  }
  check_torch(call)
  if (!has_device(control$device)) {
    cli::cli_abort(c(
      "torch has no {.code device = \"{control$device}\"} here.",
      "i" = switch(control$device,
        cuda = "It needs a card of NVIDIA, its driver, and a libtorch for CUDA: see
                {.fn torch::install_torch}.",
        mps = "It is that of Apple's own processors, on macOS."
      ),
      "i" = "{.code device = \"cpu\"} is there everywhere."
    ), call = call)
  }
}

check_torch <- function(call) {
  installed <- has_torch()
  if (installed && has_libtorch()) return(invisible())
  cli::cli_abort(c(
    "{.code backend = \"torch\"} needs package torch with its library, libtorch.",
    "x" = if (installed) "The package is installed, and the library is not." else
      "The package is not installed.",
    "i" = if (installed) "Install it with {.code torch::install_torch()}." else
      "Install them with {.code install.packages(\"torch\")} and
       {.code torch::install_torch()}."
  ), call = call)
}

has_torch <- \() rlang::is_installed("torch (>= 0.11.0)")

# Loading torch draws from R's random numbers.
has_libtorch <- \() withr::with_preserve_seed(torch::torch_is_installed())

has_device <- function(device) {
  switch(device, cpu = TRUE, cuda = torch::cuda_is_available(),
         mps = torch::backends_mps_is_available())
}

# Trains by the backend that `settings` name; the other arguments are as core_train() takes them.
train_by_backend <- function(cohort, config, noise, settings, reporter, start, omics, members) {
  if (settings$backend == "core") {
    return(allowInterrupts(core_train(
      cohort, config, noise, settings, reporter, start$parameters, as.list(start$misplaced),
      members, member_odds
    )))
  }
  parameters <- start$parameters
  if (is.null(parameters)) parameters <- core_initial_parameters(config, noise, settings$seed)
  # Interrupts wait: they are asked for after every batch.
  torch_train(cohort, config, settings, reporter, parameters, as.list(start$misplaced),
              lapply(unname(omics), `[[`, "link"), members, member_odds)
}
