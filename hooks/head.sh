# What every kagura-git hook starts with. POSIX sh. Set above, by the installer:
# kagura_hook, kagura_version, kagura_python, kagura_home and kagura_former.

case $0 in */*) kagura_here=${0%/*} ;; *) kagura_here=. ;; esac

# Run the hook that was there before us, with our arguments and our stdin.
kagura_chain() {
  if [ -n "$kagura_former" ]; then
    # From the folder that core.hooksPath named; in place, so its $0 is what it expects.
    [ -f "$kagura_former/$kagura_hook" ] && [ -x "$kagura_former/$kagura_hook" ] || return 0
    "$kagura_former/$kagura_hook" "$@"
    return
  fi
  kagura_chained=$kagura_here/$kagura_hook.kagura-chained
  [ -f "$kagura_chained" ] && [ -x "$kagura_chained" ] || return 0
  kagura_first=
  IFS= read -r kagura_first < "$kagura_chained" || :
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
sys.path.append(sys.argv.pop(1))
try:
  from kagura_git.hook import main
except Exception as error:
  sys.exit(f"kagura: hook passed over: {error!r}")
sys.exit(main(sys.argv[1:]))' "$kagura_home" "$@" < /dev/null
  elif command -v git-kagura > /dev/null 2>&1; then
    git-kagura hook "$@" < /dev/null
  else
    kagura_say "not found at $kagura_python; this $kagura_hook hook did nothing (\`git kagura init\` renews it)"
    return 0
  fi
  kagura_status=$?
  case $kagura_status in
    0 | 1) return 0 ;; # 1: it has said why
    10) return 1 ;;
    *) kagura_say "the $kagura_hook hook failed ($kagura_status) and was passed over" ;;
  esac
  return 0
}

# Whether a session is active, facts wait for a commit, or this commit holds records.
kagura_busy() {
  [ -f "$kagura_work/session" ] || [ -f "$kagura_work/staged" ] && return 0
  set -- "$kagura_work"/pending/*.json
  [ -e "$1" ]
}

# Whether git replays commits that were made before (rebase, am, cherry-pick, revert).
kagura_replaying() {
  for kagura_state in rebase-merge rebase-apply CHERRY_PICK_HEAD REVERT_HEAD sequencer; do
    [ -e "$kagura_dir/$kagura_state" ] && return 0
  done
  return 1
}

# Whether kagura.toml says `false` to one of these settings of its [hooks] table ("a|b").
kagura_off() {
  [ -f kagura.toml ] || return 1
  awk -v keys="$1" '
    { sub(/#.*/, ""); gsub(/["\047 \t\r]/, "") }
    /^\[/ { table = $0; next }
    table == "[hooks]" && $0 ~ "^(" keys ")=false$" { off = 1; exit }
    table == "" && $0 ~ "^hooks\\.(" keys ")=false$" { off = 1; exit }
    table == "" && $0 ~ "^hooks=[{](.*,)?(" keys ")=false[,}]" { off = 1; exit }
    END { exit !off }
  ' kagura.toml
}

# Bring the search index up to date behind git's back, in a session of its own.
kagura_refresh() {
  [ -d "$kagura_work/index" ] || return 0
  kagura_off enabled && return 0
  if [ -x "$kagura_python" ] && [ -f "$kagura_home/kagura_git/hook.py" ]; then
    set -- "$kagura_python" -m kagura_git
  elif command -v git-kagura > /dev/null 2>&1; then
    set -- git-kagura
  else
    return 0
  fi
  set -- "$@" -C "$PWD" index refresh --background
  command -v setsid > /dev/null 2>&1 && set -- setsid "$@"
  (
    unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_COMMON_DIR GIT_PREFIX GIT_OBJECT_DIRECTORY \
      GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_QUARANTINE_PATH GIT_REFLOG_ACTION GIT_EDITOR \
      GIT_IMPLICIT_WORK_TREE GIT_GRAFT_FILE GIT_SHALLOW_FILE GIT_NAMESPACE GIT_LITERAL_PATHSPECS
    # The work tree is untrusted: `python -m` must not import from it.
    export PYTHONSAFEPATH=1
    case $kagura_home in
      */site-packages | */dist-packages) ;;
      *) export PYTHONPATH="$kagura_home${PYTHONPATH:+:$PYTHONPATH}" ;;
    esac
    "$@" < /dev/null > /dev/null 2>&1 &
  )
}

kagura_chain "$@"
kagura_code=$?
case $kagura_hook in
  post-*) ;; # too late to stop anything: go on, and answer with its code at the end
  *) [ "$kagura_code" -eq 0 ] || exit "$kagura_code" ;;
esac
[ "${KAGURA_DISABLE:-}" = 1 ] && exit "$kagura_code"

# Linked worktrees export GIT_DIR; elsewhere hooks start at the top of the work tree.
kagura_dir=${GIT_DIR:-.git}
[ -d "$kagura_dir" ] || kagura_dir=$(git rev-parse --git-dir 2> /dev/null) || exit "$kagura_code"
kagura_work=$kagura_dir/kagura
