# SPDX-License-Identifier: Apache-2.0
# What R says of the samples below: the reference for analyzer/statistics_test.c.
#
#     Rscript testdata/statistics/vectors.R >testdata/statistics/vectors.tsv
#
# needs the package boot. Columns: function, case, first sample, second sample, arguments,
# answers; lists are parted by commas. R's own exact tests take no ties: exact_ranks() and
# exact_signs() list every division and every choice of signs instead.
suppressWarnings(suppressPackageStartupMessages(library(boot)))
set.seed(20240607)

text <- function(v) paste(sprintf("%.17g", as.numeric(v)), collapse = ",")
put <- function(what, case, first, second, arguments, answers)
	cat(paste(what, case, text(first), text(second), text(arguments), text(answers),
		  sep = "\t"), "\n", sep = "")

cat("# SPDX-License-Identifier: Apache-2.0\n")
cat("# Made by testdata/statistics/vectors.R with ", R.version.string, ", boot ",
    as.character(packageVersion("boot")), "\n", sep = "")

tails <- function(all, seen) {
	less <- mean(all <= seen + 1e-9)
	greater <- mean(all >= seen - 1e-9)
	c(min(1, 2 * min(less, greater)), less, greater)
}
exact_ranks <- function(first, second) {
	ranks <- rank(c(first, second))
	sums <- combn(length(ranks), length(second), function(i) sum(ranks[i]))
	seen <- sum(ranks[length(first) + seq_along(second)])
	c(seen - length(second) * (length(second) + 1) / 2, tails(sums, seen), 1)
}
exact_signs <- function(d) {
	d <- d[d != 0]
	if (!length(d)) return(c(0, 1, 1, 1, 1))
	ranks <- rank(abs(d))
	signs <- as.matrix(expand.grid(rep(list(0:1), length(d))))
	c(sum(ranks[d > 0]), tails(signs %*% ranks, sum(ranks[d > 0])), 1)
}
by_r <- function(exact, ...) {
	p <- sapply(c("two.sided", "less", "greater"), function(side) {
		suppressWarnings(wilcox.test(..., alternative = side, exact = exact))$p.value })
	c(suppressWarnings(wilcox.test(..., exact = exact))$statistic, p, exact)
}

round3 <- function(v) round(v, 3)
pairs <- list(
	one_and_one = list(1, 2), one_and_two = list(3, c(1, 2)), two = list(c(1, 2), c(3, 4)),
	three = list(c(1, 5, 3), c(4, 2, 9)), one_and_ten = list(100, 1:10),
	apart = list(1:8, 101:109), ten = list(rnorm(10), rnorm(10, 0.8)),
	uneven = list(rnorm(7), rnorm(23, 0.3)), lognormal = list(exp(rnorm(20)), exp(rnorm(17, 0.5))),
	most_exact = list(rnorm(50), rnorm(50, 0.35)), uneven_exact = list(rnorm(50), rnorm(3, 1)))
for (n in names(pairs))
	put("mann_whitney", n, pairs[[n]][[1]], pairs[[n]][[2]], NULL,
	    by_r(TRUE, pairs[[n]][[2]], pairs[[n]][[1]]))
tied <- list(
	all_equal = list(rep(7, 5), rep(7, 6)), same = list(c(1, 2, 3, 4), c(1, 2, 3, 4)),
	tied = list(c(1, 2, 2, 3, 3, 3), c(2, 3, 3, 4, 5)),
	lopsided = list(c(1, 1, 1, 1, 9), c(1, 1, 9)),
	tied_pair = list(c(1, 1), c(1, 2)), tied_apart = list(c(0, 0, 0, 0), c(5, 5, 5, 5, 5)),
	rounded = list(round(rnorm(9), 0), round(rnorm(8, 1), 0)))
for (n in names(tied))
	put("mann_whitney", n, tied[[n]][[1]], tied[[n]][[2]], NULL,
	    exact_ranks(tied[[n]][[1]], tied[[n]][[2]]))
large <- list(
	large = list(rnorm(60), rnorm(70, 0.4)),
	large_tied = list(round(rnorm(55), 1), round(rnorm(80, -0.3), 1)),
	one_large = list(rnorm(51), rnorm(4)), large_same = list(rep(1:60, 1), rep(1:60, 1)))
for (n in names(large))
	put("mann_whitney", n, large[[n]][[1]], large[[n]][[2]], NULL,
	    by_r(FALSE, large[[n]][[2]], large[[n]][[1]]))

singles <- list(one = 3, two = c(1, -2), three = c(1, 2, 3),
	below = -(1:12), ten = rnorm(10, 0.5),
	most_exact = rnorm(49, 0.3))
