"""Fast steps: a rule is traced once and printed as in-place torch calls, as C, or as one function for torch.compile."""

from gdcore.kernels.trace import NotTraceable, Program, structure, trace

__all__ = ["NotTraceable", "Program", "structure", "trace"]
