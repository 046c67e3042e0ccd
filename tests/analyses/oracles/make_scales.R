# Simulates ratings on scales of 2, 4, 5, 7 and 11 points, items of a questionnaire, and response
# times, and writes what ordinal, lme4, sandwich, psych and factanal say of them.
#   Rscript make_scales.R FOLDER
# (Debian: r-base-core r-cran-lme4 r-cran-ordinal r-cran-sandwich r-cran-psych r-cran-jsonlite)
suppressMessages({library(lme4); library(ordinal); library(sandwich); library(psych); library(jsonlite)})
folder <- commandArgs(trailingOnly = TRUE)[1]
tight <- glmerControl(optimizer = "bobyqa", tolPwrss = 1e-10, optCtrl = list(maxfun = 1e5, rhoend = 1e-9))
effects <- function(labels, sd) { u <- rnorm(length(unique(labels)), 0, sd); u[match(labels, unique(labels))] }
gz <- function(d, name) {
  file <- gzfile(file.path(folder, paste0(name, ".csv.gz")), "w"); write.csv(d, file, row.names = FALSE, quote = FALSE); close(file)
}
# ordinal returns the deviations of many terms under changed names, so they are kept by size.
told <- function(fit) {
  se <- sqrt(diag(vcov(fit)))
  fixed <- if (inherits(fit, "clmm")) coef(fit) else fixef(fit)
  sd <- if (inherits(fit, "clmm")) sapply(fit$ST, function(one) abs(one[1, 1])) else as.data.frame(VarCorr(fit))$sdcor
  list(estimate = as.list(fixed), se = as.list(setNames(se[seq_along(fixed)], names(fixed))),
       sd = sort(unname(sd)), loglik = as.numeric(logLik(fit)))
}
crossed <- ~ method + (1 | participant) + (1 | image)
full <- ~ method + (1 | participant) + (1 | image) + (1 | participant:method) + (1 | image:method)
fitted_models <- function(d, points) {
  if (points == 2) {
    d$y <- d$value - 1
    both <- lapply(list(crossed, full), function(f) told(glmer(update(f, y ~ .), d, family = binomial, control = tight)))
    return(setNames(both, c("glmer", "glmer_full")))
  }
  d$y <- factor(d$value)
  both <- lapply(list(crossed, full), function(f) told(clmm(update(f, y ~ .), data = d)))
  setNames(both, c("clmm", "clmm_full"))
}
# A logistic model of each cutpoint, with two-way clusters of people and photos
cuts <- function(d, points) lapply(setNames(2:points, 2:points), function(at) {
  d$above <- as.integer(d$value >= at)
  fit <- glm(above ~ method, binomial, d); line <- lm(above ~ method, d)
  se <- function(one) unname(sqrt(diag(vcovCL(one, cluster = ~ participant + image, type = "HC1")))[2])
  list(log_odds = unname(coef(fit)[2]), log_odds_se = se(fit), difference = unname(coef(line)[2]), difference_se = se(line))
})
rated <- list(); answers <- list()
for (points in c(2, 4, 5, 7, 11)) {
  set.seed(100 + points)
  d <- expand.grid(participant = sprintf("p%02d", 1:22), image = sprintf("i%02d", 1:20), stringsAsFactors = FALSE)
  d$method <- c("blur", "cam")[(as.integer(substring(d$participant, 2)) + as.integer(substring(d$image, 2))) %% 2 + 1]
  eta <- 0.6 * (d$method == "cam") + effects(d$participant, 0.9) + effects(d$image, 0.6) +
    effects(paste(d$participant, d$method), 0.6) + effects(paste(d$image, d$method), 0.7)
  d$value <- findInterval(eta + rlogis(nrow(d)), seq(-2, 2.6, length.out = points - 1)) + 1
  d[c("participant", "image", "method")] <- lapply(d[c("participant", "image", "method")], factor)
  rated[[length(rated) + 1]] <- cbind(points = points, d)
  answers[[as.character(points)]] <- c(fitted_models(d, points), list(cutpoints = cuts(d, points)))
}
gz(do.call(rbind, rated), "points")

set.seed(7)
trait <- rnorm(60)
items <- sapply(c(1, 0.8, 1.1, 0.4, 0.9, 0.6), function(load) pmin(7, pmax(1, round(4 + load * trait + rnorm(60)))))
colnames(items) <- paste0("item_", 1:6)
a <- psych::alpha(as.data.frame(items), check.keys = FALSE)
one <- factanal(items, 1, control = list(lower = 0.005))
sds <- apply(items, 2, sd); loads <- sds * one$loadings[, 1]; errors <- sds^2 * one$uniquenesses
fm <- suppressWarnings(psych::fa(items, 1, fm = "ml"))
scaled <- sds * abs(fm$loadings[, 1])
halves <- apply(combn(6, 3), 2, function(own) {
  r <- cor(rowSums(items[, own]), rowSums(items[, -own])); 2 * r / (1 + r) })
gz(data.frame(participant = sprintf("p%02d", 1:60), items), "items")
answers$items <- list(
  alpha = a$total$raw_alpha, item_rest = a$item.stats$r.drop, without = a$alpha.drop$raw_alpha,
  omega = sum(loads)^2 / (sum(loads)^2 + sum(errors)), omega_by_psych = sum(scaled)^2 / (sum(scaled)^2 + sum(sds^2 * fm$uniquenesses)),
  loadings = unname(loads), halves = list(mean = mean(halves), least = min(halves), most = max(halves)))

set.seed(8)
d <- expand.grid(participant = sprintf("p%02d", 1:25), image = sprintf("i%02d", 1:18), stringsAsFactors = FALSE)
d$method <- c("blur", "cam")[(as.integer(substring(d$participant, 2)) + as.integer(substring(d$image, 2))) %% 2 + 1]
log_rt <- 8 + 0.2 * (d$method == "cam") + effects(d$participant, 0.4) + effects(d$image, 0.15) +
  effects(paste(d$participant, d$method), 0.2) + effects(paste(d$image, d$method), 0.2) + rnorm(nrow(d), 0, 0.4)
d$rt_ms <- round(exp(log_rt))
d$correct <- rbinom(nrow(d), 1, plogis(0.5 - 0.8 * (log_rt - 8) + effects(d$image, 0.5)))
d$log_rt <- log(d$rt_ms)
fit <- lm(log_rt ~ method, d)
robust <- function(one) unname(sqrt(diag(vcovCL(one, cluster = ~ participant + image, type = "HC1")))[2])
d$within <- d$log_rt - ave(d$log_rt, d$participant); d$right <- d$correct - ave(d$correct, d$participant)
slope <- lm(within ~ right, d)
gz(d[c("participant", "image", "method", "rt_ms", "correct")], "times")
answers$times <- list(
  medians = as.list(tapply(d$rt_ms, d$method, median)),
  log_difference = unname(coef(fit)[2]), se = robust(fit),
  right_slope = unname(coef(slope)[2]), right_se = robust(slope))
answers$versions <- list(lme4 = as.character(packageVersion("lme4")), ordinal = as.character(packageVersion("ordinal")),
                         psych = as.character(packageVersion("psych")), sandwich = as.character(packageVersion("sandwich")))
writeLines(toJSON(answers, auto_unbox = TRUE, digits = 10, pretty = TRUE), file.path(folder, "scales.json"))
