"""The story in Python: enrol the shipped feed, verify a visitor, identify another, look for people who are registered twice.

python story.py NEW_GALLERY datasets/synthetic-400.ndjson.zst datasets/visits.ndjson
"""

import json
import sys

import vantay

path, feed, visits = sys.argv[1:]
with vantay.Gallery.create(path, face_model="synthetic", face_dim=512) as gallery:
    gallery.enroll(feed)
    gallery.commit()
info = gallery.info()
print(f"enrolled {info.registrations} registrations of {info.subjects} subjects")

with open(visits, encoding="utf-8") as lines:
    claim, unknown = (json.loads(line) for line in lines)
answer = gallery.verify(claim)
print(f"verify {claim['personal_id']}: {answer.decision}, llr {answer.llr:.3f}")

found = gallery.identify(unknown, top=1)
print(f"identify {found.subjects[0, 0]}: {found.decisions[0]}, llr {found.llr[0, 0]:.3f}")

twice = gallery.deduplicate()
decisions = list(twice.pairs["decision"])
print(f"deduplicate: {decisions.count('match')} match, {decisions.count('review')} review, {len(twice.clusters)} clusters")
for pair in twice.pairs:
    print(pair["a_personal_id"], pair["b_personal_id"], pair["decision"])
