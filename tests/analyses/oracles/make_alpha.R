# Krippendorff's ordinal alpha of the comparisons and rankings that make_worths.R simulated, by its
# definition: every pair of values, without the coincidence matrix.
#   Rscript make_alpha.R FOLDER > FOLDER/alpha.json   (Debian: r-base-core)
# A value is what one person said of one method on one photo, in a comparison with one other method:
# won 1, equal 0.5, lost 0; in a ranking its place.
folder <- commandArgs(trailingOnly = TRUE)[1]
alpha <- function(value, unit) {
  several <- ave(value, unit, FUN = length) > 1; value <- value[several]; unit <- unit[several]
  n <- function(v) sum(value == v); levels <- sort(unique(value)); counts <- sapply(levels, n)
  # Half of both ends, and all that lies between
  delta <- outer(seq_along(levels), seq_along(levels), Vectorize(function(a, b) {
    (sum(counts[min(a, b):max(a, b)]) - (counts[a] + counts[b]) / 2)^2 }))
  at <- match(value, levels)
  observed <- sum(sapply(split(at, unit), function(own) sum(delta[own, own]) / (length(own) - 1)))
  expected <- sum(delta[at, at]) / (length(at) - 1)
  1 - observed / expected
}
ties <- read.csv(file.path(folder, "ties.csv.gz"))
both <- data.frame(unit = c(paste(ties$image, ties$first, ties$second), paste(ties$image, ties$second, ties$first)),
                   value = c(ties$result, 1 - ties$result))
orders <- read.csv(file.path(folder, "rankings.csv.gz"))
places <- do.call(rbind, lapply(1:5, function(place) data.frame(
  unit = paste(orders$image, orders[[paste0("place_", place)]]), value = place)))
cat(sprintf("{\"ties\": %.12g, \"rankings\": %.12g}\n", alpha(both$value, both$unit), alpha(places$value, places$unit)))
