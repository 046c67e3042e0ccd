# What BradleyTerry2 says of the comparisons without ties that make_worths.R has simulated: its own
# standard errors, from the information alone.
#   Rscript make_worth_errors.R FOLDER      (Debian: r-base-core r-cran-bradleyterry2)
suppressMessages(library(BradleyTerry2))
folder <- commandArgs(trailingOnly = TRUE)[1]
d <- read.csv(gzfile(file.path(folder, "decided.csv.gz")))
names <- c("a", "b", "c", "d", "e")
fit <- BTm(outcome = d$result, player1 = data.frame(method = factor(d$first, names)),
           player2 = data.frame(method = factor(d$second, names)), formula = ~ method, id = "method", refcat = "a")
told <- function(x) paste0("{", paste(sprintf("\"%s\": %.10g", sub("^method", "", names(coef(fit))), x), collapse = ", "), "}")
writeLines(sprintf("{\"worths\": %s,\n \"se\": %s}", told(coef(fit)), told(sqrt(diag(vcov(fit))))), file.path(folder, "decided_errors.json"))
