"""Every example in a docstring runs and prints what it says; everything public has a docstring."""

import ast
import doctest
import importlib
import inspect
from pathlib import Path

import pytest

import kshift

PACKAGE = Path(kshift.__file__).parent
SOURCES = sorted([*PACKAGE.glob("*.py"), *PACKAGE.glob("*.pyi")])


def docstrings(source: Path) -> list[doctest.DocTest]:
    parser = doctest.DocTestParser()
    nodes = (ast.Module, ast.ClassDef, ast.FunctionDef)
    found = []
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, nodes) and (text := ast.get_docstring(node)):
            name = f"{source.name}:{getattr(node, 'name', 'module')}"
            found.append(parser.get_doctest(text, {}, name, str(source), 0))
    return [test for test in found if test.examples]


EXAMPLES = [test for source in SOURCES for test in docstrings(source)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_examples_print_what_they_say(example: doctest.DocTest) -> None:
    said: list[str] = []
    failed, _ = doctest.DocTestRunner().run(example, out=said.append, clear_globs=False)
    assert failed == 0, "".join(said)


def test_there_are_examples_for_the_main_calls() -> None:
    names = {example.name.split(":")[1] for example in EXAMPLES}
    assert {"module", "Cluster", "plan", "check"} <= names


@pytest.mark.parametrize("name", sorted(set(kshift.__all__) - {"__version__"}))
def test_everything_public_has_a_docstring(name: str) -> None:
    public = getattr(kshift, name)
    assert inspect.getdoc(public)
    for member, value in vars(public).items() if inspect.isclass(public) else ():
        if not member.startswith("_") and (callable(value) or isinstance(value, property)):
            assert inspect.getdoc(value), f"{name}.{member}"


def test_the_names_are_sorted_and_complete() -> None:
    assert kshift.__all__ == sorted(kshift.__all__)
    modules = (kshift, importlib.import_module("kshift._types"))
    visible = {
        name
        for module in modules
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("kshift")
    }
    assert visible == set(kshift.__all__) - {"__version__"}
    with pytest.raises(AttributeError):
        kshift.Nothing  # type: ignore[attr-defined]  # noqa: B018
