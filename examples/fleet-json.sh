#!/usr/bin/env bash
# JSON for shells that have POSIX awk and nothing else. Sourced by fleet-client.sh.

# fleet_json PATH: of the JSON on standard input the value there (`checkpoint.wipBranch`), a string as what it means.
# Fails when there is none, or null, or the text is cut short (after having printed what there was). Strings come in pieces between quotes, so a large one is never copied again and again.
fleet_json() {
  FLEET_PATH=$1 LC_ALL=C awk '
    function put(s) { if (is_key) name = name s; else if (wanted) printf "%s", s }
    function path(  i, p) { for (i = 1; i <= depth; i++) p = p (i > 1 ? "." : "") key[i]; return p }
    function literal() {
      if (word != "" && word != "null" && !found && path() == want) { printf "%s", word; found = 1 }
      word = ""
    }
    function hex(s,  i, n) {
      for (i = 1; i <= 4; i++) n = n * 16 + index("0123456789abcdef", tolower(substr(s, i, 1))) - 1
      return n
    }
    function utf8(u) {
      if (u == 0 || (u >= 55296 && u < 57344)) u = 65533
      if (u < 128) return sprintf("%c", u)
      if (u < 2048) return sprintf("%c%c", 192 + int(u / 64), 128 + u % 64)
      if (u < 65536) return sprintf("%c%c%c", 224 + int(u / 4096), 128 + int(u / 64) % 64, 128 + u % 64)
      return sprintf("%c%c%c%c", 240 + int(u / 262144), 128 + int(u / 4096) % 64, 128 + int(u / 64) % 64, 128 + u % 64)
    }
    function text(s,  n, i, p, c, u, low) {
      n = split(s, p, /\\/)
      if (n > 0) put(p[1])
      for (i = 2; i <= n; i++) {
        c = substr(p[i], 1, 1)
        if (c == "") { put("\\"); if (i < n) put(p[++i]) }
        else if (c != "u") put((c in plain ? plain[c] : c) substr(p[i], 2))
        else {
          u = hex(substr(p[i], 2, 4))
          if (u >= 55296 && u < 56320 && length(p[i]) == 5 && i < n && substr(p[i + 1], 1, 1) == "u") {
            low = hex(substr(p[i + 1], 2, 4))
            if (low >= 56320 && low < 57344) { u = 65536 + (u - 55296) * 1024 + low - 56320; i++ }
          }
          put(utf8(u) substr(p[i], 6))
        }
      }
    }
    function structure(s,  i, c) {
      for (i = 1; i <= length(s); i++) {
        c = substr(s, i, 1)
        if (c == "{" || c == "[") { kind[++depth] = c; key[depth] = c == "[" ? 0 : ""; is_value = c == "[" }
        else if (c == "}" || c == "]") { literal(); depth-- }
        else if (c == ":") is_value = 1
        else if (c == ",") { literal(); is_value = kind[depth] == "["; if (is_value) key[depth]++ }
        else if (c !~ /[ \t\r\n]/) word = word c
      }
    }
    BEGIN {
      RS = "\""; want = ENVIRON["FLEET_PATH"]
      plain["b"] = "\b"; plain["f"] = "\f"; plain["n"] = "\n"; plain["r"] = "\r"; plain["t"] = "\t"
    }
    inside {
      last = length($0)
      for (n = 0; n < last && substr($0, last - n, 1) == "\\"; n++) continue
      if (n % 2) { text(substr($0, 1, last - 1)); put("\""); next }
      text($0); inside = 0
      if (is_key) key[depth] = name; else if (wanted) found = 1
      next
    }
    {
      structure($0); inside = 1; name = ""
      is_key = kind[depth] == "{" && !is_value; wanted = !is_key && !found && path() == want
    }
    END { exit !(found && depth == 0) }
  '
}

# fleet_json_string TEXT: as JSON writes it, with its quotes.
fleet_json_string() {
  FLEET_TEXT=$1 LC_ALL=C awk '
    BEGIN {
      for (i = 1; i < 32; i++) as[sprintf("%c", i)] = sprintf("\\u%04x", i)
      as["\""] = "\\\""; as["\\"] = "\\\\"; text = ENVIRON["FLEET_TEXT"]; printf "\""
      for (i = 1; i <= length(text); i++) { c = substr(text, i, 1); printf "%s", (c in as ? as[c] : c) }
      printf "\""
    }' </dev/null
}
