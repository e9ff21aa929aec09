"""Nothing is written where it does not belong, and what `optimizer.state` says is what is used: memory edited, grown, mixed up, wrapped."""

import copy
import inspect

import pytest
import torch

import gdcore.optim as G
from gdcore.schedules import attach, linear_warmup

PATHS = [{}, {"compile": True}, {"fused": True}]
FILLED = [G.SGD, G.Adam, G.AdamW, G.RMSprop, G.Adagrad, G.Lion]  # one of each kind of memory: none to three arrays


def made(cls, params, **options):
    if options.get("fused") and "fused" not in inspect.signature(cls).parameters:  # torch's class has no such path either
        options = {"compile": True}
    return cls(params, lr=0.1, **options)


def gradients(params, value=1.0):
    for p in params:
        p.grad = torch.full_like(p, value)


def stepped(cls, *shapes, **options):
    params = [torch.nn.Parameter(torch.ones(s)) for s in shapes]
    optimizer = made(cls, params, **options)
    gradients(params)
    optimizer.step()
    return params, optimizer


@pytest.mark.parametrize("path", PATHS, ids=str)
@pytest.mark.parametrize("cls", FILLED)
def test_a_model_that_became_double_goes_on_as_one_that_was(cls, path):
    model = torch.nn.Linear(3, 2)
    optimizer = made(cls, model.parameters(), **path)
    twin = torch.nn.Linear(3, 2).double()
    twin.load_state_dict(model.state_dict())
    other = made(cls, twin.parameters(), **path)
    for step in range(3):
        if step == 1:
            model.double()
        gradients(model.parameters())
        gradients(twin.parameters())
        optimizer.step()
        other.step()
    # the first step was in single precision: a few roundings of 6e-8
    assert all(torch.allclose(p.double(), q, rtol=1e-5) for p, q in zip(model.parameters(), twin.parameters()))


@pytest.mark.parametrize("path", PATHS, ids=str)
@pytest.mark.parametrize("cls", [c for c in FILLED if c is not G.SGD])
def test_an_embedding_that_grew_is_refused_by_name_and_shape(cls, path):
    (p,), optimizer = stepped(cls, (2, 3), **path)
    p.data = torch.zeros(40000, 3)
    p.grad = None
    gradients([p])
    with pytest.raises(RuntimeError, match=r"has the shape \(2, 3\), and a parameter of shape \(40000, 3\) needs \(40000, 3\)"):
        optimizer.step()
    assert not p.any()


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_a_checkpoint_in_another_order_is_refused(path):
    (a, b), first = stepped(G.Adam, (3,), (9,), **path)
    second = made(G.Adam, [b, a], **path)
    second.load_state_dict(first.state_dict())
    with pytest.raises(RuntimeError, match=r"'exp_avg' of parameter 0 of its group has the shape \(3,\), and a parameter of shape \(9,\)"):
        second.step()


def memory_changed_in_its_place(path):
    (p,), optimizer = stepped(G.Adam, (70000,), **path)
    with torch.no_grad():
        optimizer.state[p]["exp_avg"].set_(torch.zeros(5))
    gradients([p])
    return optimizer


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_memory_that_was_cut_in_its_place_never_reaches_c(path):
    with pytest.raises(RuntimeError, match=r"'exp_avg' of parameter 0 of its group has the shape \(5,\), .* of shape \(70000,\)"):
        memory_changed_in_its_place(path).step()


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_lazy_negatives_and_conjugates_are_read_as_they_are(path):
    p = torch.nn.Parameter(torch.tensor(1.0))
    optimizer = made(G.SGD, [p], **path)
    loss = lambda: (torch.complex(torch.tensor(1.0), p).conj() * 2j).real  # 2p, with a gradient that carries the negative bit
    for _ in range(3):
        optimizer.zero_grad()
        loss().backward()
        assert p.grad.is_neg()
        optimizer.step()
    assert p.item() == pytest.approx(0.4)
    z = torch.nn.Parameter(torch.tensor([1 + 1j]))
    optimizer = made(G.SGD, [z], **path)
    z.grad = torch.tensor([1 + 2j]).conj()
    optimizer.step()
    assert torch.allclose(z.detach(), torch.tensor([0.9 + 1.2j]))


