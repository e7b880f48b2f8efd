"""Codes of structures: only those of the standard, found by a few letters."""

import pytest
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts

import resources
from viewer.core.terms import category_of, find_terms, load_terms

TERMS = load_terms(resources.path("codes", "segments.json"))


def test_every_code_is_one_of_the_standard_and_none_is_missing():
    listed = {
        (value, scheme, meaning)
        for scheme, keywords in cid_concepts[7151].items()
        for keyword in keywords
        for value, (meaning, groups) in concepts[scheme][keyword].items()
        if 7151 in groups
    }
    assert {term.code for term in TERMS} == listed and len(listed) > 800


def test_every_category_is_one_of_cid_7150():
    listed = {v for keyword in cid_concepts[7150]["SCT"] for v in concepts["SCT"][keyword]}
    assert {term.category[0] for term in TERMS} <= listed


@pytest.mark.parametrize(
    ("text", "code", "category"),
    [
        ("liver", ("10200004", "SCT", "Liver"), "Anatomical Structure"),
        ("hippoc", ("5366008", "SCT", "Hippocampus"), "Anatomical Structure"),
        ("nodule", ("27925004", "SCT", "Nodule"), "Morphologically Abnormal Structure"),
        ("10200004", ("10200004", "SCT", "Liver"), "Anatomical Structure"),
    ],
)
def test_a_few_letters_find_a_structure_first(text, code, category):
    found = find_terms(TERMS, text)[0]
    assert found.code == code and found.category[2] == category and category_of(TERMS, code) == found.category


def test_all_words_count_in_any_order():
    found = find_terms(TERMS, "lobe upper lung")
    assert found and all("lobe" in t.meaning.lower() and "upper" in t.meaning.lower() for t in found)


def test_what_is_not_there_is_not_found():
    assert find_terms(TERMS, "xyzzy") == [] and category_of(TERMS, ("1", "SCT", "x")) is None
