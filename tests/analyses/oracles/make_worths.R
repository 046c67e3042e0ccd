# Simulates comparisons and rankings and writes what R says of them.
#   Rscript make_worths.R FOLDER   (Debian: r-base-core r-cran-bradleyterry2 r-cran-survival r-cran-sandwich)
# decided: BradleyTerry2's BTm, and the two-way covariance of sandwich for the same fit by glm.
# ties: Davidson's likelihood with an effect of the side, written out here and given to optim.
# rankings, best_worst, chosen: survival's clogit of the choices that an order consists of.
# se of the last two: sandwich's two-way covariance of clogit's scores, with (N - 1)/(N - K) for N pages.
suppressMessages({library(BradleyTerry2); library(survival); library(sandwich)})
folder <- commandArgs(trailingOnly = TRUE)[1]
numbers <- function(x) paste0("{", paste(sprintf("\"%s\": %.10g", names(x), x), collapse = ", "), "}")
keep <- function(name, d, fits) {
  file <- gzfile(file.path(folder, paste0(name, ".csv.gz")), "w"); write.csv(d, file, row.names = FALSE, quote = FALSE); close(file)
  writeLines(c(sprintf("{\"rows\": %d,", nrow(d)), paste(sprintf(" \"%s\": %s", names(fits), unlist(fits)), collapse = ",\n"), "}"),
             file.path(folder, paste0(name, ".json")))
}
worths <- c(a = 0, b = 0.5, c = 1.1, d = -0.4, e = 0.2)
tight <- list(maxit = 10000, reltol = 1e-15)

set.seed(41)
pairs <- t(combn(names(worths), 2))
d <- do.call(rbind, lapply(1:24, function(p) { k <- pairs[(0:14 + 3 * p) %% 10 + 1, ]
  data.frame(participant = sprintf("p%02d", p), image = sprintf("i%02d", sample(20, 15)), first = k[, 1], second = k[, 2], left = rbinom(15, 1, 0.5)) }))
liking <- matrix(rnorm(24 * 5, 0, 0.5), 24, dimnames = list(sprintf("p%02d", 1:24), names(worths)))
eta <- worths[d$first] + liking[cbind(d$participant, d$first)] - worths[d$second] - liking[cbind(d$participant, d$second)] + ifelse(d$left == 1, 0.3, -0.3)
weights <- cbind(exp(eta / 2), exp(-eta / 2), exp(-0.5))
k <- apply(weights, 1, function(w) sample(3, 1, prob = w)); d$result <- c(1, 0, 0.5)[k]

# Without the ties: two ways to the same fit
own <- d[d$result != 0.5, ]
X <- sapply(names(worths)[-1], function(name) (own$first == name) - (own$second == name))
bt <- BTm(outcome = own$result, player1 = data.frame(method = factor(own$first, names(worths))),
          player2 = data.frame(method = factor(own$second, names(worths))), formula = ~ method, id = "method", refcat = "a")
plain <- glm(own$result ~ X - 1, family = binomial, control = list(epsilon = 1e-14))
two <- vcovCL(plain, cluster = data.frame(own$participant, own$image), type = "HC1", cadjust = TRUE)
keep("decided", own, list(
  BradleyTerry2 = numbers(setNames(coef(bt), sub("^method", "", names(coef(bt))))),
  se = numbers(setNames(sqrt(diag(two)), colnames(X))),
  c_minus_b = sprintf("%.10g", sqrt(two[2, 2] + two[1, 1] - 2 * two[1, 2])), loglik = sprintf("%.10g", as.numeric(logLik(plain)))))

minus <- function(t) { b <- c(a = 0, t[1:4]); names(b) <- names(worths)
  eta <- b[d$first] - b[d$second] + ifelse(d$left == 1, 1, -1) * t[6]
  w <- cbind(exp(eta / 2), exp(-eta / 2), exp(t[5])); -sum(log(w[cbind(seq_len(nrow(d)), match(d$result, c(1, 0, 0.5)))] / rowSums(w))) }
fit <- optim(rep(0, 6), minus, method = "BFGS", control = tight)
fit <- optim(fit$par, minus, method = "BFGS", control = tight)
# One stratum a choice, so that all ways to treat equal times are the same: Breslow's has scores
choose <- function(long, names) clogit(as.formula(paste("taken ~", paste(names, collapse = " + "), "+ strata(choice)")), data = long,
  method = "breslow", control = coxph.control(eps = 1e-12, toler.chol = 1e-13))
robust <- function(fit, long) { pages <- length(unique(long$page)); k <- length(coef(fit))
  two <- vcovCL(fit, cluster = long[c("participant", "image")], type = "HC0", cadjust = TRUE) * (pages - 1) / (pages - k)
  numbers(setNames(sqrt(diag(two)), names(coef(fit)))) }
half <- cbind(sapply(names(worths)[-1], function(name) (d$first == name) - (d$second == name)), tie = 0, side = ifelse(d$left == 1, 1, -1)) / 2
equal <- half * 0; equal[, "tie"] <- 1
long <- data.frame(rbind(half, equal, -half), participant = d$participant, image = d$image, choice = seq_len(nrow(d)), page = seq_len(nrow(d)),
  taken = c(d$result == 1, d$result == 0.5, d$result == 0) * 1)
davidson <- choose(long, colnames(half))
keep("ties", d, list(davidson = numbers(setNames(fit$par, c(names(worths)[-1], "tie", "side"))), loglik = sprintf("%.10g", -fit$value),
                     se = robust(davidson, long)))

set.seed(42)
orders <- do.call(rbind, lapply(1:20, function(p) t(sapply(1:8, function(i) {
  names(worths)[order(-(worths + liking[p, ] + -log(-log(runif(5)))))] }))))
r <- data.frame(participant = rep(sprintf("p%02d", 1:20), each = 8), image = sprintf("i%02d", (rep(1:8, 20) + rep(0:19, each = 8)) %% 12 + 1))
r[paste0("place_", 1:5)] <- orders
stage <- function(row, left, taken, sign, page) data.frame(t(sapply(left, function(one) sign * (names(worths)[-1] == one))),
  taken = as.integer(left == taken), choice = paste(page, sign, length(left)), page = page,
  participant = r$participant[page], image = r$image[page])
choices <- function(steps) do.call(rbind, lapply(seq_len(nrow(r)), function(n) { left <- names(worths); all <- list()
  for (s in steps) { one <- orders[n, s]; sign <- if (s == 5) -1 else 1
    all[[length(all) + 1]] <- stage(n, left, one, sign, n); left <- setdiff(left, one) }
  do.call(rbind, all) }))
fitted <- function(steps) { long <- choices(steps); names(long)[1:4] <- names(worths)[-1]
  fit <- clogit(taken ~ b + c + d + e + strata(choice), data = long, method = "exact", control = coxph.control(eps = 1e-12, toler.chol = 1e-13))
  sprintf("{\"worths\": %s, \"loglik\": %.10g, \"se\": %s}", numbers(coef(fit)), fit$loglik[2], robust(choose(long, names(worths)[-1]), long)) }
keep("rankings", r, list(ranking = fitted(1:4), best_worst = fitted(c(1, 5)), chosen = fitted(1)))