# -- what people do with the state -------------------------------------------------------------------------------------------------


def restart(optimizer, params):
    for s in optimizer.state.values():
        s["momentum_buffer"] = torch.zeros_like(s["momentum_buffer"])


def restart_one(optimizer, params):
    optimizer.state[params[1]]["momentum_buffer"] = torch.zeros(4)


def forget_one(optimizer, params):
    del optimizer.state[params[1]]


def shift_in_place(optimizer, params):
    optimizer.state[params[0]]["momentum_buffer"].add_(1.0)


def other_memory(optimizer, params):
    optimizer.state[params[0]]["momentum_buffer"].data = torch.full((3,), 5.0)


def none_again(optimizer, params):
    optimizer.state[params[0]]["momentum_buffer"] = None


def put_aside(optimizer, params):
    state = optimizer.state[params[1]]  # the last entry of the state under another name, in its very place
    state["before"] = state.pop("momentum_buffer")


def add_of_ones_own(optimizer, params):
    optimizer.state[params[0]]["mine"] = 1


@pytest.mark.parametrize("path", PATHS[:2], ids=str)
@pytest.mark.parametrize("edit", [restart, restart_one, forget_one, shift_in_place, other_memory, none_again, put_aside, add_of_ones_own])
def test_what_is_put_into_the_state_is_used_and_saved(edit, path):
    ends = []
    for cls, options in ((torch.optim.SGD, {}), (G.SGD, path)):
        params = [torch.nn.Parameter(torch.ones(s)) for s in ((3,), (4,))]
        optimizer = cls(params, lr=0.1, momentum=0.9, **options)
        for step in range(4):
            gradients(params, 1.0 + step)
            optimizer.step()
            if step == 1:
                edit(optimizer, params)
        saved = optimizer.state_dict()["state"]
        ends.append([*params, *(saved[i]["momentum_buffer"] for i in (0, 1))])
    assert all(torch.allclose(theirs, ours, rtol=1e-6) for theirs, ours in zip(*ends))


@pytest.mark.parametrize("path", PATHS[:2], ids=str)
@pytest.mark.parametrize("rows", [3, 30_000, 300_000])  # packed, in one walk, in chunks
def test_memory_in_another_layout_is_read_as_it_is(rows, path):
    """As it comes from the checkpoint of a model whose numbers lay in another order."""
    ends = []
    for cls, options in ((torch.optim.Adam, {}), (G.Adam, path)):
        torch.manual_seed(0)
        p = torch.nn.Parameter(torch.randn(rows, 2))
        optimizer = cls([p], lr=0.1, **options)
        for step in range(3):
            p.grad = torch.randn(2, rows).T
            optimizer.step()
            if step == 0:
                optimizer.state[p]["exp_avg"] = optimizer.state[p]["exp_avg"].T.contiguous().T
        ends.append(p.detach())
    assert torch.allclose(*ends, rtol=1e-5, atol=1e-6)


def test_a_step_that_is_set_counts():
    ends = []
    for cls in (torch.optim.Adam, G.Adam):
        p = torch.nn.Parameter(torch.ones(1))
        optimizer = cls([p], lr=0.1)
        gradients([p])
        optimizer.step()
        optimizer.state[p]["step"] = torch.tensor(99.0)
        optimizer.step()
        ends.append(p.item())
    assert ends[0] == pytest.approx(ends[1], rel=1e-6)


def test_betas_that_change_in_place_are_seen():
    ends = []
    for cls in (torch.optim.Adam, G.Adam):
        p = torch.nn.Parameter(torch.ones(1))
        optimizer = cls([p], lr=0.1)
        optimizer.param_groups[0]["betas"] = [0.9, 0.999]
        for step in range(3):
            p.grad = torch.tensor([1.0 - step])
            optimizer.step()
            optimizer.param_groups[0]["betas"][0] = 0.5
        ends.append(p.item())
    assert ends[0] == pytest.approx(ends[1], rel=1e-6)


