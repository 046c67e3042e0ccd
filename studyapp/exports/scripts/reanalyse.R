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

# What a difference of two methods depends on: effects at levels, or with one SD of a number
moderated <- function(title, rows, outcome, column) {
  known <- rows[!is.na(rows[[column]]), ]
  known$y <- as.numeric(known[[outcome]])
  tell <- function(label, value) cat(sprintf("%s  %s by %s: %.12g\n", title, label, column, value))
  methods <- levels(known$method)
  unit <- switch(sub("[.].*", "", column), person = "participant", photo = "image")
  is_number <- !(column %in% strsplit("@LEVELS@", "|", fixed = TRUE)[[1]])
  if (is_number) {
    own <- if (is.null(unit)) known[[column]] else tapply(known[[column]], droplevels(known[[unit]]), mean)
    known$z <- (known[[column]] - mean(own)) / sd(own)
  }
  for (first in seq_along(methods)) for (later in seq_along(methods)) if (first < later) {
    pair <- known[known$method %in% methods[c(first, later)], ]
    pair$second <- as.numeric(pair$method == methods[later])
    label <- paste(methods[later], "-", methods[first])
    if (is_number) { tell(paste0(label, ", with one SD"), coef(lm(y ~ second * z, pair))[["second:z"]]); next }
    for (level in sort(unique(as.character(pair[[column]])))) {
      means <- with(pair[pair[[column]] == level, ], tapply(y, factor(second, 0:1), mean))
      tell(paste0(label, ", ", level), means[["1"]] - means[["0"]])
    }
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

# The fewer of effective people and photos: of a contrast Carter, Schnepel and Steigerwald's G*, of a
# mean all of them, or n^2 / sum(n_g^2) where less than half of them carry it
effective <- function(rows) {
  of_way <- function(way) {
    if (is.null(rows$second)) {
      sizes <- table(droplevels(rows[[way]]))
      even <- sum(sizes)^2 / sum(sizes^2)
      return(if (even < 0.5 * length(sizes)) even else length(sizes))
    }
    weights <- 1 / table(rows$second)[as.character(rows$second)]
    shares <- tapply(as.numeric(weights), droplevels(rows[[way]]), sum)^2
    sum(shares)^2 / sum(shares^2)
  }
  min(of_way("participant"), of_way("image"))
}

# What each hypothesis is tested by: p of no effect, of an effect of m or more, of one below m
nulls <- function(one, tables) {
  none <- c(NA, NA, NA)
  if (one$model != "robust") return(as.numeric(one[c("p", "p_equivalence", "p_at_least")]))
  rows <- tables[[if (length(tables) == 1) 1 else one$paradigm]]
  known <- if (is.na(one$b)) one$a else c(one$a, one$b)
  rows <- rows[rows$method %in% known, ]
  if (length(unique(rows$method)) < length(known)) return(none)
  if (!is.na(one$b)) rows$second <- as.numeric(rows$method == one$a)
  found <- robust(if (is.na(one$b)) lm(y ~ 1, rows) else lm(y ~ second, rows), rows)
  clusters <- effective(rows)
  if (!is.na(one$b) && clusters < 6) return(none)
  if (!(found[2] > 0)) return(c(one$p, NA, NA))
  distance <- found[1] - one$null
  steps <- distance
  if (is.na(one$b) && one$unit == "correct")
    steps <- (qlogis(found[1]) - qlogis(one$null)) * found[1] * (1 - found[1])
  tail_of <- function(t) pt(t, clusters - 1, lower.tail = FALSE)
  p <- 2 * tail_of(abs(steps) / found[2])
  sign <- switch(one$direction, greater = 1, less = -1, NA)
  if (one$sided == "one" && !is.na(sign)) p <- if (sign * distance > 0) p / 2 else 1 - p / 2
  if (is.na(one$margin)) return(c(p, NA, NA))
  beyond <- if (is.na(sign)) abs(distance) else sign * distance
  small <- tail_of((beyond - one$margin) / found[2]) * (if (is.na(sign)) 2 else 1)
  c(p, tail_of((one$margin - abs(distance)) / found[2]), max(p, min(1, small)))
}

verdict <- function(one, p) {
  below <- !is.na(p) & p < one$alpha
  if (one$direction == "equivalent") return(if (below[2]) "supported" else if (below[3]) "opposite" else "undecided")
  if (!below[1]) return(if (below[2]) "equivalent" else "undecided")
  wrong <- switch(one$direction, greater = one$estimate < one$null, less = one$estimate > one$null, FALSE)
  if (wrong) "opposite" else if (below[2]) "supported, but below the smallest effect" else "supported"
}

# One family: each p by Holm beside the other hypotheses, of which one with a smallest effect, or
# without a test, keeps its share of alpha
decide <- function(hypotheses, tables) {
  if (!nrow(hypotheses)) return(invisible())
  p <- t(sapply(seq_len(nrow(hypotheses)), function(i) nulls(hypotheses[i, ], tables)))
  shares <- ifelse(is.na(hypotheses$margin) & !is.na(p[, 1]), p[, 1], 1)
  for (i in seq_len(nrow(hypotheses))) {
    after <- sapply(p[i, ], function(one) if (is.na(one)) NA else p.adjust(c(one, shares[-i]), "holm")[1])
    cat(sprintf("hypothesis %d: %s; adjusted p %s\n", hypotheses$number[i], verdict(hypotheses[i, ], after),
                paste(sprintf("%.12g", after), collapse = ", ")))
  }
}

hypotheses <- read.csv(text = "@HYPOTHESES@", quote = "'", stringsAsFactors = FALSE, colClasses = c(
  a = "character", b = "character"), na.strings = "")
tables <- list()

for (file in sort(list.files(analysis, "^table.*[.]csv$", full.names = TRUE))) {
  title <- sub("^table-?", "", sub("[.]csv$", "", basename(file)))
  rows <- read_table(file)
  outcome <- intersect(c("score", "correct", "value"), names(rows))[1]
  rows <- droplevels(rows[!is.na(rows[[outcome]]), ])
  if (!nrow(rows)) { cat(title, "nothing is scored\n"); next }
  primary(title, rows, outcome)
  rows$y <- as.numeric(rows[[outcome]])
  tables[[if (title == "") "all" else title]] <- rows
  for (column in grep("^(person|photo|trial)[.]", names(rows), value = TRUE)) moderated(title, rows, outcome, column)
  if (!only_robust && outcome != "value" && is.null(rows$scale)) mixed(title, rows, outcome)
}

decide(hypotheses, tables)
