#!/usr/bin/env bash
# Whether every folder of src/ includes files of the folders before it alone, and none of them R.
set -euo pipefail
rooms="support data kernel tape likelihoods pieces layers models training analysis"
failed=0
known=""
for room in $rooms; do
  known="$known $room"
  while IFS=: read -r file line include; do
    case " $known " in
      *" $include "*) ;;
      *)
        echo "$file:$line: $room must not know $include" >&2
        failed=1
        ;;
    esac
  done < <(grep -nroE '#include "[a-z_]+/' "src/$room" | sed -E 's/#include "([a-z_]+)\//\1/')
  if grep -rnE '#include <R(cpp|internals|_ext|\.h|math)' "src/$room" >&2; then failed=1; fi
done
for folder in src/*/; do
  case " $rooms bindings " in
    *" $(basename "$folder") "*) ;;
    *)
      echo "$folder is not in the order of tools/rooms.sh" >&2
      failed=1
      ;;
  esac
done
exit $failed
