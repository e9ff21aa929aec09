"""Who is timed: for each method ours, eager and compiled, and what torch or another library has."""

import functools
import importlib

import torch

from gdcore import optim

__all__ = ["CONTESTANTS", "OURS", "PEERS"]

OURS = ("gdcore eager", "gdcore compiled")


def _peer(name, **options):
    """An optimizer of pytorch_optimizer, where torch has none."""
    return lambda params: getattr(importlib.import_module("pytorch_optimizer"), name)(params, **options)


def _method(ours, theirs=None, fused=False, peer=None, foreach=True, **options):
    found = {OURS[0]: functools.partial(ours, **options), OURS[1]: functools.partial(ours, compile=True, **options)}
    if theirs is not None:
        if foreach:
            found["torch loop"] = functools.partial(theirs, foreach=False, **options)
            found["torch foreach"] = functools.partial(theirs, foreach=True, **options)
        else:
            found["torch loop"] = functools.partial(theirs, **options)
    if fused:
        found["torch fused"] = functools.partial(theirs, fused=True, **options)
    if peer is not None:
        found["pytorch_optimizer"] = peer
    return found


T = torch.optim
CONTESTANTS = {
    "Adam": _method(optim.Adam, T.Adam, fused=True, lr=1e-5),
    "AdamW": _method(optim.AdamW, T.AdamW, fused=True, lr=1e-5),
    "SGD, momentum": _method(optim.SGD, T.SGD, fused=True, lr=1e-5, momentum=0.9),
    "RMSprop": _method(optim.RMSprop, T.RMSprop, lr=1e-5),
    "NAdam": _method(optim.NAdam, T.NAdam, lr=1e-5),
    "Lion": _method(optim.Lion, peer=_peer("Lion", lr=1e-5, weight_decay=0.0), lr=1e-5),
    "LAMB": _method(optim.LAMB, peer=_peer("Lamb", lr=1e-5), lr=1e-5),
    "Muon": _method(optim.Muon, T.Muon, foreach=False, lr=1e-5),
    # torch multiplies bfloat16, however slow the machine is at that
    "Muon, full": _method(functools.partial(optim.Muon, ns_precision="full"), T.Muon, foreach=False, lr=1e-5),
}
PEERS = ("torch loop", "torch foreach", "torch fused", "pytorch_optimizer")
