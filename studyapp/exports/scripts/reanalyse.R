# Fits the primary mixed models of this bundle again, with lme4 and ordinal:
#     Rscript analysis/reanalyse.R
# (Debian: r-cran-lme4 and r-cran-ordinal.) Compare with "glmer" and "clmm" in results*.json.
suppressMessages({ library(lme4); library(ordinal) })

reference <- "@REFERENCE@"
here <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
data <- file.path(dirname(dirname(normalizePath(here))), "data")
table <- list.files(data, "_description-judgments_data[.]csv$", full.names = TRUE)
rows <- read.csv(table, na.strings = "", stringsAsFactors = FALSE)
rows <- subset(rows, stage == "main" & status == "finished" & excluded == "false")
rows$participant <- factor(rows$participant_id)
rows$image <- factor(rows$image_group)

with_methods <- function(rows) {
  rows$method <- factor(rows$condition)
  if (reference %in% levels(rows$method)) rows$method <- relevel(rows$method, reference)
  droplevels(rows)
}

attempt <- function(title, fit) {
  cat("\n==", title, "==\n")
  tryCatch(print(summary(fit())), error = function(problem) cat("not fitted:", conditionMessage(problem), "\n"))
  invisible(NULL)
}

for (paradigm in unique(rows$paradigm)) {
  asked <- with_methods(rows[rows$paradigm == paradigm, ])
  several <- nlevels(asked$method) > 1
  if (any(!is.na(asked$correct))) {
    asked <- asked[!is.na(asked$correct), ]
    fixed <- if (several) "correct ~ method" else "correct ~ 1"
    attempt(paste(paradigm, "glmer"), function()
      glmer(as.formula(paste(fixed, "+ (1|participant) + (1|image)")), asked, binomial))
    if (several) attempt(paste(paradigm, "glmer_full"), function()
      glmer(correct ~ method + (1|participant) + (1|image) + (1|participant:method) + (1|image:method),
            asked, binomial))
  }
  if (any(!is.na(asked$score))) {
    asked <- asked[!is.na(asked$score), ]
    asked$answer <- factor(asked$score, ordered = TRUE)
    asked$r <- factor(asked$value, ordered = TRUE)
    asked$s <- ifelse(asked$stronger_side == "B", 1, -1)
    fixed <- if (several) "answer ~ method" else "answer ~ 1"
    attempt(paste(paradigm, "clmm"), function()
      clmm(as.formula(paste(fixed, "+ (1|participant) + (1|image)")), data = asked, Hess = TRUE))
    side <- if (several) "r ~ s:method" else "r ~ s"
    attempt(paste(paradigm, "clmm with the side"), function()
      clmm(as.formula(paste(side, "+ (1|participant) + (0 + s|participant) + (0 + s|image)")),
           data = asked, Hess = TRUE))
  }
}
