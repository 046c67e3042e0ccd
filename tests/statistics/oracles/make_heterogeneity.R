# The numbers of tests/statistics/test_heterogeneity.py: Rscript make_heterogeneity.R (metafor 3.8)
options(digits=12)
m <- c(.31,.12,.55,-.08,.27,.40); se <- c(.11,.15,.20,.12,.09,.25); n <- c(20,14,9,25,30,8)
# Welch from summaries: data with exactly these means and sds
d <- do.call(rbind, lapply(1:6, function(i){ x <- as.numeric(scale(seq_len(n[i])))*se[i]*sqrt(n[i])+m[i]; data.frame(g=factor(i), x=x)}))
w <- oneway.test(x ~ g, d); cat(w$statistic, w$parameter, w$p.value, "\n")
library(metafor)
r <- rma(yi=m, sei=se, method="DL", test="knha"); cat(r$beta, r$se, r$ci.lb, r$ci.ub, r$pval, sqrt(r$tau2), r$I2, "\n")