for (n in names(singles))
	put("signed_rank", n, singles[[n]], NULL, NULL, by_r(TRUE, singles[[n]]))
tied <- list(zero = 0, zeros = c(0, 0, 0), tied = c(1, 1, -1, 2, 2, -3, 0),
	equal = rep(2, 9), rounded = round(rnorm(14, 0.5), 0))
for (n in names(tied)) put("signed_rank", n, tied[[n]], NULL, NULL, exact_signs(tied[[n]]))
large_singles <- list(large = rnorm(120, 0.1), large_tied = round(rnorm(150, -0.1), 1))
for (n in names(large_singles))
	put("signed_rank", n, large_singles[[n]], NULL, NULL, by_r(FALSE, large_singles[[n]]))

# R's own where it is exact; how far that interval reaches by the distribution itself.
shift_by_r <- function(first, second, level) {
	m <- length(first); n <- length(second)
	said <- suppressWarnings(wilcox.test(second, first, conf.int = TRUE, conf.level = level,
					     exact = TRUE))
	q <- max(1, qwilcox((1 - level) / 2, n, m))
	c(said$estimate, said$conf.int, 1 - 2 * pwilcox(q - 1, n, m))
}
# With ties R leaves the differences; these are they.
shift_by_places <- function(first, second, level) {
	d <- sort(outer(second, first, "-")); m <- length(first); n <- length(second)
	q <- max(1, qwilcox((1 - level) / 2, n, m))
	c(median(d), d[q], d[m * n + 1 - q], 1 - 2 * pwilcox(q - 1, n, m))
}
# Of large samples: the places by the normal distribution (Hollander and Wolfe), rounded down.
by_normal <- function(d, mean, deviation, level) {
	q <- floor(mean + 0.5 + qnorm((1 - level) / 2) * deviation)
	c(median(d), sort(d)[q], rev(sort(d))[q], 1 - 2 * pnorm((q - 0.5 - mean) / deviation))
}
shift_normally <- function(first, second, level) {
	m <- length(first); n <- length(second)
	by_normal(outer(second, first, "-"), m * n / 2, sqrt(m * n * (m + n + 1) / 12), level)
}
paired_shift_normally <- function(d, level) {
	n <- length(d); walsh <- outer(d, d, "+") / 2
	by_normal(walsh[lower.tri(walsh, diag = TRUE)], n * (n + 1) / 4,
		  sqrt(n * (n + 1) * (2 * n + 1) / 24), level)
}
for (level in c(0.95, 0.8)) {
	for (n in names(pairs))
		put("shift", n, pairs[[n]][[1]], pairs[[n]][[2]], level,
		    shift_by_r(pairs[[n]][[1]], pairs[[n]][[2]], level))
	put("shift", "large", large$large[[1]], large$large[[2]], level,
	    shift_normally(large$large[[1]], large$large[[2]], level))
	put("shift_near", "large", large$large[[1]], large$large[[2]], level,
	    shift_by_r(large$large[[1]], large$large[[2]], level))
	for (case in list(list(rep(7, 5), rep(7, 6)), list(c(1, 2, 2, 3, 3, 3), c(2, 3, 3, 4, 5))))
		put("shift", "tied", case[[1]], case[[2]], level,
		    shift_by_places(case[[1]], case[[2]], level))
	for (n in names(singles)) {
		d <- singles[[n]]
		said <- suppressWarnings(wilcox.test(d, conf.int = TRUE, conf.level = level, exact = TRUE))
		q <- max(1, qsignrank((1 - level) / 2, length(d)))
		put("paired_shift", n, d, NULL, level, c(said$estimate, said$conf.int,
		    1 - 2 * psignrank(q - 1, length(d))))
	}
	said <- wilcox.test(large_singles$large, conf.int = TRUE, conf.level = level, exact = TRUE)
	put("paired_shift", "large", large_singles$large, NULL, level,
	    paired_shift_normally(large_singles$large, level))
	put("paired_shift_near", "large", large_singles$large, NULL, level,
	    c(said$estimate, said$conf.int,
	    1 - 2 * psignrank(qsignrank((1 - level) / 2, 120) - 1, 120)))
}

for (level in c(0.95, 0.99))
	for (case in list(c(8, 10), c(10, 10), c(0, 10), c(1, 1), c(0, 1),
			  c(17, 1000), c(999999, 1e6)))
		put("wilson", "score", NULL, NULL, c(case, level),
		    suppressWarnings(prop.test(case[1], case[2], conf.level = level,
					       correct = FALSE))$conf.int)
