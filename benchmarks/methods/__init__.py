"""The methods that the suite compares: ours, the leaking ways of choosing, and the peers."""

from benchmarks.methods.base import Facts, Method, Outcome, Task, TeacherLabels
from benchmarks.methods.leaking import LEAKING
from benchmarks.methods.ours import OURS
from benchmarks.methods.peers import FACTS, PEERS

__all__ = ["FACTS", "METHODS", "PEERS", "Facts", "Method", "Outcome", "Task", "TeacherLabels"]

METHODS: dict[str, Method] = OURS | LEAKING | PEERS
