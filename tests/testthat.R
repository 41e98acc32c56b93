library(testthat)
library(omicpoems)

test_check("omicpoems")
