# What R says of effect sizes, of variance shares and of people's and photos' effects.
#   Rscript make_effects.R FOLDER     (Debian: r-cran-lme4 r-cran-ordinal r-cran-emmeans r-cran-sandwich r-cran-numderiv)
# Reads the tables of make_oracles.R and writes effects.json. Nothing here is taken from the program:
# sizes are counted pair by pair; their standard errors come from numerical derivatives by the weight
# of each judgment; marginal differences from `integrate` and lme4's and ordinal's own Hessians.
suppressMessages({library(lme4); library(ordinal); library(sandwich); library(emmeans); library(numDeriv); library(jsonlite)})
folder <- commandArgs(trailingOnly = TRUE)[1]
table_of <- function(name) {
  d <- read.csv(file.path(folder, paste0(name, ".csv.gz")))
  for (one in c("participant", "image", "method")) d[[one]] <- factor(d[[one]])
  d
}
tight <- glmerControl(optimizer = "bobyqa", tolPwrss = 1e-10, optCtrl = list(maxfun = 1e5, rhoend = 1e-9))

# The two-way standard error of sum(influence), with the floor of contrasts (docs/statistics.md)
two_way <- function(influence, d) {
  part <- function(g) sum(tapply(influence, droplevels(g), sum)^2) * nlevels(droplevels(g)) / (nlevels(droplevels(g)) - 1)
  cells <- part(interaction(d$participant, d$image, drop = TRUE))
  n <- nrow(d)
  sqrt(max(part(d$participant) + part(d$image) - cells, 0.45 * cells) * (n - 1) / (n - 2))
}
# Derivatives by the judgments' weights, all 1
influence_of <- function(size, n) {
  step <- 1e-4
  sapply(seq_len(n), function(j) { w <- rep(1, n); w[j] <- 1 + step; up <- size(w); w[j] <- 1 - step; (up - size(w)) / (2 * step) })
}
sizes <- function(d, outcome, a, b) {
  d <- droplevels(d[d$method %in% c(a, b), ]); y <- d[[outcome]]; is_a <- d$method == a
  apart <- outer(as.character(d$participant), as.character(d$participant), "!=") & outer(as.character(d$image), as.character(d$image), "!=")
  higher <- outer(y, y, ">") + outer(y, y, "==") / 2
  variance <- function(side) { k <- apart[side, side]; mean((outer(y[side], y[side], "-")^2 / 2)[k]) }
  spread <- sqrt((variance(is_a) + variance(!is_a)) / 2)
  mean_of <- function(w, side) sum(w[side] * y[side]) / sum(w[side])
  sd_of <- function(w) sqrt(mean(sapply(list(is_a, !is_a), function(side) sum(w[side] * (y[side] - mean_of(w, side))^2) / sum(w[side])) ))
  d_of <- function(w) {
    # The spread's derivative around its value by pairs
    (mean_of(w, is_a) - mean_of(w, !is_a)) / sqrt(spread^2 + sd_of(w)^2 - sd_of(rep(1, nrow(d)))^2)
  }
  ahead_of <- function(w) sum(outer(w[is_a], w[!is_a]) * higher[is_a, !is_a]) / (sum(w[is_a]) * sum(w[!is_a]))
  found <- list(standardised = c((mean(y[is_a]) - mean(y[!is_a])) / spread, two_way(influence_of(d_of, nrow(d)), d)),
                superiority = c(mean(higher[is_a, !is_a][apart[is_a, !is_a]]), two_way(influence_of(ahead_of, nrow(d)), d)))
  if (outcome != "correct") return(found)
  d$second <- as.numeric(is_a)
  log_ratio <- function(link) {
    fit <- glm(correct ~ second, binomial(link), d, control = glm.control(epsilon = 1e-14))
    part <- function(g) vcovCL(fit, cluster = g, type = "HC1")[2, 2]
    cells <- part(interaction(d$participant, d$image, drop = TRUE))
    c(exp(coef(fit)[[2]]), sqrt(max(part(d$participant) + part(d$image) - cells, 0.45 * cells)))
  }
  c(found, list(odds_ratio = log_ratio("logit"), risk_ratio = log_ratio("log")))
}

