# A Bayesian companion to the mixed models of this bundle: the same crossed model with weakly
# informative priors, a region of practical equivalence (ROPE), and a Bayes factor for no difference.
#     Rscript analysis/bayes.R data      reads and prepares the tables alone, which needs no brms
#     Rscript analysis/bayes.R           fits the models
# To be installed first: brms with Stan and a C++ compiler. In R: install.packages("brms"); on Debian:
# apt install r-cran-brms g++. Each model takes a minute or two to compile and then some minutes to
# half an hour to sample. Nothing of this was fitted when the bundle was made: the report's numbers
# are those of results*.json, and these stand beside them.
#
# Priors, all on the logit: normal(0, 1) for differences between methods (in the side model for the
# discernment of each), the half of normal(0, 1) for standard deviations, student_t(3, 0, 2.5) for
# intercepts and thresholds. A Bayes factor depends on the first of them; change it here and fit again.
prior_of_differences <- "normal(0, 1)"
prior_of_deviations <- "normal(0, 1)"
# The smallest effect of interest, in the outcome's own unit (a share, a mean score); NA for none
smallest <- @SMALLEST@
reference <- "@REFERENCE@"
seed <- @SEED@

only_data <- "data" %in% commandArgs(TRUE)
here <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
analysis <- dirname(normalizePath(here))

is_reference <- function(method) method == reference | startsWith(method, paste0(reference, ", "))

# Methods become m1, m2, … with the reference first, since brms takes no blanks in names
prepared <- function(file) {
  rows <- read.csv(file, na.strings = "", stringsAsFactors = FALSE, colClasses = c(
    participant = "character", image = "character", method = "character"))
  outcome <- intersect(c("score", "correct", "value"), names(rows))[1]
  if (is.na(outcome)) return(list(trouble = "nothing is scored"))
  rows <- rows[!is.na(rows[[outcome]]), ]
  names <- sort(unique(rows$method))
  names <- names[order(!is_reference(names))]
  if (!nrow(rows)) return(list(trouble = "nothing is scored"))
  if (outcome == "value" || !is.null(rows$scale)) return(list(trouble = "only right answers and scores on one scale are fitted here"))
  if (length(names) < 2) return(list(trouble = "there is one method, so no difference"))
  rows$m <- factor(rows$method, levels = names, labels = paste0("m", seq_along(names)))
  sides <- outcome == "score" && !is.null(rows$stronger_side) && length(unique(rows$stronger_side)) > 1
  levels <- NULL
  if (outcome == "score") {
    rows$s <- if (sides) ifelse(rows$stronger_side == "B", 1, -1) else 1
    rows$r <- factor(rows$score * rows$s, ordered = TRUE)
    levels <- as.numeric(levels(rows$r))
  }
  several <- function(groups) any(tapply(as.character(rows$m), groups, function(one) length(unique(one))) > 1)
  terms <- c("participant", "image", if (several(rows$participant)) "participant:m", if (several(rows$image)) "image:m")
  slope <- if (sides) "0 + s" else "1"
  random <- c(if (sides) "(1 | participant)", sprintf("(%s | %s)", slope, terms))
  left <- if (outcome == "correct") "correct ~ m" else if (sides) "r ~ s:m" else "r ~ m"
  list(rows = rows, outcome = outcome, sides = sides, methods = names, levels = levels,
       formula = as.formula(paste(left, "+", paste(random, collapse = " + "))))
}

# Marginal shares or mean scores of each method, a row a draw: integrated over all random effects
marginal <- function(told, draws) {
  z <- qnorm((seq_len(100) - 0.5) / 100)
  spread <- sqrt(rowSums(as.matrix(draws[grepl("^sd_", names(draws))])^2))
  mean_at <- function(eta) {
    if (told$outcome == "correct") return(rowMeans(plogis(eta + outer(spread, z))))
    cuts <- as.matrix(draws[grepl("^b_Intercept\\[", names(draws))])
    above <- sapply(seq_len(ncol(cuts)), function(k) rowMeans(plogis(eta - cuts[, k] + outer(spread, z))))
    told$levels[1] + drop(above %*% diff(told$levels))
  }
  sapply(seq_along(told$methods), function(k) {
    name <- if (told$sides) sprintf("b_s:mm%d", k) else sprintf("b_mm%d", k)
    eta <- if (name %in% names(draws)) draws[[name]] else rep(0, nrow(draws))
    if (told$outcome == "correct") eta <- eta + draws[["b_Intercept"]]
    if (told$sides) (mean_at(eta) - mean_at(-eta)) / 2 else mean_at(eta)
  })
}

# The null of a difference, in the names of brms
null_of <- function(told, later, first) {
  name <- function(k) if (told$sides) sprintf("s:mm%d", k) else if (k > 1) sprintf("mm%d", k) else NULL
  paste(paste(c(name(later), name(first)), collapse = " - "), "= 0")
}

fit_of <- function(told) {
  family <- if (told$outcome == "correct") brms::bernoulli() else brms::cumulative("logit")
  priors <- c(brms::set_prior(prior_of_differences, class = "b"), brms::set_prior(prior_of_deviations, class = "sd"))
  brms::brm(told$formula, told$rows, family, prior = priors, sample_prior = "yes", seed = seed, chains = 4,
            cores = min(4, parallel::detectCores()), control = list(adapt_delta = 0.95), refresh = 0)
}

say_differences <- function(told, fit) {
  draws <- as.data.frame(fit)
  means <- marginal(told, draws)
  cat(sprintf("largest R-hat %.3f (should be below 1.01), %d divergent transitions (should be 0)\n",
              max(brms::rhat(fit), na.rm = TRUE), sum(subset(brms::nuts_params(fit), Parameter == "divergent__")$Value)))
  for (first in seq_along(told$methods)) for (later in seq_along(told$methods)) if (first < later) {
    difference <- means[, later] - means[, first]
    found <- brms::hypothesis(fit, null_of(told, later, first))$hypothesis
    inside <- if (is.na(smallest)) "" else sprintf(", %.1f %% within ±%g (ROPE)", 100 * mean(abs(difference) < smallest), smallest)
    cat(sprintf("%s - %s: %.3f, 95 %% credible %.3f to %.3f%s; Bayes factor for no difference %.3g\n",
                told$methods[later], told$methods[first], median(difference), quantile(difference, 0.025),
                quantile(difference, 0.975), inside, found$Evid.Ratio))
  }
}

if (!only_data && !requireNamespace("brms", quietly = TRUE)) {
  stop("brms is not installed; see the head of this script, or add the word data", call. = FALSE)
}
for (file in sort(list.files(analysis, "^table.*[.]csv$", full.names = TRUE))) {
  title <- sub("^table-?", "", sub("[.]csv$", "", basename(file)))
  told <- prepared(file)
  cat("\n==", title, "==\n")
  if (!is.null(told$trouble)) { cat("not fitted:", told$trouble, "\n"); next }
  cat(deparse1(told$formula), "\n")
  cat(sprintf("%s is %s\n", paste0("m", seq_along(told$methods)), told$methods), sep = "")
  cat(sprintf("%d judgments of %d people on %d photos\n", nrow(told$rows), length(unique(told$rows$participant)), length(unique(told$rows$image))))
  if (!only_data) say_differences(told, fit_of(told))
}
