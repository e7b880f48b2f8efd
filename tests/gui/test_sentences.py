"""Sentences of the tiers below in Chinese: all that they say is known, whatever values are in it, and nothing else."""

from __future__ import annotations

import importlib.util
import itertools
import re
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import UID_dictionary

from tests.core.test_measuring import SERIES
from tests.hostile.generate import BAD_FILES_OF_PYDICOM, ct, damaged_files, dicom, named_faults, truncations, values
from tests.hostile.harness import Report, attack, told
from tests.hostile.test_lies import LIES_OF_SEVERAL
from tests.training.test_gate import choose, liver, overlap, scores
from viewer.core.fusion import why_not_over
from viewer.core.geometry import Geometry
from viewer.core.resample import to_regular_grid
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series, SeriesError
from viewer.core.volume import Volume
from viewer.gui import language
from viewer.gui.sentences import Sentences
from viewer.io import files, slice_positions
from viewer.io.reader import Reader
from viewer.io.suv import Tracer, suv_factor

ROOT = Path(__file__).resolve().parents[2]
TS_FILE = ROOT / "resources" / "translations" / "slicewise_sentences_zh_CN.ts"
PLACEHOLDER = re.compile(r"\{(\d+)\}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Abbreviations that a Chinese radiologist writes as they are, and what stands between names of files and of the system.
ALIKE = {
    "MIP",
    "MinIP",
    "Viridis",
    "Inferno",
    "TE {0} ms",
    "TI {0} ms",
    "b {0} s/mm²",
    "its sform",
    "its qform",
    "[Errno {0}] {1}",
    "[Errno {0}] {1}: {2}",
    "{0} of {1}",
}
# What comes back as it went in, whatever it is: a name, nothing, a folder, what looks like two sentences or a list.
AWKWARD = (
    "头部 CT",
    "7",
    "",
    "C:/My Scans/über 1.nii.gz",
    "Dr. Who. No",
    "x: y",
    "a, b and c",
    "(in brackets)",
    "A · B",
)
NUMBERS = ("0", "12", "1,234", "-3.5", "1e+30", "+0.022", "7.5%")
OF_FILES = ("7", "B70f", "1, 2", "STANDARD")  # where a template is as short as "kernel {0}", only such


def entries() -> list[ET.Element]:
    return list(ET.parse(TS_FILE).iter("message"))


def english(entry: ET.Element) -> str:
    return entry.findtext("source", "")


@pytest.fixture
def chinese(monkeypatch):
    monkeypatch.setattr(language, "_language", "zh_CN")


@pytest.fixture(scope="module")
def sentences():
    """The program that collects them; packaging is no package."""
    spec = importlib.util.spec_from_file_location("sentences", ROOT / "packaging" / "sentences.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look it up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


# The file of translations


def test_every_sentence_of_the_code_is_in_the_file_and_no_other(sentences):
    """If this fails: make translations, and translate what is new with Qt Linguist."""
    assert {(m.source, m.numbers) for m in sentences.collect().values()} == {
        (english(entry), entry.findtext("extra-numbers", "")) for entry in entries()
    }


def test_collecting_again_keeps_every_finished_translation(sentences):
    merged = sentences.merged(sentences.collect(), TS_FILE)
    assert {english(e): e.findtext("translation") for e in merged.iter("message")} == {
        english(e): e.findtext("translation") for e in entries()
    }


def test_a_new_sentence_is_collected_with_all_its_forms_and_without_what_nobody_sees(sentences, tmp_path, monkeypatch):
    code = tmp_path / "viewer" / "core"
    code.mkdir(parents=True)
    (code / "new.py").write_text(
        '"""A docstring is no sentence."""\n'
        "def f(n, name, store):\n"
        '    store.execute("select things from a table")\n'
        '    kind = {"some key here": "A shown value"}["some key here"]\n'
        "    raise ValueError(\n"
        "        f\"{n:,} file{'s are' if n > 1 else ' is'} left in \"\n"
        "        f\"{name or 'no folder'}\"\n"
        "    )\n"
    )
    monkeypatch.setattr(sentences, "ROOT", tmp_path)
    monkeypatch.setattr(sentences, "_TIERS", ("viewer/core",))
    found = {text: values for _, _, text, values in sentences._of_code()}
    assert set(found) == {"{0} files are left in {1}", "{0} file is left in {1}", "no folder", "A shown value"}
    assert found["{0} file is left in {1}"][0].endswith("(number)")


def test_nothing_is_unfinished():
    done = {english(e) for e in entries() if e.find("translation[@type]") is None and e.findtext("translation")}
    assert [english(e) for e in entries() if english(e) not in done] == []


def test_translations_have_the_values_of_their_sentences():
    other = [english(e) for e in entries() if placeholders(english(e)) != placeholders(e.findtext("translation", ""))]
    assert other == []


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


def test_translations_are_chinese_with_chinese_stops():
    pairs = {english(entry): entry.findtext("translation", "") for entry in entries()}
    assert [source for source, told in pairs.items() if not CHINESE.search(told) and source not in ALIKE] == []
    assert [told for told in pairs.values() if re.search(r"[\u4e00-\u9fff][,;:?!.](?:[^\d.]|$)", told)] == []
    ended = {source: told for source, told in pairs.items() if source[-1] not in "})"}
    assert [told for source, told in ended.items() if source.endswith(".") != told.endswith("。")] == []


# Each sentence with values


def with_values(entry: ET.Element) -> Iterator[dict[str, str]]:
    """Values for the placeholders of a sentence, each awkward one in each place."""
    source, numbers = english(entry), entry.findtext("extra-numbers", "").split()
    names, behind_a_stop = placeholders(source), re.findall(r"\.\s?\{(\d+)\}", source)
    short = len(letters(PLACEHOLDER.sub("", source))) < 8 and not source[0].isupper()
    values = OF_FILES if short else [v for v in AWKWARD if not (ambiguous(source, v) or (behind_a_stop and ". " in v))]
    for shift in range(len(values) if names else 0):
        chosen = itertools.cycle([*values[shift:], *values[:shift]])
        put = {n: NUMBERS[(shift + int(n)) % len(NUMBERS)] if n in numbers else next(chosen) for n in names}
        yield put | {name: " An unknown one." if put[name] else "" for name in behind_a_stop}


def ambiguous(source: str, value: str) -> bool:
    """True where nobody could tell which of two colons, or of two words "and", is that of the sentence; no word is lost
    then either."""
    two_colons = ": " in value and re.search(r"\}: |^\{0\} cannot be read|\[Errno", source)
    return bool(two_colons) or (" and " in value and "} and {" in source)


def filled(template: str, put: dict[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: put[found[1]], template)


def letters(text: str) -> str:
    """Without the spaces that set Chinese and Latin words apart."""
    return text.replace(" ", "")


def test_sentences_with_awkward_values_come_back_in_chinese_with_exactly_these(chinese):
    """None swallows another: each is told in its own words."""
    wrong, tried = [], 0
    for entry in entries():
        for put in with_values(entry):
            tried += 1
            sentence, wanted = filled(english(entry), put), filled(entry.findtext("translation", ""), put)
            told = language.said(sentence)
            if letters(told) != letters(wanted) or any(value.strip() not in told for value in put.values()):
                wrong.append((sentence, told, wanted))
    assert wrong == []
    assert tried > 2000


def test_sentences_without_values_are_themselves(chinese):
    """No template takes one for its own with a value."""
    plain = [entry for entry in entries() if not placeholders(english(entry))]
    assert {english(e): language.said(english(e)) for e in plain} == {
        english(e): e.findtext("translation") for e in plain
    }


def test_values_that_are_sentences_or_names_themselves_are_translated(chinese):
    assert language.said("The training failed: the labels are empty: there is no class to learn") == (
        "训练失败：标签为空：没有可学习的类别"
    )
    assert language.said("Paint Left thalamus") == "绘制左侧丘脑"
    assert language.said("Draw cobb") == "绘制 Cobb 角"
    assert language.said("One of 3 stacks in this series: orientation, pixel spacing and image type differ.") == (
        "该序列 3 个层面组之一：方向、像素间距和图像类型各不相同。"
    )


def test_sentences_that_were_joined_are_told_one_by_one(chinese):
    one, other = "Its colours have 16 bits; they are shown with 8.", "The pictures were compressed with loss, 12 to 1."
    apart = language.said(one), language.said(other)
    assert language.said(f"{one} {other}") == "".join(apart)
    assert language.said(f"{one}\n{other}") == "\n".join(apart)
    assert language.said(f"{one} Nobody knows this. {other}") == f"{apart[0]}Nobody knows this. {apart[1]}"
    missing = "3 slices are missing, after F 10.5, F 12.0 mm."  # with numbers only, so not with all that stands before
    told = "缺失 3 层，位于 F 10.5, F 12.0 mm 之后。"
    assert language.said(f"Nobody knows this. {missing} Nor that.") == f"Nobody knows this. {told}Nor that."
    assert language.said(
        "IM 1.dcm: it ends within its pixels; fetch the file again (12 further files were refused too)"
    ) == ("IM 1.dcm：文件在像素数据中结束；请重新获取该文件（另有 12 个文件也被拒绝）")
    assert language.said("sagittal, 0.5 mm · T1 MPRAGE") == "矢状位、0.5 mm · T1 MPRAGE"


UNKNOWN = (
    "",
    " ",
    "Canary^Patient",
    "Something that nobody has translated. It has two sentences.",
    "no such thing: (in brackets); and so on · 7 mm",
    "2 of its kind",
    "the following arguments are required: path",
    "Left knee, lateral",
    "time lapse of a bone",
    "Traceback: a\nb\n",
    "{0} {} %s \\ (?P<v0>",
    "胸部 CT",
    "." * 5000,
    ": " * 500,
    "a. " * 500,
)


@pytest.mark.parametrize("text", UNKNOWN)
def test_unknown_sentence_stays_as_it_is(chinese, text):
    assert language.said(text) == text


def test_english_window_is_untouched_and_pays_nothing(monkeypatch):
    monkeypatch.setattr(language, "_language", "en")
    monkeypatch.setattr(language, "_sentences", lambda _: pytest.fail("the translations were read"))
    assert all(language.said(english(entry)) == english(entry) for entry in entries())


@pytest.mark.parametrize("content", [None, "", "<TS><context><message>", "<TS/>"])
def test_without_a_file_of_translations_sentences_stay_english(tmp_path, content):
    file = tmp_path / "a.ts"
    if content is not None:
        file.write_text(content)
    assert Sentences(file).said("One slice.") == "One slice."


def test_a_sentence_that_is_new_is_told_in_no_time(chinese):
    """Once: what was told before is remembered. The limits leave room for a machine that is busy."""
    language.said("One slice.")
    new = [f"IM {n}.dcm: its header is truncated or damaged ((0028,{n:04d}) reaches beyond the end of its item); "
           f"fetch the file again ({n} further files were refused too)" for n in range(20)]  # fmt: skip
    spent = []
    for text in [*new, *(f"Nobody knows what {n} means: it is not there" for n in range(20))]:
        begin = time.process_time()
        language.said(text)
        spent.append(time.process_time() - begin)
    assert sorted(spent)[len(spent) // 2] < 0.005
    begin = time.process_time()
    for text in new * 100:
        language.said(text)
    assert (time.process_time() - begin) / 2000 < 0.0001


# What is really said

_NAMES = sorted({re.escape(entry[0]) for entry in UID_dictionary.values()}, key=len, reverse=True)


def english_words_in(told_in_chinese: str) -> list[str]:
    """Runs of two English words; names of the standard, of files and quoted values aside."""
    bare = re.sub("|".join(_NAMES), "", re.sub(r"'[^']*'|“[^”]*”", "", told_in_chinese))
    return re.findall(r"[A-Za-z]{2,} [a-z]{2,}\b", bare)


def assert_all_chinese(said: set[str]) -> None:
    left = {sentence: language.said(sentence) for sentence in said}
    assert {s: t for s, t in left.items() if english_words_in(t) or not CHINESE.search(t)} == {}


def sentences_of(lines: Iterator[str] | list[str]) -> set[str]:
    found = (re.match(r"(?:refused|note|verdict [\w-]+): (.+)", line, re.DOTALL) for line in lines)
    return {one[1] for one in found if one}


@pytest.fixture(scope="module")
def reader():
    reader = Reader()
    reader.start()
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def attacked(tmp_path_factory, reader) -> Report:
    """A part of what tests/hostile throws at the reader, enough for nearly all that can be wrong with a file."""
    folder = tmp_path_factory.mktemp("attack")
    bad = {name: Path(str(get_testdata_file(name))).read_bytes() for name in BAD_FILES_OF_PYDICOM}
    for name, content in {**dict(damaged_files(300)), **named_faults(), **truncations(8), **bad}.items():
        (folder / name).write_bytes(content)
    good = tmp_path_factory.mktemp("good") / "good.dcm"
    good.write_bytes(dicom(ct(series="7")))
    return attack(reader, [folder], good, values().astype(np.int16) - 1024)


@pytest.mark.skipif(sys.platform == "win32", reason="the reader has no processes of its own on Windows")
def test_what_is_said_of_hostile_files_is_chinese(chinese, attacked):
    said = sentences_of([line for lines in attacked.said.values() for line in lines])
    assert len(said) > 200  # or nothing was tried
    assert_all_chinese(said)


def of_several(folder: Path, name: str) -> set[str]:
    make, suffix, _ = LIES_OF_SEVERAL[name]
    for n, content in enumerate(make()):
        (folder / f"a file {n}{suffix}").write_bytes(content)
    found = files.scan([folder])
    lines = [line for series in found.series for line in told(series)]
    return {refusal.reason for refusal in found.refused} | sentences_of(lines)


@pytest.mark.parametrize("name", LIES_OF_SEVERAL)
def test_what_is_said_of_series_that_are_no_volume_is_chinese(chinese, tmp_path, name):
    assert_all_chinese(of_several(tmp_path, name))


def test_what_is_said_of_truncated_slices_is_chinese(chinese, tmp_path):
    for k in range(12):
        content = dicom(ct(k))
        (tmp_path / f"IM {k}.dcm").write_bytes(content[:-60] if k in (3, 7) else content)
    said = sentences_of([line for series in files.scan([tmp_path]).series for line in told(series)])
    assert any(sentence.startswith("Left out: IM 3.dcm: it is truncated") for sentence in said)
    assert_all_chinese(said)


def test_verdicts_are_chinese_with_their_figures(chinese):
    axial = (1, 0, 0, 0, 1, 0)

    def said(*positions: tuple[float, float, float]) -> str:
        return language.said(slice_positions.arrange(positions, axial, 1.0).verdict.detail)

    along = [(0.0, 0.0, z) for z in (0, 2.5, 5, 10, 12.5)]
    assert said(*along) == "缺失 1 层，位于 H 5.0 mm 之后。"
    sheared = [(0.0, 0.1 * z, z) for _, _, z in along]
    assert re.fullmatch(r"缺失 1 层，位于 H 5\.0 mm 之后。层面组还有 5\.7° 的错切。", said(*sheared))
    many = [(0.0, 0.0, float(z)) for z in range(40) if z % 4]
    assert re.fullmatch(r"缺失 9 层，位于 (H [\d.]+, )+H [\d.]+ \.\.\. mm 之后。", said(*many))
    assert said(*[(0.0, 0.0, z) for z in (0, 2.5, 5.3, 7.5, 10)]).startswith("层间距不一致，位于 H")


def test_why_there_is_no_suv_is_chinese(chinese):
    known = Tracer("BQML", corrected=("ATTN", "DECY"), decay_correction="START", weight_kg=70, dose_bq=3.7e8)
    tracers = (
        Tracer("CNTS"), Tracer("PROPCPS"), Tracer(""), Tracer("BQML"), Tracer("GML", suv_type="LBM"), known,
        Tracer("BQML", corrected=("ATTN", "DECY"), decay_correction="NONE", weight_kg=70, dose_bq=3.7e8),
        Tracer("BQML", corrected=("ATTN", "DECY"), decay_correction="START", weight_kg=0, dose_bq=3.7e8,
               half_life_s=6586, injected_s=0, series_s=60),
        Tracer("BQML", corrected=("ATTN", "DECY"), decay_correction="START", weight_kg=70, dose_bq=370,
               half_life_s=6586, injected_s=0, series_s=60),
    )  # fmt: skip
    said = {suv_factor(tracer, None)[1] for tracer in tracers}
    assert len(said) > 6
    assert_all_chinese(said)


def test_what_the_gate_says_is_chinese_with_its_figures(chinese):
    kept = choose(liver(0.5, 0.6, 0.9), semi_supervised=liver(0.7, 0.7, 0.9), supervised=liver(0.9, 0.9, 0.84))
    assert language.said(kept.reason) == (
        "建议采用半监督模型。平均 Dice（3 个留出的层面）：当前模型为 0.667。半监督模型为 0.767（+0.100）。"
        "监督模型为 0.880（+0.213），未通过：层面 unit 2 变差了 0.060。"
        "提升并不确定：其 95% 区间 +0.000 至 +0.200 包含 0。"
    )
    current = scores({1: overlap(0.5), 2: overlap(0.9)})
    fallen = choose(current, (1, 2), supervised=scores({1: overlap(0.9), 2: overlap(0.7)}))
    assert "Spleen 由 0.90 降至 0.70" in language.said(fallen.reason)
    first = choose(None, semi_supervised=liver(0.7), supervised=liver(0.8))
    assert language.said(first.reason) == (
        "平均 Dice（1 个留出的层面）：半监督 0.700、监督 0.800。没有可比较的更早模型。"
    )


def test_why_series_cannot_be_fused_or_resampled_is_chinese(chinese):
    def series(uid: str, **more) -> Series:
        named = {"patient_id": "A", "modality": "CT", "description": "T1. axial: x", "size": (4, 3, 2)}
        verdict = GeometryVerdict("missing", "1 slice is missing, after H 5.0 mm.")
        return Series(uid, "1", patient_name="", files=(), verdict=verdict, spacing_mm=(1, 1, None), **(named | more))

    one, grid = series("1"), series("1").geometry
    regular = Geometry((4, 3, 2), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3))
    others = one, series("2", patient_id="B"), series("2", colour=True), series("2")
    said = {why_not_over(one, regular, other, other.geometry) for other in others}
    said.add(why_not_over(one, grid, others[3], regular))
    assert len(said) == 5
    assert_all_chinese(said)
    assert all("T1. axial: x" in language.said(sentence) for sentence in said if "T1" in sentence)
    volume = Volume(np.zeros((2, 3, 4), np.int16), grid)
    for verdict in (one.verdict, GeometryVerdict("duplicate", "More than one slice lies at H 5.0 mm.")):
        with pytest.raises(SeriesError) as refused:
            to_regular_grid(volume, verdict)
        assert_all_chinese({str(refused.value)})


def test_titles_of_what_can_be_undone_are_chinese(chinese, phantom):
    session = Session()
    session.open(SERIES, phantom)
    session.add_measurement("freehand", ((1.0, 1.0, 2.0), (4.0, 1.0, 2.0), (4.0, 5.0, 2.0)), 2)
    drawn = session.measurements[0]
    session.change_measurement(replace(drawn, text="a word"))
    session.change_measurement(replace(session.measurements[0], points=drawn.points[1:] + drawn.points[:1]))
    session.delete_measurement(drawn.number)
    plane = session.planes[0]
    session.toggle_key_image(plane)
    session.toggle_key_image(plane)
    titles: list[str] = []
    while title := session.history.undo_title:
        titles.append(language.said(title))
        session.undo()
    assert titles == [
        "取消关键图像标记", "标记关键图像", "删除手绘区域", "移动手绘区域", "修改手绘区域的文字", "绘制手绘区域",
    ]  # fmt: skip
    assert [language.said(title) for title in ("Erase", "Paint Region 1", "Accept tiny 1.0.0")] == [
        "擦除", "绘制区域 1", "接受 tiny 1.0.0 的建议",
    ]  # fmt: skip
