# Simulates the data sets of this folder and writes what lme4 and ordinal say of them.
#   Rscript make_oracles.R FOLDER        (Debian: r-base-core r-cran-lme4 r-cran-ordinal)
# glmer's inner tolerance is tightened, since at its default the standard errors are off by up to
# 0.5 % by the noise of its numerical derivatives.
suppressMessages({library(lme4); library(ordinal)})
folder <- commandArgs(trailingOnly = TRUE)[1]
tight <- glmerControl(optimizer = "bobyqa", tolPwrss = 1e-10, optCtrl = list(maxfun = 1e5, rhoend = 1e-9))

deal <- function(people, photos, each, methods, seed) {
  set.seed(seed)
  do.call(rbind, lapply(seq_len(people), function(p) data.frame(
    participant = sprintf("p%02d", p), image = sprintf("i%02d", sample(photos, each)),
    method = methods[(seq_len(each) + p) %% length(methods) + 1])))
}
effects <- function(labels, sd) { u <- rnorm(length(unique(labels)), 0, sd); u[match(labels, unique(labels))] }
ordered_answers <- function(eta, cuts) findInterval(eta + rlogis(length(eta)), cuts)

numbers <- function(x) paste0("{", paste(sprintf("\"%s\": %.10g", names(x), x), collapse = ", "), "}")
told <- function(fit, sd) {
  se <- sqrt(diag(vcov(fit)))
  fixed <- if (inherits(fit, "clmm")) coef(fit) else fixef(fit)
  sprintf("{\"estimate\": %s,\n  \"se\": %s,\n  \"sd\": %s, \"loglik\": %.10g}",
          numbers(fixed), numbers(setNames(se[seq_along(fixed)], names(fixed))), numbers(sd), as.numeric(logLik(fit)))
}
lme4_sd <- function(fit) { v <- as.data.frame(VarCorr(fit)); setNames(v$sdcor, v$grp) }
clmm_sd <- function(fit) unlist(lapply(VarCorr(fit), function(v) attr(v, "stddev")))
keep <- function(name, d, ...) {
  file <- gzfile(file.path(folder, paste0(name, ".csv.gz")), "w"); write.csv(d, file, row.names = FALSE, quote = FALSE); close(file)
  fits <- list(...)
  parts <- sprintf(" \"%s\": %s", names(fits), unlist(fits))
  writeLines(c(sprintf("{\"rows\": %d, \"lme4\": \"%s\", \"ordinal\": \"%s\",", nrow(d), packageVersion("lme4"), packageVersion("ordinal")),
               paste(parts, collapse = ",\n"), "}"), file.path(folder, paste0(name, ".json")))
}
crossed <- correct ~ method + (1 | participant) + (1 | image)
full <- correct ~ method + (1 | participant) + (1 | image) + (1 | participant:method) + (1 | image:method)
glmer_told <- function(formula, d, link = "logit") { f <- glmer(formula, d, family = binomial(link), control = tight); told(f, lme4_sd(f)) }
clmm_told <- function(d) {
  f <- clmm(factor(score) ~ method + (1 | participant) + (1 | image), data = d)
  told(f, setNames(clmm_sd(f), names(VarCorr(f))))
}

d <- deal(40, 40, 24, c("blur", "cam", "grad"), 11)
eta <- c(blur = 0, cam = 0.6, grad = 0.2)[d$method] + effects(d$participant, 0.4) + effects(d$image, 0.6) +
  effects(paste(d$participant, d$method), 0.4) + effects(paste(d$image, d$method), 0.8)
d$correct <- rbinom(nrow(d), 1, plogis(eta))
keep("interaction", d, glmer = glmer_told(crossed, d), glmer_full = glmer_told(full, d))

d <- deal(30, 25, 20, c("blur", "cam"), 12)
d$correct <- rbinom(nrow(d), 1, plogis(0.3 + 0.4 * (d$method == "cam") + effects(d$participant, 0.7)))
keep("singular", d, glmer = glmer_told(crossed, d))

