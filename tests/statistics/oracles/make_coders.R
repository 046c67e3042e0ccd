# Agreement of coders: Cohen's kappa by psych, and Krippendorff's alpha by its definition (every pair
# of codings), nominal and with MASI of sets of codes.
#   Rscript make_coders.R FOLDER > FOLDER/coders.json   (Debian: r-base-core, r-cran-psych, r-cran-jsonlite)
# FOLDER has coders.csv: person, answer, coder, codes ("a|b"), of test data made by a seed.
suppressMessages({library(psych); library(jsonlite)})
folder <- commandArgs(trailingOnly = TRUE)[1]
given <- read.csv(file.path(folder, "coders.csv"), colClasses = "character")
masi <- function(a, b) {
  a <- strsplit(a, "|", fixed = TRUE)[[1]]; b <- strsplit(b, "|", fixed = TRUE)[[1]]
  if (setequal(a, b)) return(0)
  shared <- length(intersect(a, b)); all <- length(union(a, b))
  m <- if (all(a %in% b) || all(b %in% a)) 2 / 3 else if (shared > 0) 1 / 3 else 0
  1 - shared / all * m
}
alpha <- function(value, unit, distance) {
  several <- ave(seq_along(unit), unit, FUN = length) > 1; value <- value[several]; unit <- unit[several]
  delta <- outer(value, value, Vectorize(distance))
  observed <- sum(sapply(unique(unit), function(u) { own <- unit == u; sum(delta[own, own]) / (sum(own) - 1) }))
  1 - observed / (sum(delta) / (length(value) - 1))
}
differs <- function(a, b) as.numeric(a != b)
one <- given[given$design == "one", ]
pair <- function(a, b, of = identity) {
  rows <- merge(one[one$coder == a, ], one[one$coder == b, ], by = "answer")
  found <- cohen.kappa(cbind(of(rows$codes.x), of(rows$codes.y)))
  c(found$kappa, found$confid[1, c(1, 3)])
}
several <- given[given$design == "several", ]
has <- function(code, codes) sapply(strsplit(codes, "|", fixed = TRUE), function(own) as.numeric(code %in% own))
cat(toJSON(list(
  kappa = list(`1-2` = pair("1", "2"), `1-3` = pair("1", "3"), `2-3` = pair("2", "3")),
  kappa_of_shape = pair("1", "2", function(codes) codes == "shape"),
  alpha = alpha(one$codes, one$answer, differs),
  alpha_of_shape = alpha(one$codes == "shape", one$answer, differs),
  masi = alpha(several$codes, several$answer, masi),
  alpha_of_b = alpha(has("b", several$codes), several$answer, differs)
), auto_unbox = TRUE, digits = 12))
cat("\n")
