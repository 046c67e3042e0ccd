# Simulates judgments with moderators of people, of photos and of trials, and writes what R says of
# the interactions, of d' and of reliance.
#   Rscript make_moderators.R FOLDER    (Debian: r-base-core r-cran-sandwich r-cran-lme4 r-cran-emmeans)
suppressMessages({library(sandwich); library(lme4); library(emmeans)})
folder <- commandArgs(trailingOnly = TRUE)[1]
numbers <- function(x) paste0("{", paste(sprintf("\"%s\": %.12g", names(x), x), collapse = ", "), "}")
keep <- function(name, d, answers) {
  file <- gzfile(file.path(folder, paste0(name, ".csv.gz")), "w"); write.csv(d, file, row.names = FALSE, quote = FALSE); close(file)
  parts <- sprintf(" \"%s\": %s", names(answers), unlist(answers))
  writeLines(c("{", paste(parts, collapse = ",\n"), "}"), file.path(folder, paste0(name, ".json")))
}
effects <- function(labels, sd) { u <- rnorm(length(unique(labels)), 0, sd); u[match(labels, unique(labels))] }
two_way <- function(fit, d) vcovCL(fit, cluster = ~ participant + image, type = "HC1")

set.seed(71)
d <- do.call(rbind, lapply(1:48, function(p) data.frame(participant = sprintf("p%02d", p), image = sprintf("i%02d", sample(30, 24)),
                                                        method = c("a", "b")[(1:24 + p) %% 2 + 1], order = 0:23)))
d$expertise <- c("low", "middle", "high")[as.integer(sub("p", "", d$participant)) %% 3 + 1]
d$age <- round(20 + 3 * (as.integer(sub("p", "", d$participant)) %% 11) + effects(d$participant, 2))
d$right <- as.integer(as.integer(sub("i", "", d$image)) %% 2 == 0)
eta <- 0.2 + 0.3 * (d$method == "b") + 0.4 * (d$expertise == "high") * (d$method == "b") + 0.02 * (d$age - 35) * (d$method == "b") +
  effects(d$participant, 0.5) + effects(d$image, 0.6) + effects(paste(d$image, d$method), 0.4)
d$correct <- rbinom(nrow(d), 1, plogis(eta))

plain <- lm(correct ~ method * expertise, transform(d, expertise = factor(expertise, c("low", "middle", "high"))))
V <- two_way(plain, d); 
# Two levels alone, since the program compares them so
pair <- function(low, high) { own <- d[d$expertise %in% c(low, high), ]; own$high <- as.numeric(own$expertise == high)
  fit <- lm(correct ~ method * high, own); c(estimate = coef(fit)[["methodb:high"]], se = sqrt(two_way(fit, own)["methodb:high", "methodb:high"])) }
one_way <- function(low, high) { own <- d[d$expertise %in% c(low, high), ]; own$high <- as.numeric(own$expertise == high)
  sqrt(vcovCL(lm(correct ~ method * high, own), cluster = ~ participant, type = "HC1")["methodb:high", "methodb:high"]) }
grid <- emmeans(plain, ~ method * expertise, vcov. = V, df = Inf)
simple <- as.data.frame(contrast(grid, "revpairwise", by = "expertise", adjust = "none"))
theta <- coef(plain)[5:6]; W <- as.numeric(t(theta) %*% solve(V[5:6, 5:6]) %*% theta)
# The jackknife of people and of photos, less the sandwich of their pairs
jackknife <- function(x) { rows <- transform(d, x = d[[x]] - mean(d[[x]])); fit <- lm(correct ~ method * x, rows); at <- "methodb:x"
  part <- function(way) { names <- unique(rows[[way]]); moved <- sapply(names, function(one) coef(lm(correct ~ method * x, rows[rows[[way]] != one, ]))[[at]])
    sum((moved - coef(fit)[[at]])^2) * (length(names) - 1) / length(names) }
  cells <- vcovCL(fit, cluster = interaction(rows$participant, rows$image, drop = TRUE), type = "HC0", cadjust = TRUE)[at, at]
  c(estimate = coef(fit)[[at]], se = sqrt(max(part("participant") + part("image") - cells, 0.45 * cells))) }
of_photo <- lm(correct ~ method * right, d); Vp <- two_way(of_photo, d)
keep("moderated", d, list(
  high_low = numbers(pair("low", "high")), high_middle = numbers(pair("middle", "high")),
  wald = sprintf("%.12g", W),
  simple = numbers(setNames(simple$estimate, as.character(simple$expertise))),
  by_people = sprintf("%.12g", one_way("middle", "high")), age = numbers(jackknife("age")), order = numbers(jackknife("order")),
  photo = numbers(c(estimate = coef(of_photo)[["methodb:right"]], se = sqrt(Vp["methodb:right", "methodb:right"])))))

