#!/bin/sh
# The story on the command line: enrol the shipped feed, verify a visitor, identify another, look for people who are registered
# twice. `vantay` has to be on the path.
#
#   sh story.sh NEW_GALLERY datasets/synthetic-400.ndjson.zst datasets/visits.ndjson
set -eu
export LC_ALL=C
gallery=$1 feed=$2 visits=$3

# A field of a JSON object on one line.
field() { sed "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/"; }

vantay create "$gallery" --face-model synthetic --face-dim 512
vantay enroll "$gallery" "$feed" >/dev/null
info=$(vantay info "$gallery" | tr -d ' \n')
echo "enrolled $(echo "$info" | field registrations) registrations of $(echo "$info" | field subjects) subjects"

head -n 1 "$visits" >"$gallery.claim.ndjson"
vantay verify "$gallery" "$gallery.claim.ndjson" --format csv |
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
             { printf "verify %s: %s, llr %.3f\n", $at["personal_id"], $at["decision"], $at["llr"] }'

tail -n 1 "$visits" >"$gallery.unknown.ndjson"
vantay identify "$gallery" "$gallery.unknown.ndjson" --top 1 --format csv |
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
             { printf "identify %s: %s, llr %.3f\n", $at["candidate_personal_id"], $at["decision"], $at["llr"] }'

vantay dedup "$gallery" --format csv |
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
             { count[$at["decision"]]++
               if ($at["cluster"] != "" && !($at["cluster"] in seen)) { seen[$at["cluster"]]; clusters++ }
               pairs = pairs $at["a_personal_id"] " " $at["b_personal_id"] " " $at["decision"] "\n" }
             END { printf "deduplicate: %d match, %d review, %d clusters\n%s", count["match"], count["review"], clusters, pairs }'
rm "$gallery.claim.ndjson" "$gallery.unknown.ndjson"
