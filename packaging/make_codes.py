"""Makes resources/codes/segments.json from the tables of DICOM PS3.16 that pydicom ships: run by hand, its result is
committed.

    python packaging/make_codes.py resources/codes/segments.json

Every concept of CID 7151, "Segmentation Property Types", with the category of CID 7150 that its part of the group
(CID 7191 to 7198) belongs to. Nothing is typed in here: no code can be wrong that is right in the standard.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pydicom
from pydicom.sr._cid_dict import cid_concepts, name_for_cid
from pydicom.sr._concepts_dict import concepts

WHOLE, CATEGORIES = 7151, 7150
PARTS = {  # the first that has a concept gives its category
    7192: "AnatomicalStructure",
    7194: "MorphologicallyAbnormalStructure",
    7191: "Tissue",
    7197: "BodySubstance",
    7198: "Substance",
    7193: "PhysicalObject",
    7195: "Function",
    7196: "SpatialAndRelationalConcept",
}


def coded(scheme: str, keyword: str, cid: int) -> tuple[str, str]:
    """Value and meaning of a concept as a context group has it."""
    for value, (meaning, groups) in concepts[scheme][keyword].items():
        if cid in groups:
            return value, meaning
    raise ValueError(f"{keyword} is not of CID {cid}")


def main() -> None:
    categories, terms = {}, {}
    for part, category in PARTS.items():
        value, meaning = coded("SCT", category, CATEGORIES)
        categories[value] = ["SCT", meaning]
        for scheme, keywords in cid_concepts[part].items():
            for keyword in set(keywords) & set(cid_concepts[WHOLE].get(scheme, ())):
                own, name = coded(scheme, keyword, WHOLE)
                terms.setdefault((scheme, own), [own, scheme, name, value])
    source = f"DICOM PS3.16 CID {WHOLE}, {name_for_cid[WHOLE]}, from pydicom {pydicom.__version__}"
    rows = [json.dumps(term, ensure_ascii=False) for term in sorted(terms.values(), key=lambda term: term[2].lower())]
    text = f'{{"source": {json.dumps(source)},\n"categories": {json.dumps(categories)},\n"terms": [\n'
    Path(sys.argv[1]).write_text(text + ",\n".join(rows) + "\n]}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
