"""How a kind of problem becomes numbers and back, one file a kind, where the kind is registered.

Nothing here loads torch before a problem is made: what a kind declares must be read quickly.
"""

# In the order in which lists of kinds name them.
from xadapt.problems import (  # noqa: F401, isort: skip
    text_classification,
    pair_classification,
    pair_regression,
    multiple_choice,
    span_qa,
    tagging,
    retrieval,
    mining,
    answer_retrieval,
    entity_retrieval,
)
from xadapt.problems.base import Defaults, Problem, bind, make_problem, problem_class, problem_revisions

__all__ = ["Defaults", "Problem", "bind", "make_problem", "problem_class", "problem_revisions"]