# A function of all parameters by the delta method
delta <- function(f, at, covariance) { slope <- grad(f, at); c(f(at), sqrt(drop(slope %*% covariance %*% slope))) }
averaged <- function(curve, eta, sd) integrate(function(z) curve(eta + sd * z) * dnorm(z), -9, 9, rel.tol = 1e-10)$value
shares_of <- function(sd) { v <- c(sd^2, residual = pi^2 / 3); v / sum(v) }
effects_of <- function(modes, variances) lapply(names(modes), function(term) list(
  term = term, label = rownames(modes[[term]]), mode = modes[[term]][[1]], sd = sqrt(as.numeric(unlist(variances[[term]])))))

right <- function(d, formula) {
  fit <- glmer(formula, d, family = binomial, control = tight)
  theta <- getME(fit, "theta"); names(theta) <- sub("[.].*", "", names(theta))
  count <- length(theta); at <- c(theta, fixef(fit))
  covariance <- 2 * solve(fit@optinfo$derivs$Hessian)
  eta <- list(blur = c(1, 0, 0), cam = c(1, 1, 0), grad = c(1, 0, 1))
  share <- function(p, m) averaged(plogis, sum(eta[[m]] * p[-seq_len(count)]), sqrt(sum(p[seq_len(count)]^2)))
  modes <- ranef(fit, condVar = TRUE)
  odds <- as.data.frame(confint(pairs(emmeans(fit, ~ method), reverse = TRUE, adjust = "none"), type = "response", adjust = "none"))
  list(marginal_difference = delta(function(p) share(p, "cam") - share(p, "blur"), at, covariance),
       odds_ratio = unlist(odds[1, c("odds.ratio", "asymp.LCL", "asymp.UCL")]), odds_of = as.character(odds[1, 1]),
       shares = as.list(shares_of(theta)), deviation_se = as.list(setNames(sqrt(diag(covariance))[seq_len(count)], names(theta))),
       effects = effects_of(modes, lapply(modes, function(one) attr(one, "postVar"))))
}
ordered <- function(d) {
  fit <- clmm(factor(score) ~ method + (1 | participant) + (1 | image), data = d)
  alpha <- fit$alpha; beta <- fit$beta; sd <- sapply(fit$ST, function(one) one[1, 1])
  levels <- sort(unique(d$score)); first <- seq_along(alpha)
  mean_of <- function(p, b) averaged(function(eta) levels[1] + rowSums(sapply(first, function(k) plogis(eta - p[k]) * diff(levels)[k])),
                                     b, sqrt(sum(p[length(alpha) + length(beta) + 1:2]^2)))
  difference <- function(p) mean_of(p, p[length(alpha) + 1]) - mean_of(p, 0)
  list(marginal_difference = delta(difference, c(alpha, beta, sd), vcov(fit)),
       shares = as.list(shares_of(setNames(sd, names(ranef(fit))))), effects = effects_of(ranef(fit), condVar(fit)))
}

interaction_table <- table_of("interaction"); scores <- table_of("scores")
crossed <- correct ~ method + (1 | participant) + (1 | image)
full <- update(crossed, ~ . + (1 | participant:method) + (1 | image:method))
write_json(list(
  versions = list(lme4 = as.character(packageVersion("lme4")), ordinal = as.character(packageVersion("ordinal")),
                  emmeans = as.character(packageVersion("emmeans")), sandwich = as.character(packageVersion("sandwich"))),
  right = sizes(interaction_table, "correct", "cam", "blur"), score = sizes(scores, "score", "cam", "blur"),
  glmer = right(interaction_table, crossed), glmer_full = right(interaction_table, full), clmm = ordered(scores)
), file.path(folder, "effects.json"), digits = 10, auto_unbox = TRUE, pretty = FALSE)
