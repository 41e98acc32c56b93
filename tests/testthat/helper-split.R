# A linear world of omics with shared and private coordinates, and the fit of class "poems_split"
# that knows it exactly: its posteriors are those of the factor model that made the data. What reads
# fits is tested on it. split_world_works() stands in for the two functions that ask a model.

# Omic v is w_s s + w_v u_v + noise, with exact zeros: every feature has a loading on one shared
# coordinate, one private one, both or none. `lacking`: per omic, samples that do not have it.
split_world <- function(samples = 200, sizes = c(a = 40, b = 30), shared = 2,
                        private = c(a = 2, b = 3), noise = 0.5, lacking = list(), seed = 1) {
  withr::with_seed(seed, {
    names <- paste0("s", seq_len(samples))
    normal <- \(k) matrix(stats::rnorm(samples * k), samples, dimnames = list(names, NULL))
    z <- c(list(shared = normal(shared)), lapply(private, normal))
    loadings <- Map(\(features, own, omic) {
      w <- cbind(sparse_columns(features, shared), sparse_columns(features, own))
      dimnames(w) <- list(paste0(omic, seq_len(features)), c(
        sprintf("shared_%d", seq_len(shared)), sprintf("%s_%d", omic, seq_len(own))
      ))
      w
    }, sizes, private, names(sizes))
    omics <- Map(\(w, omic) {
      x <- w %*% t(cbind(z$shared, z[[omic]])) + noise * stats::rnorm(nrow(w) * samples)
      x[, setdiff(names, lacking[[omic]])] + 5
    }, loadings, names(loadings))
    list(omics = omics, z = z, loadings = loadings, noise = noise)
  })
}

# Half of the features have a loading on one of the columns.
sparse_columns <- function(rows, columns) {
  w <- matrix(0, rows, columns)
  if (columns == 0) return(w)
  has <- sample.int(rows, rows %/% 2)
  column <- rep_len(seq_len(columns), length(has))
  w[cbind(has, column)] <- sample(c(-1, 1), length(has), TRUE) * stats::runif(length(has), 0.7, 1.5)
  w
}

split_fit <- function(world) {
  data <- read_omics(world$omics, "columns")
  omics <- learn_scaling(data$data, "standardise") |>
    add_membership(data) |>
    add_reading(data, NULL)
  private <- vapply(names(omics), \(omic) ncol(world$z[[omic]]), 0L)
  width <- c(shared = ncol(world$z$shared), private)
  blocks <- Map(\(last, width) last - width + seq_len(width), cumsum(width), width)
  world$loadings <- Map(\(w, omic) w / omic$scale, world$loadings[names(omics)], omics)
  fit <- structure(
    list(
      method = "mmvae++", decoder = "sparse", completeness = 1, labels = NULL,
      shared = width[["shared"]], private = private, samples = data$samples, omics = omics,
      blocks = blocks, loadings = world$loadings,
      inclusion = lapply(world$loadings, \(w) 0.9 * (w != 0) + 0.05),
      history = data.frame(epoch = 1:3, training = c(3, 2, 1.5), validation = c(3.1, 2.2, 2.3)),
      best_epoch = 2L, stopped = "converged", validation = data$samples[1:5],
      control = list(epochs = 10, patience = 1, threads = 1, progress = FALSE),
      scaling = "standardise", seed = 7L,
      call = quote(poems_split(omics)), seconds = 1.5, version = "0", covariates = NULL,
      world = world
    ),
    class = "poems_split"
  )
  posterior <- world_posterior(fit, data)
  fit$latent <- posterior$mean
  fit$latent_sd <- posterior$sd
  fit$variance <- world_variance(fit, data)
  fit$config <- split_config(fit$method, fit$decoder, fit$shared, private, 1,
                             list(encoder_units = 4, decoder_units = 4, label_weight = 1), omics,
                             NULL, 0L)
  fit$parameters <- list(none = matrix(0))  # what says of samples is mocked
  fit
}

world_columns <- \(fit) unlist(Map(\(block, n) sprintf("%s_%d", block, seq_len(n)),
                                   names(fit$blocks), lengths(fit$blocks)), use.names = FALSE)

# Posterior of all coordinates given the omics in data: of z ~ N(0, 1), x_v = w_v z + e.
world_posterior <- function(fit, data) {
  columns <- world_columns(fit)
  mean <- matrix(NA_real_, length(data$samples), length(columns),
                 dimnames = list(data$samples, columns))
  sd <- mean
  for (sample in data$samples) {
    had <- names(data$data)[vapply(data$data, \(x) sample %in% colnames(x), NA)]
    precision <- diag(length(columns))
    dimnames(precision) <- list(columns, columns)
    score <- stats::setNames(numeric(length(columns)), columns)
    for (omic in had) {
      of <- fit$omics[[omic]]
      w <- fit$world$loadings[[omic]]
      weight <- (of$scale / fit$world$noise)^2
      x <- (data$data[[omic]][, sample] - of$center) / of$scale
      weight[is.na(x)] <- 0
      x[is.na(x)] <- 0
      at <- colnames(w)
      precision[at, at] <- precision[at, at] + crossprod(w, weight * w)
      score[at] <- score[at] + drop(crossprod(w, weight * x))
    }
    known <- columns[unlist(fit$blocks[c("shared", had)])]
    covariance <- solve(precision)
    mean[sample, known] <- drop(covariance %*% score)[known]
    sd[sample, known] <- sqrt(diag(covariance))[known]
  }
  list(mean = mean, sd = sd)
}

world_prediction <- function(fit, data, from, to) {
  some <- data
  some$data <- data$data[from]
  has <- data$samples %in% unlist(lapply(some$data, colnames))
  z <- world_posterior(fit, some)$mean
  z[is.na(z)] <- 0
  w <- fit$world$loadings[[to]]
  x <- tcrossprod(w, z[, colnames(w), drop = FALSE]) * fit$omics[[to]]$scale +
    fit$omics[[to]]$center
  x[, !has] <- NA
  x
}

# Of every feature: R2 decoded from shared coordinates alone, and from both.
world_variance <- function(fit, data) {
  Map(\(x, w, of) {
    x <- (x - of$center) / of$scale
    r2 <- \(columns) {
      decoded <- tcrossprod(w[, columns, drop = FALSE], fit$latent[colnames(x), columns])
      1 - rowSums((x - decoded)^2) / rowSums(x^2)
    }
    shared <- r2(grep("^shared_", colnames(w), value = TRUE))
    total <- r2(colnames(w))
    data.frame(feature = rownames(x), shared = shared, private = total - shared, total = total,
               row.names = NULL)
  }, data$data, fit$world$loadings[names(data$data)], fit$omics[names(data$data)])
}

# Puts the world's posterior and predictions in the place of the model's, until the caller ends.
split_world_works <- function(env = parent.frame()) {
  replace_function("split_embed", world_posterior, env)
  replace_function("split_predict", world_prediction, env)
}

# testthat's own way needs a newer version than the package asks for.
replace_function <- function(name, with, env) {
  namespace <- asNamespace("omicpoems")
  before <- get(name, namespace)
  put <- function(value) {
    unlockBinding(name, namespace)
    assign(name, value, namespace)
    lockBinding(name, namespace)
  }
  put(with)
  withr::defer(put(before), envir = env)
}

world_half <- function(world, samples) {
  lapply(world$omics, \(x) x[, intersect(samples, colnames(x)), drop = FALSE])
}
