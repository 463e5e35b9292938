"""README.md and docs/ against what is committed: their numbers, commands, files, targets and modules.

A number in prose or a table is either a claim, which a committed result must confirm, or a setting with its reason.
The results are those of the last commit, because a run changes the files of the workspace.
"""

import json
import re
import subprocess
from importlib.util import find_spec
from statistics import mean
from typing import Any, NamedTuple

import models_page
import pytest
import yaml
from paintings import FOLDS
from rounding import LAST_LAYER
from support import ROOT
from test_floors import FLOORS

from met_culture.fetch.run import IMAGE_S
from met_culture.train.checkpoints import KEPT, SHARE
from met_culture.train.logistic import GRADIENT
from met_culture.verify.committed import TOLERANCE

# Of these, test_benchmarks and test_cards hold the numbers.
GENERATED = {"article.md", "models.md", "scaling.md", "data_card.md", "model_card.md"}
WRITTEN = ("README.md", "docs/code.md", "docs/experiments.md", "docs/fetch.md", "docs/reproducibility.md")
DOCUMENTS = [*WRITTEN, "CONTRIBUTING.md", *sorted(f"docs/{name}" for name in GENERATED)]
TEXT = {name: (ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS}
TEMPLATES = ("benchmarks/scaling.md.jinja", "benchmarks/article.md.jinja")
DVC = yaml.safe_load((ROOT / "dvc.yaml").read_text())
LABELS = ("China", "Japan", "America", "India")
NUMBER = r"(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?"
LISTED = 3703  # images of the article's list
PRESETS = ("article_100", "frozen", "style")


class Claim(NamedTuple):
    """Numbers of a document, and the regular expression of the sentence or table row that states them."""

    document: str
    pattern: str
    numbers: list[str]


# Numbers of the prose that are settings and no results.
SETTINGS = {
    "README.md": {"95", "50", "100"},  # level of the intervals; epochs of the article
    "docs/fetch.md": {
        "80",  # requests a minute: the museum's limit
        "90",  # seconds: the longest wait; tests/web/test_rate_limit.py holds it
        "3,705", "3,703",  # rows and different addresses of the article's list, which is not here
        "100",  # epochs of the article
    },
    # Facts about the article and its code, at the commit that the page names; and settings.
    "benchmarks/article.md.jinja": {
        "1",  # the article's part
        "130,000", "57", "450", "73,722", "4,000", "3,705", "1,325", "916", "908", "556", "2,593", "332",  # its data
        "70", "18", "12",  # % of its paintings in each split
        "150", "4", "3", "2", "32", "64", "128", "0.5", "512",  # its network
        "10", "0.2",  # its augmentation; the last 10 epochs
        "50", "100", "80",  # epochs; its accuracy in %
        "95", "0.8",  # level of the intervals; its accuracy
    },
    "benchmarks/scaling.md.jinja": {
        "1,000", "10,000", "130,000", "500,000",  # sizes of the measured collections
        "150", "50", "70", "95",  # pixels of an image, epochs, % of the images for training, level of the intervals
        "2.5", "0.8",  # what was wanted, and not reached
        "0.00001",  # tests/train/distributed/test_data_parallel.py holds it
        "0", "300",  # the first process; seconds of MET_CULTURE_WAIT_S
    },
}  # fmt: skip


def committed(path: str) -> Any:
    """Return a JSON file as the last commit holds it."""
    command = ["git", "show", f"HEAD:{path}"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(shown.stdout)


def result(name: str) -> Any:
    return committed(f"benchmarks/results/{name}.json")


def sentence(document: str, words: str, *numbers: object) -> Claim:
    """Return the claim of a few words, in which each # stands for a number."""
    pattern = re.escape(words).replace(r"\#", f"({NUMBER})").replace(r"\ ", r"\s+")
    return Claim(document, pattern, [str(number) for number in numbers])


def row(document: str, first_cell: str, *numbers: object) -> Claim:
    """Return the claim of a table row; its numbers are those outside `code`."""
    return Claim(document, rf"^\| {re.escape(first_cell)}.*$", [str(number) for number in numbers])


def decimals(digits: int, *values: float) -> list[str]:
    return [f"{value:.{digits}f}" for value in values]


def preset_claims() -> list[Claim]:
    claims = []
    for name in PRESETS:
        preset = result(f"models_{name}")
        together, folds = preset["together"], preset["folds"]
        numbers = decimals(3, together["accuracy"], *together["interval_95"]["accuracy"], together["macro_f1"])
        if folds:
            seconds = [models_page.median(folds, f"seconds_{stage}") for stage in ("preprocess", "train")]
            numbers += decimals(1, sum(seconds) / 60)
        claims.append(row("README.md", f"`{name}` |", *numbers))
    return claims


def style_claims() -> list[Claim]:
    results = models_page.of_seeds("style")
    accuracy, macro_f1 = (mean(run["together"][name] for run in results) for name in ("accuracy", "macro_f1"))
    return [
        sentence("README.md", "Over # seeds, each with its own folds", len(results)),
        sentence("README.md", "mean accuracy is # and its mean macro-F1 #", *decimals(3, accuracy, macro_f1)),
    ]


def painting_claims() -> list[Claim]:
    clean = result("models_style")["folds"][0]["clean"]
    counts = [clean["labels"][label]["paintings"] for label in LABELS]
    words = "**# real paintings** of the museum (# Chinese, # Japanese, # American, # Indian)"
    probes = result("probes")["probes"]
    names = ("Lite2, 320, border only", "Lite2, 320, border masked", "Lite2, 320", "majority")
    accuracies = decimals(2, *(probes[name]["accuracy"] for name in names))
    return [
        sentence("README.md", words, clean["paintings"], *counts),
        sentence("README.md", "With # images, India's scores", counts[-1]),
        sentence("README.md", "accuracy of # on the outer tenth", accuracies[0]),
        sentence("README.md", "# without that border and # on whole photographs", *accuracies[1:3]),
        sentence("README.md", "photographs. Always answering the most frequent culture gives #", accuracies[3]),
    ]


def sample_claims() -> list[Claim]:
    train, evaluate = committed("metrics/train.json"), committed("metrics/evaluate.json")
    macro_f1, majority = decimals(2, evaluate["macro_f1"], evaluate["majority_accuracy"])
    (validation,) = decimals(2, train["val_accuracy_last_10"])
    return [
        sentence(
            "README.md", "validation accuracy is # (mean of the last 10 of # epochs)", validation, train["epochs"]
        ),
        sentence("README.md", "Its macro-F1 is #", macro_f1),
        sentence("README.md", "the sample's most frequent culture gives an accuracy of #", majority),
    ]


def fetch_claims() -> list[Claim]:
    cost = result("fetch_cost")
    claims = [sentence("docs/fetch.md", "simulated museum with # objects", f"{cost['objects']:,}")]
    for way in cost["ways"]:
        minutes = (way["api_minutes"][pace] for pace in ("at_the_limit", "at_the_default_pace"))
        values = (way["api_requests"], *minutes, way["paintings"], way["bytes"] / 1e6)
        claims.append(row("docs/fetch.md", f"`{way['way']}`", *(f"{value:,.0f}" for value in values)))
    search = next(way for way in cost["ways"] if way["way"] == "search")
    requests, minutes = round(search["api_requests"], -3), round(search["api_minutes"]["at_the_default_pace"], -1)
    words = "about # requests at one a second, which is about # minutes"
    return [*claims, sentence("README.md", words, f"{requests:,}", f"{minutes:.0f}")]


def published_claims() -> list[Claim]:
    """Return the claims about benchmarks/paintings.csv."""
    paintings = len((ROOT / "benchmarks/paintings.csv").read_text().splitlines()) - 1
    pace = yaml.safe_load((ROOT / "params.yaml").read_text())["fetch"]["requests_per_second"]
    minutes = round(paintings / pace / 60)
    return [
        sentence("docs/fetch.md", "Its # records take about # minutes at one request a second", paintings, minutes),
        sentence("docs/reproducibility.md", "the # paintings of the results", paintings),
        sentence("docs/reproducibility.md", "to a gradient of #e-#", *f"{GRADIENT:.0e}".split("e-0")),
        sentence("docs/reproducibility.md", "Probabilities change by less than #", LAST_LAYER),
        sentence("docs/reproducibility.md", "the fold, from # to #,", 0, FOLDS - 1),
        sentence("docs/reproducibility.md", "fetch them yourself, in about # minutes", minutes),
    ]


def fetch_speed_claims() -> list[Claim]:
    fetch, scale = result("fetch"), result("fetch_scale")["first"]
    names = ("fetch", "img2dataset_retries_3", "img2dataset")
    obtained = [f"{fetch['faults'][name]['obtained'] * 100:.0f}" for name in names]
    rate, ratio = fetch["images_per_second"]["fetch"], fetch["ratio_to_img2dataset"]["fetch"]
    memory = [f"{scale[size]['peak_mb']:.0f}" for size in ("1000", "100000")]
    latency = f"{fetch['latency_s'] * 1000:.0f}"
    parallel = yaml.safe_load((ROOT / "params.yaml").read_text())["fetch"]["parallel_images"]
    minutes = round(LISTED * IMAGE_S / parallel / 60)
    return [
        sentence("docs/fetch.md", "the fetch obtained #%", obtained[0]),
        sentence("docs/fetch.md", "img2dataset obtained #% with three retries and #% without", *obtained[1:]),
        sentence("docs/fetch.md", "With # images at once", fetch["parallel"]),
        sentence("docs/fetch.md", "latency of # ms", latency),
        sentence("docs/fetch.md", "downloads # images a second", f"{rate:.0f}"),
        sentence("docs/fetch.md", "(ratio #)", f"{ratio:.2f}"),
        sentence("docs/fetch.md", "At # images at a time, their download takes about # minutes", parallel, minutes),
        sentence("docs/fetch.md", "# MB of memory for 1,000 objects and # MB for 100,000", *memory),
    ]


def experiment_claims() -> list[Claim]:
    session = result("experiments")
    restored, nothing = decimals(1, session["seconds_to_restore"], session["seconds_with_nothing_to_do"])
    epochs = yaml.safe_load((ROOT / "params.yaml").read_text())["train"]["epochs"]
    return [
        sentence("docs/experiments.md", "named `longer` with # epochs instead of #", 100, epochs),
        sentence("docs/experiments.md", "train nothing and take # s", restored),
        sentence("docs/experiments.md", "`dvc repro` takes # s", nothing),
        sentence("docs/experiments.md", "The last # checkpoints", KEPT),
        sentence("docs/experiments.md", "Checkpoints take at most # %", f"{SHARE * 100:.0f}"),
    ]


def tolerance_claims() -> list[Claim]:
    limits = {**TOLERANCE["train"], **TOLERANCE["evaluate"]}
    assert limits["accuracy"] == limits["macro_f1"]
    names = ("val_accuracy_last_10", "accuracy", "macro_f1")
    differences = decimals(3, *(result("rounding")["largest_difference"][name] for name in names))
    words = "The validation accuracy differed by at most #, the test accuracy by # and macro-F1 by #"
    promised = "# for the validation accuracy, # for test accuracy and macro-F1"
    images = committed("metrics/evaluate.json")["n_test"]
    return [
        sentence("docs/reproducibility.md", promised, limits[names[0]], limits[names[1]]),
        sentence("docs/reproducibility.md", words, *differences),
        sentence("docs/reproducibility.md", "# test images alone makes a difference of #", images, f"{1 / images:.3f}"),
    ]


def python_claims() -> list[Claim]:
    lowest, beyond = re.findall(r'requires-python = ">=3\.(\d+), <3\.(\d+)"', (ROOT / "pyproject.toml").read_text())[0]
    return [sentence("README.md", "Python # to #", f"3.{lowest}", f"3.{int(beyond) - 1}")]


@pytest.fixture(scope="module")
def claims() -> list[Claim]:
    return [
        *preset_claims(),
        *style_claims(),
        *painting_claims(),
        *sample_claims(),
        *fetch_claims(),
        *published_claims(),
        *fetch_speed_claims(),
        *experiment_claims(),
        *tolerance_claims(),
        *python_claims(),
    ]


def prose(text: str) -> str:
    """Return a document without its blocks of code."""
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def without_code(text: str) -> str:
    """Return prose without `code`, targets of links and tags."""
    return re.sub(r"`[^`]*`|\]\([^)]*\)|<[^>]*>", "", text)


def stated(claim: Claim, match: re.Match[str]) -> list[str]:
    """Return the numbers that a document states for a claim."""
    return list(match.groups()) or re.findall(NUMBER, without_code(match[0]))


@pytest.mark.parametrize("document", WRITTEN)
def test_every_number_is_that_of_a_committed_result(claims: list[Claim], document: str) -> None:
    text = rest = prose(TEXT[document])
    for claim in claims:
        if claim.document != document:
            continue
        match = re.search(claim.pattern, text, flags=re.MULTILINE)
        assert match, f"{document} no longer has {claim.pattern}"
        assert stated(claim, match) == claim.numbers, match[0]
        rest = rest[: match.start()] + " " * len(match[0]) + rest[match.end() :]
    unknown = set(re.findall(NUMBER, without_code(rest)))
    assert unknown <= SETTINGS.get(document, set()), "numbers that no test knows"


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_generated_page_has_no_other_number_than_those_of_the_results(name: str) -> None:
    template = (ROOT / name).read_text(encoding="utf-8")
    text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", prose(template))
    assert set(re.findall(NUMBER, without_code(text))) <= SETTINGS[name]


def test_every_page_is_tested() -> None:
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert pages == GENERATED | {name.removeprefix("docs/") for name in WRITTEN[1:]}


def test_the_session_of_experiments_is_as_it_was_printed() -> None:
    session = result("experiments")
    blocks = re.findall(r"```text\n(.*?)\n```", TEXT["docs/experiments.md"], flags=re.DOTALL)
    assert blocks == [printed.strip("\n") for printed in session["printed"].values()]
    other_processor = session["machine"]["processor"] != committed("metrics/environment.json")["processor"]
    text = " ".join(TEXT["docs/experiments.md"].split())
    assert ("another processor than the committed run" in text) == other_processor


def test_the_readme_shows_the_output_of_every_stage() -> None:
    (block,) = re.findall(r"```text\n(.*?)\n```", TEXT["README.md"], flags=re.DOTALL)
    assert re.findall(r"^Running stage '(\w+)': \.\.\.$", block, flags=re.MULTILINE) == list(DVC["stages"])
    evaluate = committed("metrics/evaluate.json")
    assert evaluate["source"] == "synthetic sample"
    accuracy, low, high = decimals(3, evaluate["accuracy"], *evaluate["interval_95"]["accuracy"])
    assert re.findall(NUMBER, block) == [str(evaluate["n_test"]), accuracy, "95", low, high]


def folders() -> set[str]:
    """Return the folders of the package."""
    package = ROOT / "src/met_culture"
    return {str(path.parent.relative_to(package)) for path in package.rglob("*/__init__.py")} - {"."}


def test_every_folder_of_the_package_is_described() -> None:
    code = TEXT["docs/code.md"]
    rows = re.findall(r"^\| `([\w/]+)/` \| \S.*\|$", code, flags=re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == folders()


def test_the_picture_shows_the_floors() -> None:
    (picture,) = re.findall(r"```text\n(.*?)\n```", TEXT["docs/code.md"], flags=re.DOTALL)
    top = {name for name in folders() if "/" not in name}
    lines = [line for line in picture.splitlines() if "---" not in line]
    drawn = [set(re.findall(r"\w+", line.partition("|")[0])) for line in lines]
    assert drawn == [set(floor) & top for floor in reversed(FLOORS)]


def test_every_module_beside_the_folders_is_described() -> None:
    modules = {path.name for path in (ROOT / "src/met_culture").glob("*.py")} - {"__init__.py"}
    assert set(re.findall(r"`(\w+\.py)`", TEXT["docs/code.md"])) == modules


def test_every_stage_is_described() -> None:
    section = TEXT["docs/code.md"].split("## The stages")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE) == list(DVC["stages"])


def outputs() -> set[str]:
    """Return every output of the stages, and the folders that hold them."""
    files = set()
    for stage in DVC["stages"].values():
        for entry in [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]:
            files.add(entry if isinstance(entry, str) else next(iter(entry)))
    return files | {parent for file in files for parent in (file.rsplit("/", 1)[0], file.split("/")[0])}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_named_file_exists(document: str) -> None:
    top = "plots|benchmarks|data|models|docs|tests|src|metrics|experiments"
    for path in re.findall(rf"(?<![\w/.])((?:{top})/[\w./+*-]*)", TEXT[document]):
        name = path.rstrip("./")
        assert list(ROOT.glob(name)) or name in outputs() or name == "models/model.onnx", path
    for target in re.findall(r"\]\(([^):#]+)(?:#[^)]*)?\)|src=\"([^\"]+)\"", TEXT[document]):
        assert ((ROOT / document).parent / "".join(target)).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_to_a_heading_leads_there(document: str) -> None:
    for page, anchor in re.findall(r"\]\(([^):#]*)#([^)]+)\)", TEXT[document]):
        target = (ROOT / document).parent / page if page else ROOT / document
        text = target.read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
        assert anchor in [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_named_target_and_module_exists(document: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", TEXT[document], flags=re.MULTILINE)) <= targets
    for module in re.findall(r"python -m (met_culture[\w.]*\w)", TEXT[document]):
        assert find_spec(module), module


def test_the_committed_pictures_are_shown() -> None:
    command = ["git", "ls-files", "plots", "docs"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for document, picture in (("docs/experiments.md", "plots/curves.png"), ("README.md", "docs/dashboard.png")):
        assert picture in TEXT[document]
        assert picture in listed
