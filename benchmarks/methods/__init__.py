"""What the suite compares: our ways, the direct student at its best, leaking choices, and peers."""

from benchmarks.methods.base import Facts, Method, Outcome, Task, TeacherLabels
from benchmarks.methods.leaking import LEAKING
from benchmarks.methods.opponents import OPPONENTS, TUNED
from benchmarks.methods.ours import HONEST, OURS
from benchmarks.methods.peers import FACTS, PEERS

__all__ = [
    "FACTS",
    "METHODS",
    "OPPONENTS",
    "PEERS",
    "ROWS_OF",
    "Facts",
    "Method",
    "Outcome",
    "Task",
    "TeacherLabels",
]

METHODS: dict[str, Method] = OURS | OPPONENTS | LEAKING | PEERS
ROWS_OF = {"honest": HONEST, "tuned": TUNED}  # one fit makes the rows of several
