# Adding our trailers to a commit message: shared by prepare-commit-msg and commit-msg. POSIX sh.
#
# `git interpret-trailers` is not used: it rewrites the spaces of other trailers, drops lines that
# look like comments, and knows neither commit.cleanup nor the sign that commentChar=auto chose.
# The message keeps every byte; our lines are put in, or nothing is done.

# What the configuration says about messages: kagura_cleanup and kagura_comment.
kagura_message_settings() {
  kagura_cleanup=
  kagura_comment='#'
  set -f
  IFS=$kagura_newline
  for kagura_line in $(git config --get-regexp '^(commit\.cleanup|core\.comment(char|string))$' 2> /dev/null); do
    case $kagura_line in
      commit.cleanup\ *) kagura_cleanup=${kagura_line#* } ;;
      core.comment*\ *) kagura_comment=${kagura_line#* } ;; # commentChar or commentString: the last
    esac
  done
  unset IFS
  set +f
}

# With core.commentChar=auto git looks for a sign that begins no line of the message. It stands
# before the line that cuts the diff off, else before git's own last line, else it is found anew.
kagura_comment_auto() {
  kagura_comment=$(LC_ALL=C awk -v edited="$2" '
    BEGIN { signs = "#;@!$%^&|:" }
    {
      sign = substr($0, 1, 1)
      if (sign != "" && index(signs, sign)) used[sign] = 1
      if (index($0, "#")) number = 1
      if (cut == "" && sign in used && substr($0, 2) == " ------------------------ >8 ------------------------") cut = sign
      last = $0
    }
    END {
      sign = substr(last, 1, 1)
      if (cut != "") print cut
      else if (edited != "" && sign in used && substr(last, 2, 1) ~ /^[ \t]?$/) print sign
      else if (!number) print "#"
      else for (i = 1; i <= length(signs); i++) if (!(substr(signs, i, 1) in used)) { print substr(signs, i, 1); exit }
    }' < "$1")
}

# How git will clean this message up, as kagura_mode: all, space, scissors or none. What the
# command line says stands above the configuration; where neither can be told, the strictest.
kagura_cleanup_mode() {
  kagura_given=
  kagura_edits=$2
  kagura_arguments=
  if [ -r "/proc/$PPID/cmdline" ]; then
    kagura_arguments=$(tr '\n\0' ' \n' < "/proc/$PPID/cmdline" 2> /dev/null)
  else
    # Without quotes: an option of that name may be a word of the message.
    kagura_arguments=$(ps -o args= -p "$PPID" 2> /dev/null | tr ' ' '\n')
    case $kagura_arguments in *--cl*) kagura_arguments= ;; esac
  fi
  kagura_verb=
  kagura_next=
  set -f
  IFS=$kagura_newline
  for kagura_argument in $kagura_arguments; do
    [ -n "$kagura_next" ] && kagura_given=$kagura_argument && kagura_next= && continue
    case $kagura_verb$kagura_argument in
      commit | merge | */git-commit | */git-merge) kagura_verb=: ;;
      :--) break ;;
      :--cl*=*) kagura_given=${kagura_argument#*=} ;;
      :--cl*) kagura_next=1 ;;
      :--ed* | :-[!-]*e* | :-e*) kagura_edits=1 ;;
      :--no-e* | :-C*) [ -n "$2" ] || kagura_edits=0 ;;
    esac
  done
  unset IFS
  set +f
  kagura_mode=all
  [ -n "$kagura_verb" ] || return 0
  # No editor may also be one that does nothing (GIT_EDITOR=:), unless the message was given.
  [ -z "$kagura_edits" ] && [ "$1" = message ] && kagura_edits=0
  case ${kagura_given:-$kagura_cleanup} in
    verbatim) kagura_mode=none ;;
    whitespace) kagura_mode=space ;;
    scissors) kagura_mode=scissors && [ "$kagura_edits" = 0 ] && kagura_mode=space ;;
    '' | default) [ "$kagura_edits" = 0 ] && kagura_mode=space ;;
  esac
  return 0
}