for (p in list(0.04, c(0.01, 0.04, 0.03, 0.005), c(0.2, 0.2, 0.2), c(0, 1, 0.5, 1e-9), runif(12)^3))
	put("holm", "family", p, NULL, NULL, p.adjust(p, "holm"))
for (at in c(0, 0.1, 0.25, 0.5, 0.9, 0.999, 1))
	for (v in list(4, c(1, 2), c(3, 1, 2), round3(rnorm(21)), c(5, 5, 5, 5)))
		put("quantile", "type_7", sort(v), NULL, at, quantile(v, at, type = 7))
for (v in list(c(1, 2), c(3, 1, 2), rnorm(30), rep(5, 6), 1e9 + c(1, 2, 4)))
	put("describe", "median_mad_mean_deviation", v, NULL, NULL,
	    c(median(v), mad(v, constant = 1), mean(v), sd(v)))
for (p in c(0.5, 0.8, 0.975, 0.025, 1e-6, 0.999))
	put("normal", "quantile", NULL, NULL, p, qnorm(p))
for (f in c(1, 2, 3, 4, 9, 30, 399))
	for (p in c(0.5, 0.8, 0.975, 0.01))
		put("student", "quantile", NULL, NULL, c(p, f), qt(p, f))
for (n in c(2, 5, 10, 30, 100, 400)) {
	put("detectable", "bloom", NULL, NULL, c(0.13, n, 0.05, 0.8),
	    (qt(0.975, n - 1) + qt(0.8, n - 1)) * 0.13 / sqrt(n))
	if (n >= 10)
		put("detectable_by_power", "noncentral_t", NULL, NULL, c(0.13, n, 0.05, 0.8),
		    power.t.test(n = n, sd = 0.13, sig.level = 0.05, power = 0.8,
				 type = "paired", tol = 1e-12)$delta)
}

spread <- function(v) diff(quantile(v, c(0.1, 0.9), type = 7, names = FALSE))
for (case in list(list("mean", mean, rnorm(25, 1), 199, 0.95),
		  list("mean", mean, exp(rnorm(15)), 99, 0.9),
		  list("mean", mean, exp(rnorm(40)), 133, 0.95),
		  list("spread", spread, exp(rnorm(30)), 199, 0.95))) {
	statistic <- function(v, i) case[[2]](v[i])
	drawn <- boot(case[[3]], statistic, R = case[[4]])
	# boot's own jackknife takes distances from the estimate; Efron's from their mean.
	without <- sapply(seq_along(case[[3]]), function(i) case[[2]](case[[3]][-i]))
	influence <- (length(without) - 1) * (mean(without) - without)
	said <- suppressWarnings(boot.ci(drawn, conf = case[[5]], type = c("perc", "bca"),
					 L = influence))
	put(paste0("bootstrap_", case[[1]]), "boot", case[[3]], sort(drawn$t), case[[5]],
	    c(sum(influence^3) / (6 * sum(influence^2)^1.5), said$percent[4:5], said$bca[4:5]))
}
# Two samples: Davison and Hinkley's sum over samples of the influences by their sizes.
first <- exp(rnorm(12)); second <- rnorm(20, 3)
of <- function(v, sign) sign * (v - mean(v)) / length(v)
l <- c(of(first, -1), of(second, 1))
put("acceleration_two", "means", first, second, NULL, sum(l^3) / (6 * sum(l^2)^1.5))

# Two proportions: Newcombe's method 10 has no function in R; its parts are prop.test's intervals.
score <- function(part, whole, level)
	suppressWarnings(prop.test(part, whole, conf.level = level, correct = FALSE))$conf.int
for (case in list(c(0, 10, 0, 10), c(3, 10, 8, 11), c(0, 3000, 12, 3000), c(12, 3000, 0, 2000),
		  c(56, 70, 48, 80), c(9, 10, 3, 10), c(500, 100000, 700, 90000), c(5, 5, 5, 5),
		  c(1, 1, 0, 1), c(1000, 1e7, 1100, 1e7))) {
	put("fisher", "two_sided", NULL, NULL, case,
	    fisher.test(matrix(c(case[1], case[2] - case[1], case[3], case[4] - case[3]), 2))$p.value)
	for (level in c(0.95, 0.995)) {
		a <- score(case[1], case[2], level); b <- score(case[3], case[4], level)
		p <- case[1] / case[2]; q <- case[3] / case[4]
		put("newcombe", "method_10", NULL, NULL, c(case, level),
		    c(q - p - sqrt((q - b[1])^2 + (a[2] - p)^2),
		      q - p + sqrt((b[2] - q)^2 + (p - a[1])^2)))
	}
}
