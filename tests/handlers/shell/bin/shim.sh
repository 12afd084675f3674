#!/usr/bin/env bash
# A handler in the way shell shims of Azure VMs are written: it cuts its folders out of HandlerEnvironment.json with text
# operations, counts on /var/lib/waagent, and leaves the work to a process of its own that is silent for a while.
set -euo pipefail
readonly lib=/var/lib/waagent
readonly data=$lib/shell-handler

cd "$(dirname "${BASH_SOURCE[0]}")/.."
[[ $PWD == "$lib/"* ]] || { echo "expected to live in $lib, not $PWD" >&2; exit 51; }

# The value of a key, as far as the next quotation mark: right only for Python's way of spelling JSON.
folder_of() {
  local text after
  text=$(<HandlerEnvironment.json)
  after=${text#*"\"$1\": \""}
  [[ $after != "$text" ]] || { echo "no $1 in HandlerEnvironment.json" >&2; exit 52; }
  echo "${after%%\", *}"
}

readonly log_folder=$(folder_of logFolder)
readonly status_folder=$(folder_of statusFolder)
readonly config_folder=$(folder_of configFolder)
[[ $log_folder == /var/log/azure/* ]] || { echo "strange log folder $log_folder" >&2; exit 53; }
echo "$1 $ConfigSequenceNumber" >>"$log_folder/handler.log"

status() {
  printf '[{"version":1,"timestampUTC":"%s","status":{"operation":"Enable","status":"%s","code":%s,"formattedMessage":{"lang":"en","message":"%s"}}}]\n' \
    "$(date -u +%FT%TZ)" "$1" "$2" "$3" >"$status_folder/$ConfigSequenceNumber.status"
}

case $1 in
  install) mkdir -p "$data" ;;
  enable)
    greeting=$(sed -n 's/.*"greeting": "\([^"]*\)".*/\1/p' "$config_folder/$ConfigSequenceNumber.settings")
    # The child says nothing for a while, then what it is at, then how it ended. It never closes the output it was given.
    (
      trap '' HUP
      sleep 1
      status transitioning 0 "halfway"
      sleep 1
      echo "$BASHPID" >"$data/pid"
      status success 0 "$greeting from the shell"
      while sleep 1; do :; done
    ) &
    ;;
  disable) [[ ! -f $data/pid ]] || kill "$(<"$data/pid")" || true ;;
  uninstall) rm -rf "$data" ;;
esac
