"""Every optimizer once, as plain mathematics: see `Rule`."""

from gdcore.rules.adam import AdaBelief, Adam, AdaMax, AdamW, AMSGrad, NAdam, RAdam, Yogi
from gdcore.rules.adaptive import Adadelta, AdaGrad, RMSProp
from gdcore.rules.averaging import EMA, SAM, Lookahead, ScheduleFreeAdamW, ScheduleFreeSGD
from gdcore.rules.base import Rule, Wrapper
from gdcore.rules.cautious import Cautious
from gdcore.rules.composition import L2, Ascent, DecoupledDecay
from gdcore.rules.curved import Sophia
from gdcore.rules.descendants import ADOPT, Adan, AdEMAMix
from gdcore.rules.distance import Prodigy
from gdcore.rules.first_order import ASGD, GD, HeavyBall, Nesterov
from gdcore.rules.layerwise import LAMB, LARS
from gdcore.rules.matrix import SOAP, Adafactor, Muon, Shampoo, newton_schulz
from gdcore.rules.quantized import Quantized
from gdcore.rules.sign_based import Lion, Rprop, SignSGD

# in the order of the book: each is the answer to a fault of one before it
RULES = (GD, HeavyBall, Nesterov, ASGD, AdaGrad, RMSProp, Adadelta, Adam, AdamW, AdaMax, AMSGrad, NAdam, RAdam, AdaBelief,
         Yogi, Adan, ADOPT, AdEMAMix, Prodigy, Adafactor, SignSGD, Lion, Rprop, LARS, LAMB, Muon, Shampoo, ScheduleFreeSGD,
         ScheduleFreeAdamW)
WRAPPERS = (Lookahead, EMA, SAM, Cautious)
COMPOSITIONS = (L2, DecoupledDecay, Ascent)
TOLD = (Sophia,)  # with a card, but in no page's script, where nobody tells it the curvature
UNDRAWN = (SOAP, Quantized)  # without a card: neither SymPy nor a page's script has an eigenbasis, or bytes

__all__ = [
    "COMPOSITIONS",
    "RULES",
    "TOLD",
    "UNDRAWN",
    "WRAPPERS",
    "Ascent",
    "DecoupledDecay",
    "L2",
    "Rule",
    "Wrapper",
    "newton_schulz",
    *sorted(rule.__name__ for rule in RULES + WRAPPERS + TOLD + UNDRAWN),
]
