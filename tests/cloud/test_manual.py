"""The manual as a terminal shows it: what stands there can be copied."""

import re
import subprocess

import pytest
from harness import BUILD, TOP

PAGES = sorted((TOP / "man").glob("*.[1-8]"))


def shown(page):
    """mdoc takes signs such as ? for punctuation, and drops blanks before them."""
    text = subprocess.run(["mandoc", "-Tutf8", "-O", "width=160", page], capture_output=True, text=True, check=True)
    return re.sub(".\b", "", text.stdout)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_expressions_of_the_manual_are_expressions(page):
    for expression in re.findall(r"cron\([^()]*\*[^()]*\)", shown(page)):
        subprocess.run([BUILD / "amictl", "calendar", "-n", "1", expression], check=True, capture_output=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_words_of_the_manual_are_quoted_one_by_one(page):
    assert not re.search("‘[^’]*‘", shown(page))
