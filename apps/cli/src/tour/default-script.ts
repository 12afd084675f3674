/** What is run on the server when the user gives no script: a report on this machine. */
export const defaultScript = `#!/bin/sh
echo "Host:    $(hostname)"
echo "System:  $( ( . /etc/os-release && echo "$PRETTY_NAME" ) 2>/dev/null || uname -s )"
echo "Kernel:  $(uname -r) on $(uname -m)"
echo "Load:    $(cut -d ' ' -f 1-3 /proc/loadavg)"
echo "Memory:  $(awk '/^MemTotal/ {total=$2} /^MemAvailable/ {free=$2} END {printf "%.1f of %.1f GB free", free/1048576, total/1048576}' /proc/meminfo)"
echo "Disk:    $(df -h / | awk 'NR==2 {print $4 " of " $2 " free on /"}')"
echo "User:    $(id -un)"
`;
