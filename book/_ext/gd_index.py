"""`{term-index}`: where each word of the glossary, and each rule, is written about: a chapter's section that says it most often.

In come the glossary, the names of the rules and the chapters' text. What passes is a count of every word in every section, a heading's or
an emphasised word counting more, also in the words that a chapter has for it (`SAID`). What leaves is a list by letters, with a link to the
section in each chapter that is about the word.
"""

import functools
import json
import re
import sys
from collections import defaultdict
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from gd_map import plan
from gd_notebooks import text
from gd_numbers import number

sys.path.insert(0, str(Path(__file__).parents[2]))  # gdcore, also where it is not installed
import gdcore.rules as rules

MOST, LEAST = 5, 3  # chapters a word is listed with, and the weight a section must have; where none has it, the heaviest stands alone
HEADING, EMPHASIS = 6, 2  # what a mention there counts for
AFTER = {"What can go wrong", "Take away", "Quiz", "Sources"}  # sections that only come back to what another explains

# How the chapters say a word of the glossary that they do not say itself, or hardly.
SAID = {
    "activation function": ["activation's", "choose an activation", "no activation"],
    "adaptive gradient clipping": ["AGC"],
    "adaptive restart": ["the restart finds"],
    "bias of an estimator": ["bias and variance", "unbiased"],
    "convergence rate": ["rates have shapes"],
    "convex function": ["is convex", "such a function is convex: the chord"],
    "decoupled weight decay": ["is decoupled"],
    "differential privacy": ["differentially private"],
    "divergence": ["explosion", "diverge"],
    "evolution strategy": ["CMA-ES"],
    "expected improvement": ["model the score"],
    "expected risk": ["the expected loss"],
    "generalisation gap": ["the gap is overfitting", "that is the gap"],
    "global minimum": ["no local minimum above the lowest"],
    "gradient clipping": ["clipping by norm", "clip: a limit on the length"],
    "gradient tape": ["a tape", "tape.gradient"],
    "He initialisation": ["He, Kaiming"],
    "Hessian-vector product": ["without the Hessian", "Hessian-free"],
    "Huber loss": ["Huber"],
    "kernel of a layer": ["square kernel"],
    "Lipschitz gradient": ["curvature at most", "no curvature exceeds"],
    "logit": ["ten scores"],
    "loss function": ["one number for being wrong"],
    "master weights": ["master copy"],
    "near duplicate": ["near copies", "share runs of eight words"],
    "Nesterov momentum": ["Nesterov's momentum", "Nesterov has", "for Nesterov"],
    "Newton-Schulz iteration": ["Newton-Schulz"],
    "one-cycle schedule": ["one-cycle"],
    "orthogonalisation": ["nearest orthogonal", "nearly orthogonal"],
    "paired comparison": ["in pairs", "paired"],
    "preconditioning": ["precondition"],
    "pruning": ["fewer weights"],
    "reduce-scatter": ["an all-reduce is two halves"],
    "residual block": ["a residual network"],
    "ridge regression": ["ridge"],
    "Robbins-Monro conditions": ["Robbins and Monro"],
    "scientific hyper-parameter": ["scientific"],
    "selection bias of a winner": ["partly luck", "pays for luck", "the winner is"],
    "spectral density": ["curvatures of a network"],
    "spectral norm": ["largest singular value"],
    "stale gradient": ["late gradients"],
    "stationary point": ["stationary is"],
    "strong and weak scaling": ["strong scaling", "weak scaling"],
    "strongly convex function": ["strongly convex"],
    "surrogate loss": ["smooth stand-in"],
    "symmetric start": ["all weights alike", "equal units stay equal"],
    "symmetry breaking": ["break the symmetry"],
    "TracIn": ["Who taught this"],
    "update-to-weight ratio": ["ratio of update to weight", "updates over weights"],
    "validation set": ["validation part", "validation data", "validation loss"],
    "variance reduction": ["variance-reduced"],
    "Wilson interval": ["Wilson's"],
    "Xavier initialisation": ["called Xavier's"],
    "ZeRO, FSDP": ["ZeRO", "FSDP"],
}


class Placeholder(nodes.General, nodes.Element):
    """Where the index comes to stand, once the sections of all pages are known."""


class TermIndex(Directive):
    def run(self):
        env = self.state.document.settings.env
        for path in [Path(env.srcdir, "book", "glossary.md"), *Path(env.srcdir, "chapters").glob("*.ipynb")]:
            env.note_dependency(str(path))
        return [Placeholder()]


def words(env):
    """{term: its link on the page of words, or on the page of cards}."""
    terms = {name: f"{doc.rpartition('/')[2]}.html#{anchor}" for (kind, name), (doc, anchor) in env.domaindata["std"]["objects"].items()
             if kind == "term"}  # fmt: skip
    return terms | {rule.__name__: f"rule_cards.html#card-{rule.__name__.lower()}" for rule in rules.RULES + rules.WRAPPERS + rules.TOLD}


