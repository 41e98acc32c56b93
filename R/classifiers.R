# What classify_samples() learns, and how it is measured.

# A function of places (samples x factors) that returns `probability`, samples x labels, and
# `predicted`, a factor. `places`, `label`: of the samples to learn from.
learn_classes <- function(places, label, method, k) {
  if (ncol(places) < fewest_columns[[method]]) return(same_for_all(label))
  switch(method,
    elastic_net = learn_elastic_net(places, label),
    nearest = \(new) nearest_classes(new, places, label, k)
  )
}

# The fewest factors that say something, and that glmnet takes; a fit without the samples held out
# may have fewer in use.
fewest_columns <- c(elastic_net = 2, nearest = 1)

elastic_alpha <- 0.5

learn_elastic_net <- function(places, label) {
  folds <- max(3, min(10, length(label) %/% 3))
  net <- withCallingHandlers(
    glmnet::cv.glmnet(places, label, family = "multinomial", alpha = elastic_alpha,
                      foldid = draw_folds(label, folds)),
    # Labels of few samples are told of in the help.
    warning = \(w) if (grepl("fewer than 8", conditionMessage(w))) invokeRestart("muffleWarning")
  )
  function(new) {
    told <- stats::predict(net, new, s = "lambda.1se", type = "response")
    probability <- matrix(told, nrow(new), dimnames = list(rownames(new), levels(label)))
    most <- max.col(probability, ties.method = "first")
    list(probability = probability, predicted = factor(levels(label)[most], levels(label)))
  }
}

# Without enough factors, shares of labels are all there is to say.
same_for_all <- function(label) {
  share <- as.vector(table(label)) / length(label)
  \(new) list(
    probability = matrix(share, nrow(new), length(share), byrow = TRUE,
                         dimnames = list(rownames(new), levels(label))),
    predicted = factor(rep(levels(label)[which.max(share)], nrow(new)), levels(label))
  )
}

nearest_classes <- function(new, places, label, k) {
  near <- lapply(seq_len(nrow(new)), \(i) {
    distance <- colSums((t(places) - new[i, ])^2)
    label[utils::head(order(distance), k)]
  })
  share <- vapply(near, \(found) as.vector(table(found)) / length(found), numeric(nlevels(label)))
  list(
    probability = matrix(t(share), nrow(new), dimnames = list(rownames(new), levels(label))),
    predicted = factor(vapply(near, most_frequent, ""), levels(label))
  )
}

# Of labels, the nearest first.
most_frequent <- function(near) {
  count <- table(near)
  most <- names(count)[count == max(count)]
  if (length(most) == 1) most else most_frequent(near[-length(near)])
}

# `told`: what a classifier returns; `label`: the true ones, NA where they are not known.
class_rows <- function(told, label) {
  probability <- told$probability
  colnames(probability) <- probability_column(colnames(probability))
  data.frame(sample = rownames(probability), predicted = told$predicted, label = unname(label),
             probability, row.names = NULL, check.names = FALSE)
}

probability_column <- \(label) paste0("probability_", label)

class_measures <- function(validated, predictions) {
  told <- predictions[!is.na(predictions$label), ]
  rbind(
    measure_classes(validated, "cross-validation"),
    if (NROW(told) > 0) measure_classes(told, "new samples")
  )
}

measure_classes <- function(rows, set) {
  right <- rows$predicted == rows$label
  share <- table(rows$label) / nrow(rows)
  data.frame(
    set = set, samples = nrow(rows), accuracy = mean(right), largest = max(share),
    balanced_error = mean_known(tapply(!right, rows$label, mean)),
    auc = mean_known(vapply(levels(rows$label), \(name) {
      area_under_curve(rows[[probability_column(name)]], rows$label == name)
    }, 0))
  )
}

# The probability that a positive has a larger score than a negative, ties counting half; NaN
# without either.
area_under_curve <- function(score, positive) {
  n <- sum(positive)
  (mean(rank(score)[positive]) - (n + 1) / 2) / sum(!positive)
}
