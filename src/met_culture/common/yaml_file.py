"""Read a YAML file of parameters in bounded time and memory; every error names key and line."""

from pathlib import Path
from typing import Any

import yaml

from met_culture.common.errors import UserError

MAX_BYTES = 100_000  # the committed params.yaml has 8,000
MAX_TEXT = 4_000  # characters of one value
MAX_NUMBER = 2**63


class _Plain:
    """Turns nodes into dicts, lists and scalars; an anchor and its aliases are one node, so none is visited twice."""

    def __init__(self, path: Path) -> None:
        self._path, self._visited = path, set[int]()
        self._loader = yaml.SafeLoader("")

    def _fault(self, node: yaml.Node, key: str, reason: str) -> UserError:
        key = key if key.isprintable() else ascii(key)
        return UserError(f"{self._path}, line {node.start_mark.line + 1}: {key}{': ' if key else ''}{reason}.")

    def value(self, node: yaml.Node, key: str = "") -> Any:  # noqa: ANN401 - what YAML holds
        if id(node) in self._visited:
            raise self._fault(node, key, "anchors and aliases (& and *) are not read; write the value out")
        self._visited.add(id(node))
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self._mapping(node, key)
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self.value(item, f"{key}.{index}") for index, item in enumerate(node.value)]
        return self._scalar(node, key)

    def _mapping(self, node: yaml.MappingNode, key: str) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for name_node, value_node in node.value:
            name = self.value(name_node, key)
            if not isinstance(name, str):
                raise self._fault(name_node, key, f"the key {str(name)[:60]!r} must be text")
            dotted = f"{key}.{name}" if key else name
            if name in content:
                raise self._fault(name_node, dotted, "the key appears twice; remove one of the two")
            content[name] = self.value(value_node, dotted)
        return content

    def _scalar(self, node: yaml.Node, key: str) -> Any:  # noqa: ANN401 - what YAML holds
        if len(node.value) > MAX_TEXT:
            raise self._fault(node, key, f"the value has more than {MAX_TEXT:,} characters; shorten it")
        try:
            value = self._loader.construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError) as error:  # such as 2026-02-30, which is no date
            reason = str(getattr(error, "problem", None) or error)[:200]
            raise self._fault(node, key, f"not a valid value ({reason}); correct or quote it") from None
        if isinstance(value, int) and abs(value) >= MAX_NUMBER:
            raise self._fault(node, key, "the number has more than 64 bits; lower it")
        return value


def read_yaml(path: Path) -> Any:  # noqa: ANN401 - what YAML holds
    """Return the content of a YAML file: dicts with text as keys, lists and scalars.

    Raises:
        UserError: The file is too large or not valid YAML, uses anchors, has a key twice, or holds an impossible value.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UserError(f"{path} has more than {MAX_BYTES:,} bytes; shorten it.")
    try:
        node = yaml.compose(data.decode(), yaml.SafeLoader)
        return None if node is None else _Plain(path).value(node)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())[:300]}") from None
    except RecursionError:
        raise UserError(f"{path} is not valid YAML for parameters: it is nested too deeply.") from None
