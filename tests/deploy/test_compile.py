"""What `make compile` says and what it looks at. The build itself is part of `make prove`."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import compile as compiling
from deploy.compile import (
    FOLDER,
    ROOT,
    CannotCompile,
    NoCompiler,
    digest_of,
    environment,
    is_current,
    main,
    modules,
    put,
    require_tools,
)


def test_the_whole_engine_is_compiled() -> None:
    engine = sorted((ROOT / "services" / "router" / "engine").glob("*.py"))
    names = modules()

    assert len(names) == len(set(names)) == len(engine) - 1 + len(compiling.ALSO)
    assert "services/router/engine/decide.py" in names
    assert [name for name in names if not (ROOT / name).is_file()] == []


def test_nothing_compiled_is_in_the_source_tree() -> None:
    packages = [ROOT / package for package in compiling.PACKAGES]

    assert [file for package in packages for file in package.rglob("*.so")] == []


def _sources(folder: Path) -> Path:
    for name in ("patchbay", "services/router/engine", "shared/rules"):
        (folder / name).mkdir(parents=True)
    (folder / "services/router/engine/__init__.py").touch()
    (folder / "services/router/engine/decide.py").write_text("A = 1\n")
    for name in compiling.ALSO:
        (folder / name).touch()
    return folder


def test_every_change_asks_for_another_build(tmp_path: Path) -> None:
    root = _sources(tmp_path)
    digests = [digest_of(root)]
    (root / "services/router/engine/decide.py").write_text("A = 2\n")
    digests.append(digest_of(root))
    (root / "shared/words.json").write_text("{}")
    digests.append(digest_of(root))

    assert len(set(digests)) == 3


def test_what_python_leaves_behind_does_not(tmp_path: Path) -> None:
    root = _sources(tmp_path)
    before = digest_of(root)
    (root / "shared/__pycache__").mkdir()
    (root / "shared/__pycache__/estimate.cpython-311.pyc").touch()

    assert digest_of(root) == before


def test_a_build_is_current_until_its_sources_change(tmp_path: Path) -> None:
    root, folder = _sources(tmp_path / "root"), tmp_path / "compiled"
    folder.mkdir()
    assert not is_current(folder, root)
    (folder / "sources").write_text(digest_of(root))
    assert is_current(folder, root)
    (root / "services/router/engine/decide.py").unlink()
    assert not is_current(folder, root)


def test_what_is_current_is_not_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, folder = _sources(tmp_path / "root"), tmp_path / "compiled"
    folder.mkdir()
    (folder / "sources").write_text(digest_of(root))
    monkeypatch.setenv("CC", "no-such-compiler")

    assert compiling.build(root, folder) == folder


def test_without_a_compiler_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    monkeypatch.setattr(compiling, "is_current", lambda *_: False)

    assert main([]) == 1
    said = capsys.readouterr().err
    assert "no C compiler (no-such-compiler)" in said
    assert "apt-get install gcc libc6-dev" in said
    assert not list(tmp_path.iterdir())


def test_without_a_header_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This compiler knows no header at all."""
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))

    with pytest.raises(NoCompiler, match=r"Python\.h is missing.*apt-get install python3-dev"):
        require_tools()


def test_without_mypy_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_TOOLS", ("no-such-package",))

    with pytest.raises(NoCompiler, match="no-such-package missing"):
        require_tools()


def test_what_the_build_says_last_is_handed_on(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('engine.py:7: error: no')"]

    with pytest.raises(CannotCompile, match=r"engine\.py:7: error: no"):
        compiling._run(command, tmp_path)


def test_it_is_put_beside_its_own_sources_only(tmp_path: Path) -> None:
    folder, into = _sources(tmp_path / "compiled"), _sources(tmp_path / "site")
    library = "services/router/engine/decide.so"
    (folder / library).write_text("machine code")
    put(folder, into)
    assert (into / library).read_text() == "machine code"

    (into / "services/router/engine/decide.py").write_text("A = 2\n")
    with pytest.raises(CannotCompile, match=r"decide\.py is not what was compiled"):
        put(folder, into)


def test_a_process_takes_the_packages_from_the_copy(tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text("")
    command = [sys.executable, "-c", "import shared, tests; print(shared.__file__, tests.__file__)"]
    said = subprocess.check_output(command, env=environment(tmp_path), text=True)

    assert said.split() == [str(tmp_path / "shared.py"), str(ROOT / "tests" / "__init__.py")]


def test_every_module_is_imported_first(tmp_path: Path) -> None:
    """One that is still interpreted, or ends its process, is named."""
    for package in ("services/router/engine", "shared/events"):
        (tmp_path / package).mkdir(parents=True)
    for name in ("shared/rules", "shared/events/commands", "shared/events/routing"):
        (tmp_path / f"{name}.py").write_text("")
    (tmp_path / "engine.py").write_text("import os\nos.abort()\n")
    command = [sys.executable, "-c", compiling._IMPORTS, "engine.py"]

    with pytest.raises(CannotCompile, match=r"engine cannot be imported .* exit status -6"):
        compiling._run(command, tmp_path)


def _faults(text: str) -> list[str]:
    """Fields whose type the type checker alone knows. A dataclass made of machine code needs it at
    once, quoted or not: without it the process ends at the import."""
    tree = ast.parse(text)
    unknown = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    return [
        f"{made.name}.{ast.unparse(field.target)}"
        for made in tree.body
        if isinstance(made, ast.ClassDef)
        and any("dataclass" in ast.unparse(decorator) for decorator in made.decorator_list)
        for field in made.body
        if isinstance(field, ast.AnnAssign) and _class_of(field.annotation) in unknown
    ]


def _class_of(annotation: ast.expr) -> str:
    """The class that an annotation is, if it is one: `T`, `"T"`, `T[int]`."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return _class_of(ast.parse(annotation.value, mode="eval").body)
    if isinstance(annotation, ast.Subscript):
        return _class_of(annotation.value)
    return ast.unparse(annotation)


_MODULE = """
from typing import TYPE_CHECKING
from a import Known
if TYPE_CHECKING:
    from b import Unknown

@dataclass(slots=True)
class Made:
    field: {}
"""


@pytest.mark.parametrize("annotation", ["Unknown", '"Unknown"', "Unknown[int]", '"Unknown[int]"'])
def test_a_field_of_an_unknown_type_is_found(annotation: str) -> None:
    assert _faults(_MODULE.format(annotation)) == ["Made.field"]


@pytest.mark.parametrize("annotation", ["Known", '"Unknown | None"', "list[Unknown]", "int"])
def test_other_fields_are_right(annotation: str) -> None:
    """mypyc keeps no type for a union, and `list` is known."""
    assert _faults(_MODULE.format(annotation)) == []


def test_a_named_tuple_keeps_what_is_quoted() -> None:
    text = _MODULE.format('"Unknown"').replace("@dataclass(slots=True)\n", "")

    assert _faults(text.replace("Made:", "Made(NamedTuple):")) == []


def _compiled() -> Iterator[tuple[str, str]]:
    for name in modules():
        yield name, (ROOT / name).read_text()


def test_no_compiled_field_is_of_an_unknown_type() -> None:
    assert {name: faults for name, text in _compiled() if (faults := _faults(text))} == {}


def test_the_folder_is_where_nothing_is_committed() -> None:
    assert FOLDER.relative_to(ROOT).parts[0] == "var"
