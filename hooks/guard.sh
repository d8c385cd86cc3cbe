# Let the environment lead no Python that is not started with -I into the work tree, where git
# starts hooks: PYTHONPATH keeps its absolute entries outside of it, as a wrapper may need them.
kagura_guard() {
  export PYTHONSAFEPATH=1
  unset PYTHONHOME PYTHONUSERBASE PYTHONSTARTUP
  kagura_kept=
  set -f
  IFS=:
  for kagura_entry in ${PYTHONPATH:-}; do
    case $kagura_entry in
      "$PWD" | "$PWD"/* | */./* | */../* | */. | */.. | //* | /proc/*) ;;
      /*) kagura_kept=${kagura_kept:+$kagura_kept:}$kagura_entry ;;
    esac
  done
  unset IFS
  set +f
  export PYTHONPATH="$kagura_kept"
  [ -n "$kagura_kept" ] || unset PYTHONPATH
}
