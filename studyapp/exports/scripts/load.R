# Every table of this bundle, each column with its type; factors with their levels in order, the
# reference first. Needs R alone:
#     source("load.R", chdir = TRUE)
#     d <- load_bundle()
#     a <- analysed(d$judgments)
# t text, f factor, i whole number, n number, b true or false, d time (UTC), j JSON as text.
columns <- list(
@COLUMNS@
)
levels_of <- list(
@LEVELS@
)
bundle_folder <- normalizePath(".")

# A list with a data frame for each table that the bundle holds.
load_bundle <- function(folder = bundle_folder) {
  files <- list.files(file.path(folder, "data"), "_data[.]csv$", full.names = TRUE)
  if (!length(files)) stop("there is no bundle in ", folder, "; name its folder: load_bundle(\"…\")")
  names(files) <- sub("_data[.]csv$", "", sub(".*_description-", "", basename(files)))
  sapply(intersect(names(columns), names(files)), simplify = FALSE, function(name) {
    rows <- read.csv(files[[name]], colClasses = "character", na.strings = "", check.names = FALSE,
                     fileEncoding = "UTF-8")
    kinds <- columns[[name]]
    if (!identical(names(rows), names(kinds))) stop(files[[name]], " has other columns than it was written with")
    for (column in names(rows)) {
      rows[[column]] <- typed(rows[[column]], kinds[[column]], levels_of[[column]])
    }
    rows
  })
}

# The judgments that are analysed: of main trials (of two answers, the final one) and questionnaires,
# of people who finished and are not excluded.
analysed <- function(judgments) {
  droplevels(subset(judgments, stage %in% c("main", "final", "questionnaire") &
                      status == "finished" & !excluded))
}

typed <- function(cells, kind, levels) {
  switch(kind,
    t = sub("^'", "", cells),
    f = { cells <- sub("^'", "", cells); factor(cells, unique(c(levels, cells[!is.na(cells)]))) },
    i = whole(cells),
    n = as.numeric(cells),
    b = cells == "true",
    d = as.POSIXct(strptime(sub("Z$", "", cells), "%Y-%m-%dT%H:%M:%OS", tz = "UTC")),
    cells)
}

# Numbers that R can't hold exactly stay text
whole <- function(cells) {
  found <- suppressWarnings(as.numeric(cells))
  if (any(abs(found) > 2^53, na.rm = TRUE)) return(cells)
  if (any(abs(found) > .Machine$integer.max, na.rm = TRUE)) found else as.integer(found)
}
