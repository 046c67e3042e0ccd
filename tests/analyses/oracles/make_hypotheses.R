# What R says of the nulls of five effects and of their adjustment: Rscript make_hypotheses.R
# Two one-sided tests after Schuirmann (1987); Holm's adjustment by p.adjust.
library(jsonlite)

distance <- c(0.42, -0.31, 0.18, 0.05, -0.02)
se <- c(0.11, 0.12, 0.08, 0.03, 0.10)
df <- c(23, 18.5, 41, 60, 12)
direction <- c("greater", "greater", "less", "different", "equivalent")
margin <- c(NA, 0.2, NA, 0.1, 0.25)

tested <- function(sided) {
  t <- distance / se
  two <- 2 * pt(-abs(t), df)
  one <- ifelse(direction == "greater", pt(t, df, lower.tail = FALSE),
         ifelse(direction == "less", pt(t, df), two))
  none <- if (sided == "one") one else two
  # Two one-sided tests of equivalence: the larger p
  large <- pmax(pt((distance + margin) / se, df, lower.tail = FALSE), pt((distance - margin) / se, df))
  above <- pt((distance - margin) / se, df, lower.tail = FALSE)
  below <- pt((distance + margin) / se, df)
  small <- ifelse(direction == "greater", above,
           ifelse(direction == "less", below, pmin(1, 2 * pmin(above, below))))
  small <- pmax(small, none)
  # Each p in the family of the others, in which an effect with a margin keeps its share
  shares <- ifelse(is.na(margin), none, 1)
  by_holm <- function(p) sapply(seq_along(p), function(i)
    if (is.na(p[i])) NA else p.adjust(c(p[i], shares[-i]), "holm")[1])
  list(none = none, large = large, small = small, none_adjusted = by_holm(none),
       large_adjusted = by_holm(large), small_adjusted = by_holm(small))
}

effects <- list(distance = distance, se = se, df = df, direction = direction, margin = margin,
                p = 2 * pt(-abs(distance / se), df))
write(toJSON(list(effects = effects, two = tested("two"), one = tested("one")), na = "null",
             digits = 15, pretty = TRUE), "hypotheses.json")
