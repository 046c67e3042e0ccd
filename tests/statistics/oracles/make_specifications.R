# What sandwich says of a contrast of tests/analyses/oracles/interaction.csv.gz: with clusters of
# people alone, and its log odds with clusters of people and of photos.
#   Rscript make_specifications.R ../../analyses/oracles > specifications.json
#   (Debian: r-base-core r-cran-sandwich)
suppressMessages(library(sandwich))
d <- read.csv(gzfile(file.path(commandArgs(trailingOnly = TRUE)[1], "interaction.csv.gz")))
d <- d[d$method %in% c("blur", "cam"), ]
d$method <- factor(d$method, c("blur", "cam"))
d$participant <- factor(d$participant)
d$image <- factor(d$image)
plain <- lm(correct ~ method, d)
logit <- glm(correct ~ method, binomial, d, control = list(epsilon = 1e-14))
se <- function(fit, cluster) sqrt(vcovCL(fit, cluster = cluster, type = "HC1")[2, 2])
cat(sprintf("{\"sandwich\": \"%s\",\n \"people\": {\"estimate\": %.12g, \"se\": %.12g},\n",
            packageVersion("sandwich"), coef(plain)[2], se(plain, ~ participant)))
cat(sprintf(" \"log_odds\": {\"estimate\": %.12g, \"se\": %.12g}}\n",
            coef(logit)[2], se(logit, ~ participant + image)))