d <- deal(30, 24, 20, c("blur", "cam", "grad"), 13)
eta <- c(blur = 0.2, cam = 0.9, grad = 5)[d$method] + effects(d$participant, 0.5) + effects(d$image, 0.5)
d$correct <- rbinom(nrow(d), 1, plogis(eta))
keep("near_separation", d, glmer = glmer_told(crossed, d))

d <- deal(36, 30, 24, c("blur", "cam", "grad"), 14)
eta <- c(blur = 0, cam = 0.8, grad = -0.4)[d$method] + effects(d$participant, 0.8) + effects(d$image, 0.3)
d$score <- ordered_answers(eta, c(-2, -0.8, 0.3, 1.9)) - 2
keep("scores", d, clmm = clmm_told(d))

d <- deal(30, 20, 20, c("blur", "cam"), 15)
eta <- 0.5 * (d$method == "cam") + effects(d$participant, 0.6) + effects(d$image, 0.9)
d$score <- c(-2, -1, 1, 2)[ordered_answers(eta, c(-1.5, -0.1, 1.4)) + 1]
keep("never_equal", d, clmm = clmm_told(d))

d <- deal(45, 30, 24, c("blur", "cam", "grad"), 16)
d$stronger_side <- sample(c("A", "B"), nrow(d), replace = TRUE)
s <- ifelse(d$stronger_side == "B", 1, -1)
eta <- 0.3 + s * (c(blur = 0.3, cam = 0.9, grad = 0.6)[d$method] + effects(d$participant, 0.5) + effects(d$image, 0.4)) +
  effects(d$participant, 0.6)
r <- ordered_answers(eta, c(-2, -0.8, 0.6, 1.9)) - 2
d$score <- r * s
e <- transform(d, r = factor(r), s = s)
f <- clmm(r ~ s:method + (1 | participant) + (0 + s | participant) + (0 + s | image), data = e)
keep("sides", d, clmm = clmm_told(d), clmm_side = told(f, setNames(clmm_sd(f), c("participant:s", "participant", "image:s"))))

d <- deal(40, 40, 24, c("blur", "cam"), 17)
d$ai_wrong <- as.integer(as.integer(substring(d$image, 2)) %% 2 == 0)
eta <- -0.3 + ifelse(d$method == "cam", 1.2, 0.6) * d$ai_wrong + effects(d$participant, 0.4) + effects(d$image, 0.5)
d$said_wrong <- rbinom(nrow(d), 1, pnorm(eta))
keep("detection", d, probit = glmer_told(said_wrong ~ 0 + method + method:ai_wrong + (1 | participant) + (1 | image), d, "probit"))

# ordinal returns the deviations of many terms under changed names, so they are kept by size.
by_size <- function(fit) { sd <- sort(unname(sapply(fit$ST, function(one) abs(one[1, 1])))); setNames(sd, seq_along(sd)) }
d <- deal(18, 12, 12, c("a", "b", "c"), 18)
d$stronger_side <- sample(c("A", "B"), nrow(d), replace = TRUE)
d$s <- ifelse(d$stronger_side == "B", 1, -1)
eta <- c(a = 0, b = 0.5, c = 1)[d$method] + effects(d$participant, 0.7) + effects(d$image, 0.5) +
  effects(paste(d$participant, d$method), 0.9) + effects(paste(d$image, d$method), 1.1)
d$score <- ordered_answers(eta, c(-2, -0.7, 0.6, 1.9)) - 2
d$r <- factor(d$score * d$s)
d[c("participant", "image", "method")] <- lapply(d[c("participant", "image", "method")], factor)
f <- clmm(factor(score) ~ method + (1 | participant) + (1 | image) + (1 | participant:method) + (1 | image:method), data = d)
g <- clmm(r ~ s:method + (1 | participant) + (0 + s | participant) + (0 + s | image) +
            (0 + s | participant:method) + (0 + s | image:method), data = d)
keep("varying", d[c("participant", "image", "method", "stronger_side", "score")],
     clmm_full = told(f, by_size(f)), clmm_side_full = told(g, by_size(g)))
