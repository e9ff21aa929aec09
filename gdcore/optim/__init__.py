"""The rules as optimizers for PyTorch, with torch's names, arguments and defaults where torch has the method."""

from gdcore.optim.base import Optimizer, RuleOptimizer
from gdcore.optim.extra import EMA, LAMB, LARS, SAM, AdaBelief, Lion, Lookahead, ScheduleFreeAdamW, ScheduleFreeSGD, Shampoo, SignSGD, Yogi
from gdcore.optim.torch_like import ASGD, SGD, Adadelta, Adafactor, Adagrad, Adam, Adamax, AdamW, Muon, NAdam, RAdam, RMSprop, Rprop

__all__ = ["ASGD", "EMA", "LAMB", "LARS", "SAM", "SGD", "AdaBelief", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax",
           "Lion", "Lookahead", "Muon", "NAdam", "Optimizer", "RAdam", "RMSprop", "Rprop", "RuleOptimizer", "ScheduleFreeAdamW",
           "ScheduleFreeSGD", "Shampoo", "SignSGD", "Yogi"]