# Print the message with kagura_lines behind its text, as trailers, and return 10. Returns 3 if that
# depends on how git cleans the message up and kagura_mode is empty, 4 if there is nothing to add: no
# text, the template as it was, or the trailers are there. With kagura_mode=read: print the text.
kagura_with_trailers() {
  LC_ALL=C kagura_comment=$kagura_comment kagura_mode=$kagura_mode kagura_lines=$kagura_lines \
    kagura_template=$kagura_work/template awk '
    function blank(line) { return line !~ /[^ \t\r]/ }
    function comment(line) { return sign != "" && index(line, sign) == 1 }
    function bare(line) { sub(/[ \t\r]+$/, "", line); return line }
    function stop(with) { over = with; exit with }
    # Whether the paragraph that ends there is one of trailers, as git tells (git-interpret-trailers).
    function trailers(end,   i, title, good, bad, more, known) {
      for (i = end; i >= 1 && !blank(line[i]); i--) {
        if (comment(line[i]) && !kept) continue
        if (line[i] ~ /^(Signed-off-by: |\(cherry picked from commit )/) { known = 1; good++; more = 0 }
        else if (line[i] ~ /^[A-Za-z0-9-]+[ \t]*:/) { good++; more = 0 }
        else if (line[i] ~ /^[ \t]/) more++
        else { bad += more + 1; more = 0 }
      }
      bad += more
      for (; i >= 1; i--) if (!blank(line[i]) && (kept || !comment(line[i]))) title = 1
      return title && good && (!bad || (known && good * 3 >= bad))
    }
    function finish(   i, j, last, end, after, plain, any, was, left, given, text) {
      done = 1
      given = (getline was < template) > 0
      while (given && (getline text < template) > 0) was = was "\n" text
      for (i = 1; i <= count; i++) {
        if (blank(line[i])) continue
        last = i
        if (line[i] !~ /^Signed-off-by: /) any = 1 # git does not count it as a message
        if (comment(line[i])) { after = 1; continue }
        end = i
        after = 0
        if (line[i] ~ /^Signed-off-by: /) continue
        found = 1
        if (given || mode == "read") plain = (plain == "" ? "" : plain "\n") bare(line[i])
      }
      if (mode == "read") { print plain; stop(1) }
      if (mode == "" && last && (!found || after)) stop(3)
      kept = mode == "space" || mode == "scissors" || mode == "none"
      if (!(kept ? any : found) || (given && plain == was)) stop(4)
      if (kept) end = last
      for (i = 1; i <= wants; i++) {
        for (j = 1; j <= end; j++) if (bare(line[j]) == want[i]) break
        if (j > end) left = left want[i] eol(end)
      }
      if (left == "") stop(4)
      for (i = 1; i <= end; i++) print line[i]
      printf "%s%s", trailers(end) ? "" : eol(end), left
      for (i = end + 1; i <= count; i++) print line[i]
    }
    function eol(at) { return (line[at] ~ /\r$/ ? "\r" : "") "\n" }
    BEGIN {
      sign = ENVIRON["kagura_comment"]; mode = ENVIRON["kagura_mode"]; template = ENVIRON["kagura_template"]
      wants = split(ENVIRON["kagura_lines"], want, "\n")
      cut = sign " ------------------------ >8 ------------------------"
    }
    done { print; next }
    $0 == cut { finish(); print; next }
    { line[++count] = $0 }
    END { if (!done && !over) finish(); exit over ? over : 10 }' < "$1"
}

# Add kagura_lines to the message FILE, of SOURCE, EDITED in an editor or not.
kagura_add_trailers() {
  kagura_mode=
  [ -n "$3" ] && kagura_cleanup_mode "$2" "$3"
  kagura_with_trailers "$1" > "$1.kagura"
  kagura_status=$?
  if [ "$kagura_status" -eq 3 ]; then
    kagura_cleanup_mode "$2" "$3"
    kagura_with_trailers "$1" > "$1.kagura"
    kagura_status=$?
  fi
  case $kagura_status in
    10) [ -s "$1.kagura" ] && mv -f "$1.kagura" "$1" && return 0 ;;
    4) rm -f "$1.kagura" && return 0 ;;
  esac
  rm -f "$1.kagura"
  kagura_say 'the trailers could not be added'
}
