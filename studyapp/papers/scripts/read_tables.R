# Read the kit's numbers: `Rscript read_tables.R`, in the kit's folder.
numbers <- read.csv(file.path("tables", "numbers.csv"), encoding = "UTF-8")
methods <- numbers[numbers$kind == "method", ]
contrasts <- numbers[numbers$kind == "contrast", ]
shown <- c("name", "estimate", "low95", "high95", "p_holm")
print(methods[, c("paradigm", "n", shown)], row.names = FALSE)
print(contrasts[, c("paradigm", "planned", shown)], row.names = FALSE)
