"""One of several processes: it does the experiment that it is told, together with the others, and the first of them writes what came out.

On one machine: python -m torch.distributed.run --standalone --nproc-per-node 2 -m examples.distributed.worker parity out.json
"""

import json
import os
import pathlib
import statistics
import sys
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.algorithms.ddp_comm_hooks import default_hooks
from torch.distributed.algorithms.ddp_comm_hooks import powerSGD_hook as power
from torch.distributed.optim import ZeroRedundancyOptimizer
from torch.nn.parallel import DistributedDataParallel

import gdcore.optim as optim
from gdcore.rules import Adam, Lookahead

STEPS, ROWS = 20, 64
MADE = {  # an optimizer of parameters, at a rate that moves the network well in twenty steps
    "SGD": lambda p: optim.SGD(p, 0.1, momentum=0.9),
    "Adam": lambda p: optim.Adam(p, 1e-2),
    "AdamW": lambda p: optim.AdamW(p, 1e-2),
    "RMSprop": lambda p: optim.RMSprop(p, 1e-3),
    "Lion": lambda p: optim.Lion(p, 1e-3),
    "Lookahead": lambda p: optim.Optimizer(p, Lookahead(Adam(1e-2))),
    "LAMB": lambda p: optim.LAMB(p, 1e-2),
    "LARS": lambda p: optim.LARS(p, 1.0, trust=0.01),
    "Adafactor": lambda p: optim.Adafactor(p, 1e-2),
}
SHARED_OUT = MADE | {  # and the others whose torch counterpart trains on shards
    "Adagrad": lambda p: optim.Adagrad(p, 1e-2),
    "NAdam": lambda p: optim.NAdam(p, 1e-2),
    "RAdam": lambda p: optim.RAdam(p, 1e-2),
    "Rprop": lambda p: optim.Rprop(p, 1e-3),
    "ASGD": lambda p: optim.ASGD(p, 0.1),
    "Adadelta": lambda p: optim.Adadelta(p, 1.0),
    "Adamax": lambda p: optim.Adamax(p, 1e-2),
}


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(20, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1)).double()


def rows():
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(ROWS, 20, generator=draw, dtype=torch.float64)
    return x, torch.sin(x @ torch.randn(20, 1, generator=draw, dtype=torch.float64))


def own(tensor):
    """The rows of this process: equal shares, so that the mean of the means is the mean."""
    return tensor.chunk(dist.get_world_size())[dist.get_rank()]


def train(model, optimizer, x, y, steps=STEPS):
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def alone(make):
    """The weights after a training of one process on all rows."""
    model = network()
    train(model, make(model.parameters()), *rows())
    return [p.detach() for p in model.parameters()]


def apart(ours, theirs):
    return max((a.detach() - b).abs().max().item() for a, b in zip(ours, theirs, strict=True))


# -- experiments: each is done by all processes, and returns plain values ----------------------------------------------------------------


def parity():
    """How far the weights of data-parallel training are from those of one process with the whole batch."""
    found = {}
    for name, make in MADE.items():
        model = DistributedDataParallel(network())
        train(model, make(model.parameters()), *map(own, rows()))
        found[name] = apart(model.parameters(), alone(make))
    return found


def hooks():
    """The same with gradients that are sent shorter."""
    make, reference, found, kept = MADE["SGD"], alone(MADE["SGD"]), {}, []
    for name, state, hook in (("float16", None, default_hooks.fp16_compress_hook), ("PowerSGD 1", _rank(1), power.powerSGD_hook),
                              ("PowerSGD 4", _rank(4), power.powerSGD_hook)):  # fmt: skip
        model = DistributedDataParallel(network().float())
        model.register_comm_hook(state, hook)
        kept.append(model)  # freed by a thread of its hook it would end the process: see main
        train(model, make(model.parameters()), *(own(a).float() for a in rows()))
        found[name] = {"apart": apart(model.parameters(), reference)}
        if state:
            _, before, after = state.compression_stats()
            found[name] |= {"numbers": before, "sent": after}
    return found


def _rank(rank):
    return power.PowerSGDState(None, matrix_approximation_rank=rank, start_powerSGD_iter=2, min_compression_rate=1)


def ring():
    """An all-reduce by hand, neighbour to neighbour: how far from torch's, and the bytes that each process sent."""
    rank, world = dist.get_rank(), dist.get_world_size()
    a = torch.randn(1200, generator=torch.Generator().manual_seed(rank), dtype=torch.float64)
    pieces, sent = [piece.clone() for piece in a.chunk(world)], 0
    for turn in range(2 * (world - 1)):
        adding = turn < world - 1
        place = (rank - turn + (0 if adding else world)) % world
        parcel, arrived = pieces[place], torch.empty_like(pieces[(place - 1) % world])
        sending = dist.isend(parcel, (rank + 1) % world)
        dist.recv(arrived, (rank - 1) % world)
        sending.wait()
        sent += parcel.numel() * parcel.element_size()
        pieces[(place - 1) % world] = pieces[(place - 1) % world] + arrived if adding else arrived
    dist.all_reduce(a)
    return {"apart": apart([torch.cat(pieces)], [a]), "sent": _all(sent), "bytes": a.numel() * a.element_size()}