@pytest.mark.parametrize("path", PATHS[:2], ids=str)
@pytest.mark.filterwarnings("ignore:.*duplicate parameters")
def test_a_parameter_listed_twice_takes_two_steps(path):
    ends = []
    for cls, options in ((torch.optim.Adam, {}), (G.Adam, path)):
        p = torch.nn.Parameter(torch.zeros(3))
        optimizer = cls([p, p], lr=0.1, **options)
        for g in (1.0, -0.5):
            gradients([p], g)
            optimizer.step()
        ends.append(p.detach().clone())
    assert torch.allclose(*ends, rtol=1e-6)


# -- tensors without memory of their own ------------------------------------------------------------------------------------------


class Wrapped(torch.Tensor):
    """A subclass as people write them: torch's functions work on it."""


@pytest.mark.parametrize("path", PATHS, ids=str)
@pytest.mark.parametrize("cls", FILLED)
def test_subclasses_and_fakes_are_stepped_by_torchs_own_calls(cls, path):
    p = torch.ones(3).as_subclass(Wrapped).requires_grad_()
    plain = torch.nn.Parameter(torch.ones(3))
    ours, theirs = made(cls, [p], **path), made(cls, [plain])
    for _ in range(2):
        p.grad, plain.grad = torch.ones(3).as_subclass(Wrapped), torch.ones(3)
        ours.step()
        theirs.step()
    assert torch.allclose(p.detach().as_subclass(torch.Tensor), plain.detach())
    with torch._subclasses.fake_tensor.FakeTensorMode():
        w = torch.nn.Parameter(torch.ones(3))
        w.grad = torch.ones(3)
        made(cls, [w], **path).step()


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    """A process group of this process alone."""
    import torch.distributed as dist

    store = dist.FileStore(str(tmp_path_factory.mktemp("dist") / "store"), 1)
    dist.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield dist.device_mesh.init_device_mesh("cpu", (1,))
    dist.destroy_process_group()


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS[:2], ids=str)
def test_parameters_of_fsdp_train_as_plain_ones(mesh, path):
    from torch.distributed.fsdp import fully_shard

    for cls in (G.SGD, G.Adam, G.AdamW, G.RMSprop, G.Adagrad, G.NAdam, G.Rprop, G.Adafactor, G.ASGD, G.Adadelta, G.Adamax, G.RAdam):
        torch.manual_seed(0)
        plain = torch.nn.Linear(4, 3)
        sharded = fully_shard(copy.deepcopy(plain), mesh=mesh)
        options = {"momentum": 0.9} if cls is G.SGD else {}
        ours, theirs = made(cls, sharded.parameters(), **options, **path), made(cls, plain.parameters(), **options)
        x = torch.randn(8, 4)
        for _ in range(3):
            for net, optimizer in ((sharded, ours), (plain, theirs)):
                optimizer.zero_grad()
                net(x).square().mean().backward()
                optimizer.step()
        # another order of the same operations in single precision, and RMSprop divides by small roots
        assert all(torch.allclose(p.full_tensor(), q, rtol=1e-4, atol=1e-5) for p, q in zip(sharded.parameters(), plain.parameters())), cls


# -- a rate that ends at zero -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", range(3, 60, 4))
def test_a_line_to_zero_ends_the_rate_and_not_the_training(length):
    for make in (lambda o, n: torch.optim.lr_scheduler.LinearLR(o, 0.1, 0.0, n), lambda o, n: attach(o, linear_warmup(n, 0.1, 0.0))):
        p = torch.nn.Parameter(torch.zeros(1))
        optimizer = made(G.SGD, [p])
        scheduler = make(optimizer, length)
        for _ in range(length + 3):
            gradients([p])
            optimizer.step()
            scheduler.step()
        assert abs(optimizer.param_groups[0]["lr"]) < 1e-15
    assert linear_warmup(length, 0.1, 0.0)(length) == 0.0


def test_a_rate_that_is_truly_negative_is_refused():
    p = torch.nn.Parameter(torch.zeros(1))
    optimizer = made(G.SGD, [p])
    gradients([p])
    optimizer.param_groups[0]["lr"] = -1e-6
    with pytest.raises(ValueError, match="lr = -1e-06"):
        optimizer.step()
