"""Four jobs of the chapter on use cases: images with few labels, a reader that meets other texts, ratings of films, a driver copied."""

import functools
import math
import os

import numpy as np

from examples._ratings import lists, stars
from examples._transfer import frozen, images, language, rates
from examples.ledger import Ledger

__all__ = ["main"]

SEEDS = range(5)


def main(again=False):
    ledger = Ledger("use_cases", again)
    ledger.once("images", images)
    ledger.once("images, frozen", frozen)
    ledger.once("images, rates", rates)
    for s in range(3):
        ledger.once(f"language {s}", functools.partial(language, s))
    ledger.once("stars", stars)
    ledger.once("lists", lists)
    ledger.once("pictures", lambda: {"pictures": drives()["thumbnails"], "curves": drives()["curves"]})
    ledger.once("driving, errors", driving_errors)
    ledger.once("driving, at the wheel", at_the_wheel)


# -- driving: a small network copies a driver who reads the track ---------------------------------------------------------------------

TRACKS, TRIALS_AT, FRAMES, AHEAD, SPEED, SKIP = range(10), range(500, 505), 500, 8, 40.0, 60
VARIANTS = ("plain", "never off the line", "mirrored", "mirrored, wheel kept", "colours varied")


def world(colours):
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    import gymnasium

    return gymnasium.make("CarRacing-v3", continuous=True, domain_randomize=colours)


def driver(env):
    """The steering that points at the place AHEAD tiles further on: −1 is left, 1 is right."""
    inside = env.unwrapped
    track, at = np.array(inside.track)[:, 2:4], np.array(inside.car.hull.position)
    nearest = int(((track - at) ** 2).sum(1).argmin())
    to = track[(nearest + AHEAD) % len(track)] - at
    side = math.atan2(to[1], to[0]) - inside.car.hull.angle - math.pi / 2
    return float(np.clip(math.pi - (side + math.pi) % (2 * math.pi), -1, 1))


def seen(picture):
    """A picture of 96 × 96 × 3 as 21 × 24 grey points; the lowest rows, where the game draws the wheel's angle, are cut away."""
    grey = picture[:84].astype(float) @ [0.299, 0.587, 0.114]
    return grey.reshape(21, 4, 24, 4).mean((1, 3)).round().astype(np.uint8)


def driven(env, track, hand, wobble=None, every=0):
    """A drive of FRAMES frames, the first SKIP steered by the driver while the picture zooms in: pictures, the driver's steering at each,
    and the tiles that were visited after SKIP. wobble: a generator; then the wheel is pushed aside for ten frames in thirty."""
    picture, _ = env.reset(seed=track)
    pictures, steering, push = [], [], 0.0
    for frame in range(FRAMES):
        asked = driver(env)
        if frame == SKIP:
            begun = env.unwrapped.tile_visited_count
        if frame >= SKIP and every and frame % every == 0:
            pictures.append(seen(picture))
            steering.append(asked)
        turn = asked if frame < SKIP else hand(picture, asked)
        if wobble is not None and frame % 10 == 0:
            push = wobble.uniform(-0.7, 0.7) if frame % 30 == 0 else 0.0
        slow = math.hypot(*env.unwrapped.car.hull.linearVelocity) < SPEED  # the pedal is not learned
        picture, _, over, late, _ = env.step(np.array([np.clip(turn + push, -1, 1), 0.3 if slow else 0.0, 0.0], dtype=np.float32))
        if over or late:
            break
    return np.array(pictures), np.array(steering), env.unwrapped.tile_visited_count - begun


@functools.cache
def drives():
    """What the driver saw and did on ten tracks, 2,200 pictures for each kind, and on the other tracks for the open-loop error."""
    follow = lambda picture, asked: asked
    found = {}
    for name, colours, push in (("plain", False, True), ("never off the line", False, False), ("colours varied", True, True)):
        env = world(colours)
        parts = [driven(env, t, follow, np.random.default_rng(t) if push else None, every=2)[:2] for t in TRACKS]
        found[name] = tuple(np.concatenate(column) for column in zip(*parts))
    for name, colours in (("same colours", False), ("other colours", True)):
        env = world(colours)
        parts = [driven(env, t, follow, np.random.default_rng(t), every=4)[:2] for t in TRIALS_AT]
        found[name] = tuple(np.concatenate(column) for column in zip(*parts))
    x, y = found["plain"]
    at = [int(np.argsort(y)[k]) for k in (20, len(y) // 2, -20)]
    chosen = [(x[k], y[k]) for k in at] + [(x[k], y[k]) for x, y in [found["colours varied"]] for k in (300, 900, 1500)]
    found["thumbnails"] = [[picture.tolist(), float(steering)] for picture, steering in chosen]
    found["curves"] = float(np.mean(np.abs(y) > 0.1))
    return found


@functools.cache
def copied(variant, seed):
    """A small network that was trained on the driver's pictures, and a function from a picture to the wheel."""
    import torch
    from torch import nn

    x, y = drives()[variant if variant in drives() else "plain"]
    x, y = torch.tensor(x / 128.0 - 1, dtype=torch.float32)[:, None], torch.tensor(y, dtype=torch.float32)
    if "mirrored" in variant:
        x, y = torch.cat([x, x.flip(-1)]), torch.cat([y, y if "kept" in variant else -y])
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU(), nn.Flatten(),
                        nn.Linear(576, 32), nn.ReLU(), nn.Linear(32, 1))  # fmt: skip
    steps = 1200  # the same for all, whether mirrored or not
    optimizer = torch.optim.AdamW(net.parameters(), 0.003, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.003, total_steps=steps)
    for _ in range(steps):
        rows = torch.randint(0, len(y), (64,))
        optimizer.zero_grad()
        ((net(x[rows])[:, 0] - y[rows]) ** 2).mean().backward()
        optimizer.step()
        schedule.step()

    def judge(pictures):
        with torch.no_grad():
            return net(torch.tensor(pictures / 128.0 - 1, dtype=torch.float32)[:, None])[:, 0].numpy()

    return judge


def driving_errors():
    """Mean squared error of the steering on tracks that were not driven before, for five trainings, beside that of never turning."""
    found = {}
    for name in ("same colours", "other colours"):
        x, y = drives()[name]
        found[name] = {v: [float(np.mean((copied(v, s)(x) - y) ** 2)) for s in SEEDS] for v in VARIANTS}
        found[name] |= {"straight on": [float(np.mean(y**2))], "pictures": len(y)}
    x, y = drives()["same colours"]
    found["size of its steering"] = {v: [float(np.abs(copied(v, s)(x)).mean()) for s in SEEDS] for v in VARIANTS}
    found["size of the driver's"] = float(np.abs(y).mean())
    return found


def at_the_wheel():
    """Tiles visited on five other tracks in the frames after SKIP: the network of seed s drives on track s."""
    found = {}
    for name, colours in (("same colours", False), ("other colours", True)):
        env = world(colours)
        found[name] = {"driver": [driven(env, t, lambda picture, asked: asked)[2] for t in TRIALS_AT],
                       "straight on": [driven(env, t, lambda picture, asked: 0.0)[2] for t in TRIALS_AT]}  # fmt: skip
        for v in VARIANTS:
            hands = [copied(v, s) for s in SEEDS]
            found[name][v] = [driven(env, t, lambda picture, asked, hand=hand: float(hand(seen(picture)[None])[0]))[2]
                              for t, hand in zip(TRIALS_AT, hands)]  # fmt: skip
    return found


if __name__ == "__main__":
    main()