def zero():
    """Who keeps the optimizer's memory when it is shared out, and how far the weights are from those of one process."""
    model = DistributedDataParallel(network())
    optimizer = ZeroRedundancyOptimizer(model.parameters(), optimizer_class=optim.Adam, lr=1e-2)
    train(model, optimizer, *map(own, rows()))
    kept = sum(a.numel() for memory in optimizer.optim.state.values() for a in memory.values() if isinstance(a, torch.Tensor) and a.ndim)
    return {"apart": apart(model.parameters(), alone(MADE["Adam"])), "numbers": _all(kept),
            "parameters": sum(p.numel() for p in model.parameters())}  # fmt: skip


def shards():
    """Weights, gradients and memory shared out (FSDP2): how far the weights end from those of one process, and what each process keeps."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh, found = init_device_mesh("cpu", (dist.get_world_size(),)), {}
    for name, make in SHARED_OUT.items():
        model = network()
        for layer in model[::2]:
            fully_shard(layer, mesh=mesh)
        fully_shard(model, mesh=mesh)
        optimizer = make(model.parameters())
        train(model, optimizer, *map(own, rows()))
        kept = sum(p.to_local().numel() for p in model.parameters())
        found[name] = {"apart": apart([p.full_tensor() for p in model.parameters()], alone(make)), "weights": _all(kept)}
    return found


def crash():
    """A training with a checkpoint after each step. With --die the first attempt ends at step 7; torchrun begins anew, and it goes on."""
    place, attempt = pathlib.Path(sys.argv[2]).with_suffix(".pt"), int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))
    model = DistributedDataParallel(network())
    optimizer, losses = MADE["Adam"](model.parameters()), []
    if place.exists():
        stored = torch.load(place)
        model.module.load_state_dict(stored["model"])
        optimizer.load_state_dict(stored["optimizer"])
        losses = stored["losses"]
    begun = len(losses)
    while len(losses) < STEPS:
        if "--die" in sys.argv and len(losses) == 7 and attempt == 0 and dist.get_rank() == 1:
            os._exit(1)  # no farewell: as a machine that loses its current
        losses += train(model, optimizer, *map(own, rows()), steps=1)
        if dist.get_rank() == 0:
            now = {"model": model.module.state_dict(), "optimizer": optimizer.state_dict(), "losses": losses}
            torch.save(now, place.with_suffix(".new"))
            os.replace(place.with_suffix(".new"), place)  # whole or not at all
        dist.barrier()
    return {"losses": losses, "attempt": attempt, "begun": begun, "last": [p.double().sum().item() for p in model.parameters()]}


def straggler():
    """The median seconds of a step on each process, all well, and with one that stops for 20 ms in each step."""
    found = {}
    for name, rest in (("all well", 0.0), ("one slow", 0.02)):
        model, took = DistributedDataParallel(network()), []
        optimizer = MADE["SGD"](model.parameters())
        for _ in range(30):
            begin = time.perf_counter()
            time.sleep(rest if dist.get_rank() == 1 else 0.0)
            train(model, optimizer, *map(own, rows()), steps=1)
            took.append(time.perf_counter() - begin)
        found[name] = _all(statistics.median(took[5:]))
    return found


def times():
    """The median seconds of an all-reduce, by its bytes."""
    found = []
    for power_of_two in range(10, 26):
        a, took = torch.ones(2**power_of_two // 4), []
        for _ in range(25 if power_of_two < 22 else 9):
            dist.barrier()
            begin = time.perf_counter()
            dist.all_reduce(a)
            took.append(time.perf_counter() - begin)
        found.append([2**power_of_two, max(_all(statistics.median(took[2:])))])
    return {"workers": dist.get_world_size(), "rows": found}


def _all(value):
    """The value of each process."""
    values = [None] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return values


EXPERIMENTS = {f.__name__: f for f in (parity, hooks, ring, zero, shards, crash, straggler, times)}


def meet():
    """Find the others at torchrun's store. Each attempt in rooms of its own: the addresses of those that died are still written there."""
    store = dist.TCPStore(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), is_master=False)
    store = dist.PrefixStore(f"attempt {os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}", store)
    dist.init_process_group("gloo", store=store, rank=int(os.environ["RANK"]), world_size=int(os.environ["WORLD_SIZE"]))


def main():
    torch.set_num_threads(1)
    meet()
    found = {name: EXPERIMENTS[name]() for name in sys.argv[1].split(",")}  # of EXPERIMENTS
    if dist.get_rank() == 0:
        pathlib.Path(sys.argv[2]).write_text(json.dumps(found))
    dist.barrier()
    os._exit(0)  # at a usual end a hook's thread may be the last to hold its model, and C++ lets no thread wait for itself


if __name__ == "__main__":
    main()
