# Hard texts as R's yaml writes them: Rscript r.R TEXTS_IN_HEX INTO
arguments <- commandArgs(trailingOnly = TRUE)
lines <- readLines(arguments[1])

quoted <- function(text) {
  units <- utf8ToInt(enc2utf8(text))
  escaped <- vapply(units, function(unit) {
    if (unit > 0xffff) {
      rest <- unit - 0x10000
      sprintf("\\u%04x\\u%04x", 0xd800 + rest %/% 0x400, 0xdc00 + rest %% 0x400)
    } else if (unit < 0x20 || unit > 0x7e || unit %in% c(0x22, 0x5c)) {
      sprintf("\\u%04x", unit)
    } else {
      intToUtf8(unit)
    }
  }, "")
  paste0('"', paste(escaped, collapse = ""), '"')
}

document <- function(payload) list(schedules = list(e = list(at = "2027-06-01T09:00:00Z", lambda = "f", payload = payload)))

out <- file(file.path(arguments[2], "r-yaml.jsonl"), "w", encoding = "UTF-8")
writeLines(sprintf("# yaml %s of R %s.%s", packageVersion("yaml"), R.version$major, R.version$minor), out)
for (number in seq_along(lines)) {
  hex <- lines[number]
  bytes <- if (nchar(hex)) as.raw(strtoi(substring(hex, seq(1, nchar(hex), 2), seq(2, nchar(hex), 2)), 16)) else raw(0)
  # R has no text with a NUL, and no name that is empty.
  if (any(bytes == 0)) next
  text <- rawToChar(bytes)
  Encoding(text) <- "UTF-8"
  named <- function(value) { found <- list(value); names(found) <- text; found }
  payloads <- list(value = list(v = text, l = list(text)), key = named(named("x")))
  for (place in names(payloads)) {
    if (place == "key" && !length(bytes)) next
    yaml <- tryCatch(yaml::as.yaml(document(payloads[[place]])), error = function(why) NULL)
    if (is.null(yaml)) next
    line <- tryCatch(quoted(yaml), error = function(why) NULL)
    if (is.null(line)) next
    writeLines(sprintf('{"text":%d,"place":"%s","yaml":%s}', number - 1, place, line), out)
  }
}
close(out)