def sections(notebook):
    """[(heading, its text without formulas, its code), …] of a notebook, in order."""
    found = [["", "", ""]]
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            found[-1][2] += text(cell["source"]) + "\n"
            continue
        prose = re.sub(r"```.*?```|\$\$.*?\$\$|\$[^$\n]*\$|\]\([^)]*\)|`", " ", text(cell["source"]), flags=re.DOTALL)
        for line in prose.splitlines():
            if heading := re.match(r"#{1,3} +(.+?) *$", line):
                found.append([heading[1], "", ""])
            else:
                found[-1][1] += line + "\n"
    return found[1:]


def ways(term):
    """A word as the chapters say it: itself, the names that a comma joins in it, and what `SAID` has."""
    return [term, *(term.split(", ") if ", " in term else []), *SAID.get(term, [])]


def _parts(way):
    return re.split(r"[\s-]+", re.sub("y$", "", way))  # a y may be an ies


@functools.cache
def pattern(term):
    """A term in text, in any of its ways: any case unless it is a name, a plural, a hyphen or a dash for a space."""
    named = re.search(r"[A-Z].*[A-Z]", term) or term in vars(rules)
    joined = [(r"[\s–-]+".join(map(re.escape, _parts(way))), "(?:y|ies)" if way.endswith("y") else "(?:s|es)?") for way in ways(term)]
    said = "|".join(words + ending for words, ending in joined)
    return re.compile(rf"\b(?:{said})\b", 0 if named else re.IGNORECASE)


@functools.cache
def _plain(section):
    """What is asked of a section for each word: (all of it in lower case, its prose without marks, what is marked in it)."""
    prose = section[1].replace("*", "")
    return "\n".join([section[0], prose, section[2]]).lower(), prose, re.findall(r"\*{1,2}([^*\n]+)\*{1,2}", section[1])


def weights(term, chapter):
    """How much each section of a chapter is about a term."""
    find, rule = pattern(term), term in vars(rules)
    parts = [sorted(_parts(way.lower()), key=len, reverse=True) for way in ways(term)]
    for heading, prose, code in map(tuple, chapter):
        every, plain, marks = _plain((heading, prose, code))
        if not any(all(part in every for part in way) for way in parts):  # most sections: a look is cheaper than a pattern
            yield 0
            continue
        marked = sum(bool(find.search(mark)) for mark in marks)
        said = len(find.findall(plain))  # a word with a part of it emphasised is the word
        yield HEADING * bool(find.search(heading)) + said + EMPHASIS * marked + (len(find.findall(code)) if rule else 0)


def places(chapters, term):
    """[(docname, number of the section), …]: the chapters that are about a term, in order. chapters: {docname: its sections}."""
    best = []
    for doc, chapter in chapters.items():
        heavy = list(weights(term, chapter))
        if max(heavy, default=0):
            about = max(range(len(heavy)), key=lambda k: (heavy[k] > 0 and chapter[k][0] not in AFTER, heavy[k]))
            best.append((sum(heavy), max(heavy) >= LEAST, doc, about))
    best.sort(reverse=True)
    best = [found for found in best if found[1]] or best[:1]
    return sorted((doc, section) for *_, doc, section in best[:MOST])


def _anchors(env, docname):
    """The addresses of a page's headings, in order; the first is the page itself."""
    return [ref["anchorname"] for ref in env.tocs[docname].findall(nodes.reference) if ref.get("refuri") == docname]


def html(env, docname):
    uri, letters, links = env.app.builder.get_relative_uri, defaultdict(list), words(env)
    chapters = {doc: sections(json.loads(Path(env.srcdir, f"{doc}.ipynb").read_text("utf-8")))
                for _, part in plan(env.srcdir) for doc, *_ in part if doc in env.found_docs}  # fmt: skip
    for term in sorted(links, key=_order):
        where = []
        for doc, section in places(chapters, term):
            anchors = _anchors(env, doc)
            where.append(f'<a href="{uri(docname, doc)}{anchors[section] if section < len(anchors) else ""}">{number(doc)}</a>')
        more = f' <span>{" ".join(where)}</span>' if where else ""
        letters[_order(term)[0].upper()].append(f'<li><a href="{links[term]}">{escape(term)}</a>{more}</li>')
    jumps = " ".join(f'<a href="#letter-{letter.lower()}">{letter}</a>' for letter in letters)
    parts = "".join(f'<h2 id="letter-{letter.lower()}">{letter}</h2><ul>{"".join(items)}</ul>' for letter, items in letters.items())
    return f'<p class="gd-letters">{jumps}</p><div class="gd-index">{parts}</div>'


def _order(term):
    return term.casefold().replace("μ", "mu")


def _fill(app, doctree, docname):
    for place in list(doctree.findall(Placeholder)):
        place.replace_self(nodes.raw("", html(app.env, docname), format="html"))


def setup(app):
    app.add_node(Placeholder)
    app.add_directive("term-index", TermIndex)
    app.connect("doctree-resolved", _fill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
