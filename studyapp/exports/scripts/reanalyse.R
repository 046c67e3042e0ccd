# Works out the primary analysis of this bundle again, and fits its mixed models, in R:
#     Rscript analysis/reanalyse.R            everything
#     Rscript analysis/reanalyse.R robust     the primary analysis alone
# (Debian: r-cran-sandwich, r-cran-lme4 and r-cran-ordinal.) It reads analysis/table*.csv, one row a
# judgment that is analysed, or one for each of the conditions or maps that a judgment compares (a
# region whose map was not kept has no number, and is left out here);
# analysis/reanalyse.py makes the same rows out of data/. Compare with results*.json: "methods",
# "contrasts", and the mixed models by their names.
suppressMessages(library(sandwich))

reference <- "@REFERENCE@"
only_robust <- "robust" %in% commandArgs(TRUE)
here <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
analysis <- dirname(normalizePath(here))

is_reference <- function(method) method == reference | startsWith(method, paste0(reference, ", "))

read_table <- function(file) {
  rows <- read.csv(file, na.strings = "", stringsAsFactors = FALSE, colClasses = c(
    participant = "character", image = "character", method = "character"))
  rows$participant <- factor(rows$participant)
  rows$image <- factor(rows$image)
  names <- sort(unique(rows$method))
  rows$method <- factor(rows$method, levels = names[order(!is_reference(names))])
  rows
}

# The estimate of the last coefficient and its standard error, robust to people and photos at once.
# Two corrections of few clusters (docs/statistics.md): a side of a contrast with under 15 people or
# photos, and under 3/4 of all, counts its own alone; and no variance is under .45 of the cells' one, of a mean under .7.
robust <- function(fit, rows) {
  place <- length(coef(fit))
  part <- function(cluster) vcovCL(fit, cluster = cluster, type = "HC1")[place, place]
  variance <- part(~ participant + image)
  for (way in c("participant", "image")) {
    variance <- variance + (sparse(rows, way) - 1) * part(rows[[way]])
  }
  cells <- interaction(rows$participant, rows$image, drop = TRUE)
  floor <- if (is.null(rows$second)) 0.7 else 0.45
  c(coef(fit)[[place]], sqrt(max(variance, floor * part(cells))))
}

sparse <- function(rows, way) {
  if (is.null(rows$second)) return(1)
  count <- length(unique(rows[[way]]))
  fewest <- min(tapply(rows[[way]], rows$second, function(names) length(unique(names))))
  if (fewest >= min(15, 0.75 * count)) return(1)
  (fewest / (fewest - 1)) / (count / (count - 1))
}

say <- function(title, label, expression) {
  tryCatch({
    found <- expression
    cat(sprintf("%s  %s: %.12g, standard error %.12g\n", title, label, found[1], found[2]))
  }, error = function(problem) cat(title, " ", label, ": ", conditionMessage(problem), "\n", sep = ""))
}

primary <- function(title, rows, outcome) {
  rows$y <- as.numeric(rows[[outcome]])
  methods <- levels(rows$method)
  for (name in methods) {
    own <- rows[rows$method == name, ]
    say(title, name, robust(lm(y ~ 1, own), own))
  }
  for (first in seq_along(methods)) for (later in seq_along(methods)) if (first < later) {
    pair <- rows[rows$method %in% methods[c(first, later)], ]
    if (!is.null(pair$scale) && length(unique(pair$scale)) > 1) next
    pair$second <- as.numeric(pair$method == methods[later])
    say(title, paste(methods[later], "-", methods[first]), robust(lm(y ~ second, pair), pair))
  }
}

# ordinal sorts random terms by the number of their levels and leaves the names behind: the standard
# deviations are named here in the order in which it stores them
named_sd <- function(fit, terms, rows) {
  factor_of <- function(term) eval(parse(text = trimws(sub(".*[|]", "", term))), rows)
  counts <- sapply(terms, function(term) nlevels(droplevels(factor(factor_of(term)))))
  order <- if (any(diff(counts) != 0)) rev(order(counts)) else seq_along(terms)
  setNames(sapply(fit$ST, function(part) abs(part[1, 1])), terms[order])
}

formula_of <- function(fixed, terms) as.formula(paste(fixed, "+", paste0("(", terms, ")", collapse = " + ")))

fit_right <- function(title, rows, fixed, terms) {
  cat("\n==", title, "==\n")
  control <- lme4::glmerControl(tolPwrss = 1e-10)
  tryCatch(print(summary(lme4::glmer(formula_of(fixed, terms), rows, binomial, control = control))),
           error = function(problem) cat("not fitted:", conditionMessage(problem), "\n"))
}

fit_ordinal <- function(title, rows, fixed, terms) {
  cat("\n==", title, "==\n")
  tryCatch({
    fit <- ordinal::clmm(formula_of(fixed, terms), data = rows, Hess = TRUE)
    print(coef(summary(fit)))
    cat("log-likelihood", format(as.numeric(logLik(fit)), digits = 10), "\nstandard deviations\n")
    print(named_sd(fit, terms, rows))
  }, error = function(problem) cat("not fitted:", conditionMessage(problem), "\n"))
}

# Interactions that the design can tell from their factors: somebody, some photo under two methods
crossed <- function(rows) {
  several <- function(groups) any(tapply(as.character(rows$method), groups, function(m) length(unique(m))) > 1)
  c(if (several(rows$participant)) "participant:method", if (several(rows$image)) "image:method")
}

mixed <- function(title, rows, outcome) {
  several <- nlevels(rows$method) > 1
  more <- if (several) crossed(rows) else NULL
  both <- c("1 | participant", "1 | image")
  if (outcome == "correct") {
    fixed <- if (several) "correct ~ method" else "correct ~ 1"
    fit_right(paste(title, "glmer"), rows, fixed, both)
    if (length(more)) fit_right(paste(title, "glmer_full"), rows, fixed, c(both, paste("1 |", more)))
  } else {
    rows$answer <- factor(rows$score, ordered = TRUE)
    fixed <- if (several) "answer ~ method" else "answer ~ 1"
    fit_ordinal(paste(title, "clmm"), rows, fixed, both)
    if (length(more)) fit_ordinal(paste(title, "clmm_full"), rows, fixed, c(both, paste("1 |", more)))
    if (is.null(rows$stronger_side) || length(unique(rows$stronger_side)) < 2) return(invisible())
    rows$s <- ifelse(rows$stronger_side == "B", 1, -1)
    rows$r <- factor(rows$score * rows$s, ordered = TRUE)
    fixed <- if (several) "r ~ s:method" else "r ~ s"
    sides <- c("1 | participant", "0 + s | participant", "0 + s | image")
    fit_ordinal(paste(title, "clmm_side"), rows, fixed, sides)
    if (length(more)) fit_ordinal(paste(title, "clmm_side_full"), rows, fixed, c(sides, paste("0 + s |", more)))
  }
}

for (file in sort(list.files(analysis, "^table.*[.]csv$", full.names = TRUE))) {
  title <- sub("^table-?", "", sub("[.]csv$", "", basename(file)))
  rows <- read_table(file)
  outcome <- intersect(c("score", "correct", "value"), names(rows))[1]
  rows <- droplevels(rows[!is.na(rows[[outcome]]), ])
  if (!nrow(rows)) { cat(title, "nothing is scored\n"); next }
  primary(title, rows, outcome)
  if (!only_robust && outcome != "value" && is.null(rows$scale)) mixed(title, rows, outcome)
}
