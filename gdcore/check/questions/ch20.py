"""The questions of chapter 20 on gradients of rewards: rewards to go, a Gaussian's score, eight numbers, a broken loop (20.1 to 20.4)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 20.1 -----------------------------------------------------------------------------------------------------------------------


def stream_cases(rng):
    def case(name, lengths, gamma, open_end=False):
        n = sum(lengths)
        ended = np.zeros(n, dtype=int)
        ended[np.cumsum(lengths) - 1] = 1
        if open_end:
            ended[-1] = 0
        return Case(name, {"rewards": np.round(rng.normal(1, 1, n), 2), "ended": ended, "gamma": gamma})

    yield case("two episodes", [4, 3], 0.9)
    yield case("episodes of one step among longer ones", [1, 5, 1, 2], 0.5)
    yield case("no discount", [3, 4], 1.0)
    yield case("the last episode is still going on", [2, 5], 0.8, open_end=True)
    yield case("many short ones", [2, 2, 3, 2, 2], 0.95)


def back(rewards, ended, gamma, leak=False, early=False, own=True, late=False, whole=False, mean=False):
    found, after, n = np.zeros(len(rewards)), 0.0, len(rewards)
    for t in range(n - 1, -1, -1):
        stop = ended[t] if not early else (t + 1 < n and ended[t + 1])
        after = 0.0 if stop and not leak else after
        found[t] = (rewards[t] if own else 0.0) + gamma * after
        after = found[t] if own else rewards[t] + gamma * after
        if late:
            found[t] = gamma * found[t]
    if whole or mean:
        begin = 0
        for t in range(n):
            if ended[t] or t == n - 1:
                found[begin : t + 1] = found[begin] if whole else found[begin : t + 1] - found[begin : t + 1].mean()
                begin = t + 1
    return found


def forward(rewards, ended, gamma):
    found, so_far = np.zeros(len(rewards)), 0.0
    for t in range(len(rewards)):
        so_far = rewards[t] + gamma * so_far
        found[t] = so_far
        so_far = 0.0 if ended[t] else so_far
    return found


def from_start(rewards, ended, gamma):
    """γᵗ counted from the beginning of the episode, not from the step."""
    weight, age = np.zeros(len(rewards)), 0
    for t in range(len(rewards)):
        weight[t], age = gamma**age, 0 if ended[t] else age + 1
    return back(np.array(rewards) * weight, ended, 1.0)


def lost(rewards, ended, gamma):
    """At an end all is forgotten, also what the step has just earned."""
    found, after = np.zeros(len(rewards)), 0.0
    for t in range(len(rewards) - 1, -1, -1):
        found[t] = after = (rewards[t] + gamma * after) * (1 - ended[t])
    return found


def cut_before(rewards, ended, gamma):
    """What follows is forgotten at the first step of an episode, not at its last."""
    return back(rewards, np.append(0, np.array(ended)[:-1]), gamma)


def from_zero(rewards, ended, gamma):
    """γᵗ counted from the beginning of the array, and no ends."""
    return np.cumsum((np.array(rewards) * gamma ** np.arange(len(rewards)))[::-1])[::-1]


def unfinished(rewards, ended, gamma):
    found, ends = back(rewards, ended, gamma), np.flatnonzero(ended)
    found[ends[-1] + 1 if len(ends) else 0 :] = 0.0
    return found


def by(**faults):
    return lambda rewards, ended, gamma: back(rewards, ended, gamma, **faults)


to_go = Question(
    "20.1", "Rewards to go in a stream", "function", points=3, difficulty=1, minutes=10, name="to_go",
    objectives=("weigh an act with what comes after it", "keep episodes apart"),
    draw=stream_cases, oracle=by(),
    mistakes=(
        Mistake("You add up the rewards so far. An act is not to blame for the past.", "Go backwards.", forward),
        Mistake("You add up the rewards so far, across the ends, and without the discount.", "Go backwards, one episode at a time.",
                lambda rewards, ended, gamma: np.cumsum(rewards)),
        Mistake("You add up all rewards from the step to the end of the array: across the ends, and without the discount.",
                "Where an episode ends, nothing follows.", lambda rewards, ended, gamma: np.cumsum(np.array(rewards)[::-1])[::-1]),
        Mistake("The next episode leaks into the one before.", "Where an episode ends, nothing follows.", by(leak=True)),
        Mistake("You cut one step too early: the last reward of an episode is lost for the steps before.",
                "At an end the step keeps its own reward, and what is still to come is set to 0 before it.", by(early=True)),
        Mistake("You count the discount from the episode's beginning, not from the step.", "The next reward counts γ, from wherever.",
                from_start),
        Mistake("You count the discount from the beginning of the array, and add across the ends.", "G = r + γ G of the next step.",
                from_zero),
        Mistake("At an end all is forgotten, also the reward of the last step itself.", "First forget, then add the step's reward.", lost),
        Mistake("You cut at the first step of an episode, not at its last.", "`ended[t]` says that nothing follows step t.", cut_before),
        Mistake("The episode that is still going on is left at 0. Its rewards so far count.", "Only what follows the array is unknown.",
                unfinished),
        Mistake("The answers come in the wrong order: they are still turned round.", "Turn them back.",
                lambda rewards, ended, gamma: back(rewards, ended, gamma)[::-1]),
        Mistake("The discount is missing.", "G = r + γ G of the next step.", lambda rewards, ended, gamma: back(rewards, ended, 1.0)),
        Mistake("A step's own reward is left out.", "G = r + γ G of the next step.", by(own=False)),
        Mistake("A step's own reward is discounted, too.", "The reward of the step itself counts whole.", by(late=True)),
        Mistake("You give all steps of an episode its whole return.", "What comes from the step on.", by(whole=True)),
        Mistake("You subtracted the mean of the episode. Nobody asked for a baseline.", "Only the rewards to go.", by(mean=True)),
        Mistake("You return the rewards.", "And what is still to come.", lambda rewards, ended, gamma: np.array(rewards)),
        Mistake("You add the reward of the next step only.", "All later ones of the episode, each with one more γ.",
                lambda rewards, ended, gamma: np.array(rewards) + gamma * np.append(np.array(rewards)[1:] * (1 - np.array(ended)[:-1]), 0)),
    ),
    success="One pass backwards; an end sets what follows to 0 before the step adds its own reward.",
    onwards="the last episode was still going on. What should stand in place of the 0 there, if you had a critic?")

# -- 20.2 -----------------------------------------------------------------------------------------------------------------------


def gaussian_cases(rng):
    for name, d, log_sd, far in (("a wide one", 2, 0.7, 1.0), ("a narrow one", 3, -1.0, 0.4), ("the act is the mean", 2, 0.4, 0.0),
                                 ("a far act", 4, -0.3, 3.0), ("one state only", 1, 0.9, -1.5)):
        w, x = np.round(rng.normal(size=d), 2), np.round(rng.normal(size=d), 2)
        a = float(w @ x + far * np.exp(log_sd) * rng.uniform(0.8, 1.2))
        yield Case(name, {"w": w, "log_sd": log_sd + float(np.round(rng.uniform(-0.1, 0.1), 2)), "x": x, "a": a})


def gaussian(w, log_sd, x, a, power=2, one=1.0, sign=1.0, chance=False, sd_power=2, by_sd=False, half=1.0, inputs=True, root=False):
    w, x = np.array(w, dtype=float), np.array(x, dtype=float)
    sd, off = np.exp(log_sd), a - w @ x
    slope = off / sd**power * (x if inputs else w)
    own = half * (off**2 / sd**sd_power) - one
    own = own / sd if by_sd else own
    found = sign * np.append(slope, own)
    if chance:
        found = found * np.exp(-(off**2) / (2 * sd**2)) / (sd * np.sqrt(2 * np.pi))
    return found


def score_by(**faults):
    return lambda w, log_sd, x, a: gaussian(w, log_sd, x, a, **faults)


def read_as_sd(w, log_sd, x, a, by_sd=False):
    w, x, sd = np.array(w), np.array(x), log_sd
    own = (a - w @ x) ** 2 / sd**2 - 1
    return np.append((a - w @ x) / sd**2 * x, own / sd if by_sd else own)


def signs(mean, own):
    """The signs of the part of w and of the last entry."""
    return lambda w, log_sd, x, a: gaussian(w, log_sd, x, a) * np.append(mean * np.ones(len(w)), own)


def other_last(last):
    """The last entry from z and σ."""
    def found(w, log_sd, x, a):
        sd = np.exp(log_sd)
        return np.append(gaussian(w, log_sd, x, a)[:-1], last((a - np.dot(w, x)) / sd, sd))

    return found


def read_as_log_variance(w, log_sd, x, a):
    z = (a - np.dot(w, x)) / np.exp(log_sd / 2)
    return np.append(z / np.exp(log_sd / 2) * np.array(x), (z**2 - 1) / 2)


score = Question(
    "20.2", "The score of a steering wheel", "function", points=3, difficulty=2, minutes=12, name="score",
    objectives=("derive the score of a policy with continuous acts", "keep a deviation positive by its logarithm"),
    draw=gaussian_cases, oracle=score_by(),
    mistakes=(
        Mistake("The mean's part is not divided by the variance.", "(a − m)/σ² times the slope of m.", score_by(power=0)),
        Mistake("The mean's part is divided by the deviation, not by its square.", "(a − m)/σ².", score_by(power=1)),
        Mistake("The last entry lacks −1: the logarithm of 1/σ has a slope, too.", "log π has the term −log σ.", score_by(one=0.0)),
        Mistake("The signs are turned round: this is the slope of −log π.", "a above m: a larger m makes a likelier.", score_by(sign=-1.0)),
        Mistake("This is the slope of the density, not of its logarithm.", "Divide by the density: ∇ log π = ∇π/π.", score_by(chance=True)),
        Mistake("The last entry is the slope by σ. The parameter is its logarithm.", "dσ/d log σ = σ.", score_by(by_sd=True)),
        Mistake("The last entry has (a − m)²/σ, not over σ².", "Set z = (a − m)/σ.", score_by(sd_power=1)),
        Mistake("The last entry has half of z²: the slope of σ⁻² by log σ brings a factor of −2.", "z² − 1.", score_by(half=0.5)),
        Mistake("You multiplied with the weights in place of the state.", "The slope of w·x by w is x.", score_by(inputs=False)),
        Mistake("You took `log_sd` for the deviation itself.", "np.exp(log_sd).", read_as_sd),
        Mistake("You took `log_sd` for the deviation itself, and the last entry is the slope by it.", "σ = np.exp(log_sd).",
                lambda w, log_sd, x, a: read_as_sd(w, log_sd, x, a, by_sd=True)),
        Mistake("You took `log_sd` for the logarithm of the variance.", "σ = e^log_sd, and σ² = e^(2 log_sd).", read_as_log_variance),
        Mistake("The part of w has the wrong sign: the slope of −(a − m)² by m is 2(a − m).", "a above m: a larger m makes a likelier.",
                signs(-1, 1)),
        Mistake("The last entry has the wrong sign: a far act is likelier under a larger deviation.", "z² − 1.", signs(1, -1)),
        Mistake("In the last entry z² has the wrong sign: the slope of −σ⁻²/2 by log σ is σ⁻².", "z² − 1.",
                other_last(lambda z, sd: -(z**2) - 1)),
        Mistake("In the last entry you took 1/σ, the slope of log σ by σ. By log σ it is 1.", "z² − 1.",
                other_last(lambda z, sd: z**2 - 1 / sd)),
        Mistake("In the part of w the state is missing: this is the slope by the mean.", "The slope of w·x by w is x.",
                lambda w, log_sd, x, a: np.append(gaussian(w, log_sd, np.ones(len(w)), a + np.sum(w) - np.dot(w, x))[:-1],
                                                  gaussian(w, log_sd, x, a)[-1])),
        Mistake("The slope by the logarithm of the deviation is missing.", "One entry more than w has.",
                lambda w, log_sd, x, a: gaussian(w, log_sd, x, a)[:-1]),
        Mistake("The entry for the deviation stands first.", "The slopes by w, then the one by log σ.",
                lambda w, log_sd, x, a: np.roll(gaussian(w, log_sd, x, a), 1)),
        Mistake("You give log π itself.", "Its slopes.", lambda w, log_sd, x, a: float(
            -((a - np.dot(w, x)) ** 2) / (2 * np.exp(2 * log_sd)) - log_sd - np.log(2 * np.pi) / 2)),
    ),
    success="With z = (a − m)/σ the score is z x/σ and z² − 1. Both have the mean 0, so a baseline is allowed.",
    onwards="which reward makes the deviation shrink, and what happens to the noise of the first part when it does?")

# -- 20.3 -----------------------------------------------------------------------------------------------------------------------

X = float(np.log(99))
eight = Question(
    "20.3", "Eight numbers of two arms and more", "predict", points=4, difficulty=2, minutes=15, name="predicted",
    objectives=("compute an exact policy gradient by hand", "predict plateaus, noise and clips"),
    draw=items("slope", "after", "one", "baseline", "leave", "episodes", "clip", "value"), rtol=2.5e-2,
    oracle={"slope": 0.75, "after": 1 / (1 + 3 * np.exp(-1.5)), "one": 2.25, "baseline": 7.0,
            "leave": (2 * X + 99 - 1 / 99) / 2, "episodes": 31.5, "clip": -3.0, "value": 10.0},
    mistakes=(
        Mistake("For `slope` you took the reward without the mean.", "π (r − J).", {"slope": 2.0}),
        Mistake("For `slope` the chance is missing.", "π (r − J).", {"slope": 3.0}),
        Mistake("For `slope` you took the difference to the other arm.", "The mean J is 5.", {"slope": 1.0}),
        Mistake("For `slope` you took 6, the mean of both rewards without their chances.", "J = Σ π r.", {"slope": 0.5}),
        Mistake("For `slope` this is π(1 − π), the slope of the chance. What are the rewards?", "π (r − J).", {"slope": 0.1875}),
        Mistake("For `slope` either you took the slope of θ₁ − θ₂ as it changes, twice this one, or 8 times the slope of the chance.",
                "By θ₁ alone, with both rewards.", {"slope": 1.5}),
        Mistake("For `slope` the sign is wrong.", "The first arm pays more than the mean.", {"slope": -0.75}),
        Mistake("For `after` you moved only the first score. The other one falls.", "The difference of both changes by 2 · 0.75.",
                {"after": 1 / (1 + 3 * np.exp(-0.75))}),
        Mistake("For `after` you added the slope to the chance.", "It is added to the score.", {"after": 1.0}),
        Mistake("For `after` this is the chance before, or that of the other arm.", "One step.", {"after": 0.25}),
        Mistake("For `after` you give the chance of the second arm.", "The first.", {"after": 1 - 1 / (1 + 3 * np.exp(-1.5))}),
        Mistake("For `after` you took scores of 0.25 and 0.75. Scores are logarithms of chances.", "Odds of 1 to 3, times e^1.5.",
                {"after": 1 / (1 + np.exp(-1.0))}),
        Mistake("For `one` you forgot the baseline.", "(1 − π)(r − b).", {"one": 6.0}),
        Mistake("For `one` the score is 1. It is 1 − π.", "e − π.", {"one": 3.0}),
        Mistake("For `one` this is the exact slope, the mean of all pulls.", "(1 − π)(r − b) for the pull of the first arm.",
                {"one": 0.75}),
        Mistake("For `one` you multiplied with the chance, too. The pull has happened.", "(1 − π)(r − b).", {"one": 0.5625}),
        Mistake("For `one` you took the score of the arm that was not pulled.", "e − π, and the first arm is pulled.", {"one": -0.75}),
        Mistake("For `one` you gave the second entry.", "The first.", {"one": -2.25}),
        Mistake("For `baseline` you took the mean reward.", "Weigh with |score|², too.", {"baseline": 5.0}),
        Mistake("For `baseline` either the chances are missing, or you weighed with the score's length, not its square.",
                "Weigh with π|s|².", {"baseline": 6.0}),
        Mistake("For `baseline` you weighed with |score|² and left out the chances.", "π |score|².", {"baseline": 7.6}),
        Mistake("For `baseline` you weighed each arm with the other one's score.", "The pulled arm's |e − π|².", {"baseline": 116 / 28}),
        Mistake("For `baseline` there is none, or you found no gain. The parabola's lowest point is elsewhere.", "E[|s|²r]/E[|s|²].",
                {"baseline": 0.0}),
        Mistake("For `leave` you multiplied by the rate.", "Divide by 2.", {"leave": 2 * (2 * X + 99 - 1 / 99)}),
        Mistake("For `leave` the rate is divided by twice: the formula has it once.", "(2x + eˣ − e⁻ˣ)/η.",
                {"leave": (2 * X + 99 - 1 / 99) / 4}),
        Mistake("For `leave` you took 1/π. With the rate 2 it is about half.", "(2x + eˣ − e⁻ˣ)/η.", {"leave": 100.0}),
        Mistake("For `leave` you forgot the rate.", "Divide by 2.", {"leave": 2 * X + 99 - 1 / 99}),
        Mistake("For `leave` the middle part is missing.", "The term 2x.", {"leave": (99 - 1 / 99) / 2}),
        Mistake("For `leave` the time grows with the logarithm in your formula: as if the slope were constant.", "The slope is π(1 − π).",
                {"leave": X / 2}),
        Mistake("For `episodes` either you took the variance of the whole return, or one episode for each choice.", "T(T − 1)/4 over T/2.",
                {"episodes": 63.0}),
        Mistake("For `episodes` you give the ratio of one episode.", "Its inverse.", {"episodes": 2 / 63}),
        Mistake("For `episodes` you give the variance itself.", "Divide by the square of the gradient's length, T/2.",
                {"episodes": 1008.0}),
        Mistake("For `episodes` you give the variance of the whole return itself.", "To go, and divided by T/2.", {"episodes": 2016.0}),
        Mistake("For `episodes` either the square of the gradient's length was T in place of T/2, or a factor of 2 is lost.",
                "T(T − 1)/4 over T/2.", {"episodes": 15.75}),
        Mistake("For `episodes` you took the root. The variance of the mean falls with the number itself.", "No root.",
                {"episodes": 31.5**0.5}),
        Mistake("For `clip` you clipped, and lost the sign.", "min(−3, −2.4).", {"clip": 2.4}),
        Mistake("For `clip` you clipped. The minimum takes the lower of both.", "min(−3, −2.4).", {"clip": -2.4}),
        Mistake("For `clip` the sign is lost.", "ρ times A.", {"clip": 3.0}),
        Mistake("For `clip` you left out the ratio.", "min(ρA, clip(ρ)A).", {"clip": -2.0}),
        Mistake("For `clip` you set it to zero. What may be zero is the slope.", "min(ρA, clip(ρ)A).", {"clip": 0.0}),
        Mistake("For `clip` you clipped at the lower end.", "1.5 is above.", {"clip": -1.6}),
        Mistake("For `value` you took the pole's end for the world's.", "The pole still stands.", {"value": 0.0}),
        Mistake("For `value` you counted 500 steps without discount.", "Add up 1, γ, γ² and so on.", {"value": 500.0}),
        Mistake("For `value` either the first step is discounted already, or it is left out.", "1 + γ + γ² and so on.", {"value": 9.0}),
        Mistake("For `value` you took the chapter's γ of 0.99.", "1/(1 − γ), with this γ.", {"value": 100.0}),
        Mistake("For `value` you took one step.", "Add up 1, γ, γ² and so on.", {"value": 1.0}),
    ),
    success="π(r − J); the odds times e^(2·0.75); a score of 1 − π; weights π|s|²; about 1/(ηπ); (T − 1)/2; the minimum; 1/(1 − γ).",
    onwards="the same two arms with the chances turned round: which of the numbers stay?")

# -- 20.4 -----------------------------------------------------------------------------------------------------------------------


def loop_cases(rng):
    for name, arms, steps, episodes, T, lr in (("three arms", 3, 4, 6, 5, 0.3), ("two arms", 2, 3, 8, 4, 0.5),
                                               ("four arms", 4, 5, 5, 6, 0.2), ("many episodes", 3, 3, 20, 5, 0.4),
                                               ("long ones", 5, 3, 6, 10, 0.1)):
        yield Case(name, {"pay": np.round(rng.normal(1, 1, arms), 2), "u": np.round(rng.random((steps, episodes, T)), 3), "lr": lr})


def loop(pay, u, lr, past=False, mask=True, minus=True, base="return", up=1.0, per="episode", whole=False, rest=True, norm=False,
         flip=False, even=False):
    pay, u = np.array(pay, dtype=float), np.array(u)
    theta = np.zeros(len(pay))
    path = [theta]
    for chance in u:
        e = np.exp(theta - theta.max())
        pi = e / e.sum()
        act = np.minimum((chance[..., None] >= pi.cumsum()).sum(-1), len(pay) - 1)
        alive = np.cumsum(act == 0, axis=1) - (act == 0) == 0
        r = pay[act] * (alive if rest else 1)
        G = np.cumsum(r, axis=1) if past else np.cumsum(r[:, ::-1], axis=1)[:, ::-1]
        G = G[:, :1] + 0 * G if whole else G[:, ::-1] if flip else G
        b = {"return": r.sum(axis=1).mean(), "alive": G[alive].mean(), "all": G.mean(), "none": 0.0, "place": G.mean(axis=0),
             "episode": G[:, :1], "reward": r[alive].mean()}[base]  # fmt: skip
        weight = (G - b) * (alive if mask else 1)
        weight = weight / G[alive].std() if norm else weight
        score = np.eye(len(pay))[act] - (1 / len(pay) if even else pi if minus else 0)
        many = {"episode": len(act), "sum": 1, "step": alive.sum(), "entry": act.size}[per]
        theta = theta + up * lr * (weight[..., None] * score).sum((0, 1)) / many
        path.append(theta)
    return np.array(path)


def faulty(**faults):
    return lambda pay, u, lr: loop(pay, u, lr, **faults)


broken = Question(
    "20.4", "A loop that learns the wrong thing, three faults", "bug", points=3, difficulty=3, minutes=15, name="train",
    objectives=("find faults in a training by policy gradients", "mask what comes after an end"),
    draw=loop_cases, oracle=faulty(), steps=True,
    mistakes=(
        Mistake("This is the code as it was given, with its three faults.", "Which rewards, which steps, and which score?",
                faulty(past=True, mask=False, minus=False)),
        Mistake("One fault is found, the rewards to go. Two are left.", "Look at what comes after an end, and at the score.",
                faulty(mask=False, minus=False)),
        Mistake("One fault is found, the mask. Two are left.", "Look at the direction of the sum, and at the score.",
                faulty(past=True, minus=False)),
        Mistake("One fault is found, the score. Two are left.", "Look at the direction of the sum, and at what comes after an end.",
                faulty(past=True, mask=False)),
        Mistake("Two faults are found. The rewards are still those of the past.", "Sum from the end.", faulty(past=True)),
        Mistake("Two faults are found. Steps after the end still count, with a reward to go of 0 minus the baseline.", "Times alive.",
                faulty(mask=False)),
        Mistake("Two faults are found. The score of a softmax is not the pulled arm alone.", "e − π.", faulty(minus=False)),
        Mistake("Your baseline is the mean over all entries, also those after an end.", "The mean of the episodes' returns.",
                faulty(base="all")),
        Mistake("Your baseline is the mean of the rewards to go. Good, and not what was asked.", "The mean of the episodes' returns.",
                faulty(base="alive")),
        Mistake("The baseline is gone.", "The mean of the episodes' returns.", faulty(base="none")),
        Mistake("Your baseline is the episode's own return: it depends on the acts.", "One number for the batch.", faulty(base="episode")),
        Mistake("Your baseline is the mean of the rewards, not of the returns.", "The mean of the episodes' returns.",
                faulty(base="reward")),
        Mistake("The training descends.", "theta plus the step.", faulty(up=-1.0)),
        Mistake("You sum over the episodes. Asked is a mean.", "Divide by the number of episodes.", faulty(per="sum")),
        Mistake("You divide by the number of alive steps.", "By the number of episodes.", faulty(per="step")),
        Mistake("You divide by all entries, also those after an end.", "By the number of episodes.", faulty(per="entry")),
        Mistake("The sums from the end are not turned back: the first pull has the weight of the last.", "Turn round, add up, turn round.",
                faulty(flip=True)),
        Mistake("Your baseline has a number for each place in the episode. Allowed, and not what was asked.",
                "The mean of the episodes' returns.", faulty(base="place")),
        Mistake("You subtract even chances from the score. That is right only in the first step.", "e − π.", faulty(even=True)),
        Mistake("The zeros at the beginning are missing.", "The array begins with the theta before the first step.",
                lambda pay, u, lr: loop(pay, u, lr)[1:]),
        Mistake("You weigh each act with the whole return.", "What comes from the act on.", faulty(whole=True)),
        Mistake("Rewards after the end are counted.", "Times alive, before the sum.", faulty(rest=False)),
        Mistake("You divided the weights by their deviation. Common, and not asked.", "G − b.", faulty(norm=True)),
    ),
    success="An act is weighed with what follows, only if it was taken, and with e − π.",
    onwards="does the agent learn to avoid arm 0, which ends the episode? Let arm 0 pay a lot, and see.")

QUESTIONS = (to_go, score, eight, broken)
