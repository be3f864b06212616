"""docs/text.md says what happens: its examples run, and answer what the page shows."""

import doctest
import os
import re
from pathlib import Path

PAGE = Path(os.environ.get("SLUICE_HOME", Path(__file__).resolve().parents[2])) / "docs/text.md"


def test_the_examples_of_the_page_answer_what_it_shows(tmp_path, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, PAGE.name, str(PAGE), 0)
    assert len(test.examples) > 25
    told = []
    result = doctest.DocTestRunner().run(test, out=told.append)
    assert result.failed == 0, "".join(told)
