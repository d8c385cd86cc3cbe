# What every kagura-git hook starts with. POSIX sh. Set above, by the installer:
# kagura_hook, kagura_version, kagura_python, kagura_home, kagura_imports and kagura_former.

kagura_tab=${IFS#?} # a shell starts with space, tab and line break in IFS
kagura_tab=${kagura_tab%?}
kagura_newline=${IFS#??}
case $0 in */*) kagura_here=${0%/*} ;; *) kagura_here=. ;; esac

# Run the hook that was there before us, with our arguments and our stdin.
kagura_chain() {
  case $kagura_former in
    '') kagura_chained=$kagura_here/$kagura_hook.kagura-chained ;;
    -) return 0 ;; # git itself, or another tool, runs the others
    *)
      # From the folder that core.hooksPath names; in place, so its $0 is what it expects.
      [ -x "$kagura_former/$kagura_hook" ] || return 0
      "$kagura_former/$kagura_hook" "$@"
      return
      ;;
  esac
  [ -x "$kagura_chained" ] || return 0
  if [ -h "$kagura_chained" ]; then
    # A script behind a link may look for its own name, and for where the link leads.
    kagura_link=$kagura_here/../kagura/chained/$kagura_hook
    [ -x "$kagura_link" ] && kagura_chained=$kagura_link
    "$kagura_chained" "$@"
    return
  fi
  kagura_first=
  [ -f "$kagura_chained" ] && [ -r "$kagura_chained" ] && IFS= read -r kagura_first < "$kagura_chained" || :
  # Shell hooks look at their own name or for files beside it: sourced, their $0 is
  # the path they had. Any other program sees its name with `.kagura-chained` behind.
  case $kagura_first in
    '#!/bin/sh' | '#!/usr/bin/sh' | '#!/usr/bin/env sh') kagura_shell=sh ;;
    '#!/bin/bash' | '#!/usr/bin/bash' | '#!/usr/bin/env bash') kagura_shell=bash ;;
    *)
      "$kagura_chained" "$@"
      return
      ;;
  esac
  "$kagura_shell" -c '. "$0.kagura-chained"' "$kagura_here/$kagura_hook" "$@"
}

kagura_say() { printf 'kagura: %s\n' "$1" >&2; }

# The program that does the work: 0 if all is well, 1 if the commit must stop.
kagura_run() {
  if [ -x "$kagura_python" ] && [ -f "$kagura_home/kagura_git/hook.py" ]; then
    # -I and -S: nothing of the work tree or the environment is imported, and it starts fast.
    "$kagura_python" -I -S -c 'import sys
sys.path += sys.argv.pop(1).split("\n")
try:
  from kagura_git.hook import main
except Exception as error:
  sys.exit(f"kagura: hook passed over: {error!r}")
sys.exit(main(sys.argv[1:]))' "$kagura_imports" "$@" < /dev/null
  elif command -v git-kagura > /dev/null 2>&1; then
    (kagura_guard && exec git-kagura hook "$@" < /dev/null)
  else
    kagura_say "not found at $kagura_python; this $kagura_hook hook did nothing (\`git kagura init\` renews it)"
    return 0
  fi
  kagura_status=$?
  case $kagura_status in
    0 | 1) return 0 ;; # 1: it has said why
    10) return 1 ;;
    11) kagura_background hook unwritten ;; # it has said what waits
    *) kagura_say "the $kagura_hook hook failed ($kagura_status) and was passed over" ;;
  esac
  return 0
}

# Before a file of state is written: 0600, but as git itself where the repository is shared.
kagura_private() {
  if [ -g "$kagura_common/kagura" ]; then umask 002; else umask 077; fi
}

# Whether a session is active, facts or notes wait, or this commit holds records.
kagura_busy() {
  [ -f "$kagura_work/session" ] || [ -f "$kagura_work/staged" ] && return 0
  for kagura_folder in pending unwritten; do
    set -- "$kagura_work/$kagura_folder"/*.json
    [ -e "$1" ] && return 0
  done
  return 1
}

# The commit of HEAD, as kagura_sha, without starting git; 1 where two files do not tell.
kagura_head() {
  kagura_sha=
  [ -f "$kagura_dir/HEAD" ] && IFS= read -r kagura_sha < "$kagura_dir/HEAD" || return 1
  case $kagura_sha in
    'ref: '*)
      kagura_ref=$kagura_common/${kagura_sha#ref: }
      [ -f "$kagura_ref" ] && IFS= read -r kagura_sha < "$kagura_ref" || return 1
      ;;
  esac
}

# Whether git replays commits that were made before (rebase, am, cherry-pick, revert).
kagura_replaying() {
  for kagura_state in rebase-merge rebase-apply CHERRY_PICK_HEAD REVERT_HEAD sequencer; do
    [ -e "$kagura_dir/$kagura_state" ] && return 0
  done
  return 1
}

# The file of settings, as kagura_toml: this work tree's; on a branch without one that of the main
# worktree, or the copy that kagura made of another branch's; 1 if there is none.
kagura_settings() {
  for kagura_toml in kagura.toml "${kagura_dir%/.git/worktrees/*}/kagura.toml" "$kagura_work/kagura.toml"; do
    [ -f "$kagura_toml" ] && return 0
  done
  return 1
}

# Read a settings file into kagura_text: at most 64 KiB, which is more than the program accepts.
# A shell's own `read` fetches byte by byte, seconds for one line of a megabyte.
kagura_read() {
  { kagura_text=$(head -c 65536 "$1"); } 2> /dev/null # bash complains of a zero byte
}

# Whether kagura.toml says `false` to one of these settings of its [hooks] table ("a b").
kagura_off() {
  kagura_settings || return 1
  [ -n "${kagura_toml_text+read}" ] || { kagura_read "$kagura_toml" && kagura_toml_text=$kagura_text; }
  kagura_keys=$1
  kagura_table=
  kagura_said=1
  kagura_lines=0
  set -f
  IFS=$kagura_newline
  for kagura_line in $kagura_toml_text; do
    kagura_lines=$((kagura_lines + 1))
    [ "$kagura_lines" -gt 2000 ] && break # not a file of ours
    case $kagura_line in '#'*) continue ;; esac
    case $kagura_line in *'['* | *false*) ;; *) continue ;; esac
    [ "${#kagura_line}" -gt 1000 ] && continue # the program refuses such a line
    kagura_line=${kagura_line%%#*}
    # Without blanks and quotes: split at them, and join again with nothing.
    IFS=" $kagura_tab\"'"
    set -- ${kagura_line%[[:cntrl:]]}
    IFS=
    kagura_line="$*"
    IFS=' '
    case $kagura_line in '['*) kagura_table=$kagura_line && continue ;; esac
    for kagura_key in $kagura_keys; do
      case $kagura_table$kagura_line in
        "[hooks]$kagura_key=false" | "hooks.$kagura_key=false" | \
          "hooks={$kagura_key=false"[},]* | "hooks={"*",$kagura_key=false"[},]*) kagura_said=0 ;;
      esac
    done
  done
  unset IFS
  set +f
  return "$kagura_said"
}

# Say where the repository is also to a program that does not start in this folder: git names it
# in GIT_DIR for a linked worktree, and where it was called with --git-dir or --work-tree.
kagura_named() {
  [ -n "${GIT_DIR:-}" ] || return 0
  case $GIT_DIR in /*) ;; *) GIT_DIR=$PWD/$GIT_DIR ;; esac
  case ${GIT_WORK_TREE:-/} in /*) ;; *) GIT_WORK_TREE=$PWD/$GIT_WORK_TREE ;; esac
  case ${GIT_COMMON_DIR:-/} in /*) ;; *) GIT_COMMON_DIR=$PWD/$GIT_COMMON_DIR ;; esac
}

# Start `git kagura ARGS` behind git's back: in a session of its own, no stream held open.
kagura_background() {
  if [ -x "$kagura_python" ] && [ -f "$kagura_home/kagura_git/hook.py" ]; then
    set -- "$kagura_python" -I -c 'import sys
sys.path += sys.argv.pop(1).split("\n")
from kagura_git.cli.background import main
main()' "$kagura_imports" -C "$PWD" "$@"
  elif command -v git-kagura > /dev/null 2>&1; then
    set -- git-kagura -C "$PWD" "$@"
  else
    return 0
  fi
  command -v setsid > /dev/null 2>&1 && set -- setsid "$@"
  (
    kagura_named
    unset GIT_INDEX_FILE GIT_PREFIX GIT_OBJECT_DIRECTORY \
      GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_QUARANTINE_PATH GIT_REFLOG_ACTION GIT_EDITOR \
      GIT_IMPLICIT_WORK_TREE GIT_GRAFT_FILE GIT_SHALLOW_FILE GIT_NAMESPACE GIT_LITERAL_PATHSPECS
    export KAGURA_BACKGROUND=1
    kagura_guard
    # Also what a script holds open for itself (`exec 9> lock`) would stay open with us.
    "$@" < /dev/null > /dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  )
}

# Bring the search index up to date in the background, where there is one.
kagura_refresh() {
  [ -d "$kagura_work/index" ] && ! kagura_off enabled || return 0
  kagura_background index refresh --background
}

if [ "$kagura_hook" = pre-push ] && ! [ -t 0 ]; then
  # What git says of its refs is for the hook that was there and for us.
  kagura_pushed=$(PATH=$PATH:/usr/bin:/bin cat && printf .)
  kagura_pushed=${kagura_pushed%.}
  printf '%s' "$kagura_pushed" 2> /dev/null | kagura_chain "$@"
else
  kagura_chain "$@"
fi
kagura_code=$?
case $kagura_hook in
  post-*) ;; # too late to stop anything: go on, and answer with its code at the end
  *) [ "$kagura_code" -eq 0 ] || exit "$kagura_code" ;;
esac
[ "${KAGURA_DISABLE:-}" = 1 ] && exit "$kagura_code"

# A program with windows may start git with hardly a PATH.
case ":${PATH:-}:" in
  *:/usr/bin:*) ;;
  *) PATH=${PATH:+$PATH:}/usr/bin:/bin && export PATH ;;
esac

# Linked worktrees export GIT_DIR; elsewhere hooks start at the top of the work tree.
kagura_dir=${GIT_DIR:-.git}
[ -f "$kagura_dir/HEAD" ] || kagura_dir=$(git rev-parse --git-dir 2> /dev/null) || exit "$kagura_code"
kagura_work=$kagura_dir/kagura
kagura_common=$kagura_dir
if [ -f "$kagura_dir/commondir" ]; then
  IFS= read -r kagura_common < "$kagura_dir/commondir"
  case $kagura_common in /*) ;; *) kagura_common=$kagura_dir/$kagura_common ;; esac
fi
