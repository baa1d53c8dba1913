import subprocess
import sys

import pytest

from xadapt.errors import XadaptError
from xadapt.tasks import all_tasks, get_task
from xadapt.tasks.catalogue import INTERMEDIATE, TARGET


def test_names_are_unique():
    names = [task.name for task in (*INTERMEDIATE, *TARGET)]
    assert len(set(names)) == len(names)
    assert [task.name for task in all_tasks()] == names


def test_a_task_is_found_by_its_name():
    assert get_task("xnli").name == "xnli"


def test_a_misspelt_task_is_answered_with_the_nearest_one():
    with pytest.raises(XadaptError, match=r"unknown task 'xnil': did you mean 'xnli'\?"):
        get_task("xnil")


def test_importing_the_tasks_brings_no_model_library_along():
    heavy = "('torch', 'transformers', 'adapters', 'datasets', 'pyarrow', 'numpy')"
    code = f"import sys, xadapt.tasks; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