# d': what was said of right and wrong predictions, with sensitivities that vary by person
set.seed(72)
s <- d[, c("participant", "image", "method")]
s$prediction_right <- d$right
s$signal <- 1 - s$prediction_right; s$half <- s$signal - 0.5
eta <- 0.1 + c(a = 0.8, b = 1.4)[s$method] * s$half + effects(s$participant, 0.4) + effects(s$participant, 0.5) * s$half + effects(s$image, 0.4)
s$said <- rbinom(nrow(s), 1, pnorm(eta))
control <- glmerControl(optimizer = "bobyqa", tolPwrss = 1e-10, optCtrl = list(maxfun = 1e5, rhoend = 1e-9))
probit <- glmer(said ~ 0 + method + method:half + (1 | participant) + (0 + half | participant) + (1 | image), s, binomial("probit"), control = control)
Vg <- as.matrix(vcov(probit)); b <- fixef(probit)
k <- c(0, 0, -1, 1); c2 <- c(1, -1, 0, 0)
delta <- function(V, k) sqrt(as.numeric(t(k) %*% V %*% k))
sat <- glm(said ~ 0 + interaction(method, signal), s, family = binomial("probit"), control = list(epsilon = 1e-14))
Vz <- vcovCL(sat, cluster = ~ participant + image, type = "HC0", cadjust = TRUE) * (nrow(s) - 1) / (nrow(s) - 4)
z <- coef(sat)
keep("noticed", s[, c("participant", "image", "method", "prediction_right", "said")], list(
  estimate = numbers(b), sd = numbers(setNames(as.data.frame(VarCorr(probit))$sdcor, c("participant", "participant:signal", "image")[match(
    as.data.frame(VarCorr(probit))$grp, c("participant", "participant.1", "image"))])), loglik = sprintf("%.10g", as.numeric(logLik(probit))),
  d_prime = numbers(c(estimate = sum(k * b), se = delta(Vg, k))), criterion = numbers(c(estimate = sum(c2 * b), se = delta(Vg, c2))),
  marginal = numbers(c(estimate = unname((z[4] - z[2]) - (z[3] - z[1])), se = delta(Vz, c(1, -1, -1, 1))))))

# Reliance: the final answer follows the advice
r <- s[, c("participant", "image", "method")]; r$ai_right <- s$prediction_right
eta <- -0.2 + 0.3 * (r$method == "b") + c(a = 0.5, b = 1.1)[r$method] * r$ai_right + effects(r$participant, 0.6) + effects(r$image, 0.5)
r$accepted <- rbinom(nrow(r), 1, plogis(eta))
logistic <- glmer(accepted ~ 0 + method:factor(ai_right) + (1 | participant) + (1 | image), r, binomial, control = control)
b <- fixef(logistic); Vl <- as.matrix(vcov(logistic))
# With the floor under the variance, which these few photos reach
ones <- function(rows) { fit <- lm(accepted ~ method, rows); cells <- interaction(rows$participant, rows$image, drop = TRUE)
  least <- 0.45 * vcovCL(fit, cluster = cells, type = "HC1")["methodb", "methodb"]
  c(estimate = coef(fit)[["methodb"]], se = sqrt(max(two_way(fit, rows)["methodb", "methodb"], least))) }
both <- lm(accepted ~ method * ai_right, r); Vb <- two_way(both, r)
keep("relied", r, list(
  over = numbers(ones(r[r$ai_right == 0, ])), under = numbers(ones(r[r$ai_right == 1, ]) * c(-1, 1)),
  discrimination = numbers(c(estimate = coef(both)[["methodb:ai_right"]], se = sqrt(Vb["methodb:ai_right", "methodb:ai_right"]))),
  glmer = numbers(setNames(b, c("a0", "b0", "a1", "b1"))), sd = numbers(setNames(as.data.frame(VarCorr(logistic))$sdcor, as.data.frame(VarCorr(logistic))$grp)),
  log_odds = numbers(c(over = unname(b[2] - b[1]), over_se = delta(Vl, c(-1, 1, 0, 0)), under = unname(b[3] - b[4]), under_se = delta(Vl, c(0, 0, 1, -1)),
    discrimination = unname(b[4] - b[3] - b[2] + b[1]), discrimination_se = delta(Vl, c(1, -1, -1, 1))))))
