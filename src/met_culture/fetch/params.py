"""Parameters of the stage fetch: its section of params.yaml, checked by name."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from met_culture.common.config import STRICT, Number, Seed
from met_culture.fetch.departments import DEPARTMENTS
from met_culture.web.errors import RefusedError
from met_culture.web.url_policy import canonical


def _url(text: str) -> str:
    try:
        canonical(text)
    except RefusedError:
        raise ValueError("not an http or https URL of a server, without a user name") from None
    return text


def _department(name: str) -> str:
    if name not in DEPARTMENTS.values():
        raise ValueError(f"{name} is not a department of the museum ({', '.join(DEPARTMENTS.values())})")
    return name


def _date(text: str) -> str:
    date.fromisoformat(text)  # raises ValueError
    return text


Department = Annotated[str, AfterValidator(_department)]
# A string, because YAML reads a bare 2026-11-24 as a date.
Date = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(_date)]
HostName = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]  # lower case, without https://
# Only characters that a header can hold.
UserAgent = Annotated[str, Field(pattern=r"^[!-~][ -~]{2,199}$")]
Url = Annotated[str, AfterValidator(_url)]
Name = Annotated[str, Field(min_length=1)]
FILES = ("csv", "dump", "images", "ids")  # catalogues that are read from fetch.catalog_file


@dataclass(frozen=True, config=STRICT)
class CandidateRule:
    """Conditions for an object to be fetched; it must meet all that are given."""

    departments: tuple[Department, ...] = ()
    classifications: tuple[str, ...] = ()
    object_names: tuple[str, ...] = ()
    public_domain: bool = False


@dataclass(frozen=True, config=STRICT)
class FetchParams:
    """Where records and images come from, which of them are fetched, and at which rate."""

    source: Name
    sample_seed: Seed
    api: Url
    catalog: Literal["search", "listing", "csv", "dump", "images", "ids"]
    catalog_file: Name | None
    image_column: Name
    label_column: Name
    candidates: tuple[CandidateRule, ...]
    limit: Annotated[int, Field(ge=1, le=10_000_000)] | None
    limit_seed: Seed
    since: Date | None
    image_hosts: Annotated[tuple[HostName, ...], Field(min_length=1)]
    requests_per_second: Annotated[Number, Field(ge=0.001, le=80)]  # 80 is what the museum documents
    parallel_images: Annotated[int, Field(ge=1, le=64)]
    timeout_s: Annotated[Number, Field(gt=0, le=3600)]
    user_agent: UserAgent

    @property
    def is_image_list(self) -> bool:
        """Whether the objects come from a list of images with their labels."""
        return self.source == "met" and self.catalog == "images"

    @property
    def rules(self) -> tuple[CandidateRule, ...]:
        """The rules that apply: none to a folder, which is read as a whole, nor to a list, which has chosen already."""
        return self.candidates if self.source == "met" and self.catalog not in ("images", "ids") else ()

    def __post_init__(self) -> None:
        """Reject catalogues without their file or source, a date of changes where there is none, and a column twice."""
        if self.catalog in FILES and not self.catalog_file:
            raise ValueError(f"catalog is {self.catalog}, so catalog_file must be the path or URL of its file")
        if self.catalog == "dump" and self.since:
            raise ValueError("since must be null with catalog dump, because a dump is compared as a whole")
        if self.catalog == "images" and self.since:
            raise ValueError("since must be null with catalog images, because a list does not say what has changed")
        if self.catalog == "ids" and self.source == "sample":
            raise ValueError("catalog ids needs source met or a museum folder, because the sample has ids of its own")
        if self.image_column == self.label_column:
            raise ValueError(f"image_column and label_column must differ, and both are {self.image_column!r}")
