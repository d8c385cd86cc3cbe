"""Filters, patches by mail, plumbing, and objects that are gone or replaced."""

from __future__ import annotations

import sys
from dataclasses import replace

from tests.survival.moving import _and_originals
from tests.survival.world import SHARED, Outcome, Work, World, run_program

_QUIET = {"FILTER_BRANCH_SQUELCH_WARNING": "1"}


def _rewritten(world: World, works: list[Work]) -> Outcome:
    line = world.git("rev-list", "--reverse", f"--max-count={len(works)}", "HEAD").split()
    return Outcome({sha: [work] for sha, work in zip(line, works, strict=True)})


def _filter(world: World, works: list[Work], *args: str) -> Outcome:
    world.pause()
    world.git("filter-branch", "-f", *args, "--", "HEAD", **_QUIET)
    outcome = _rewritten(world, works)
    if world.random.random() < 0.5:  # as people do once they are content with the result
        world.git("update-ref", "-d", "refs/original/refs/heads/main")
    return outcome


def filter_messages(world: World) -> Outcome:
    """git filter-branch --msg-filter"""
    works = [world.work() for _ in range(3)]
    return _filter(world, works, "--msg-filter", "sed '1s/$/ (rewritten)/'")


def _filter_repo(world: World, works: list[Work], *args: str) -> Outcome:
    """Rewrite history with git filter-repo, which prunes the old commits at once."""
    world.pause()
    world.git("repack", "-a", "-d", "-q")
    run_program(world.box, sys.executable, "-m", "git_filter_repo", "--force", "--quiet", *args)
    return _rewritten(world, works)


def filter_repo_messages(world: World) -> Outcome:
    """git filter-repo --replace-message, twice"""
    works = [world.work() for _ in range(3)]
    for number, text in enumerate((works[0].subject, works[1].subject)):
        words = world.folder / f"words{number}"
        words.write_text(f"{text}==>Said better {number}\n", encoding="utf-8")
        outcome = _filter_repo(world, works, "--replace-message", str(words))
    return outcome


def filter_repo_path(world: World) -> Outcome:
    """git filter-repo --invert-paths"""
    works = [world.work(fresh=True) for _ in range(3)]
    return _filter_repo(world, works, "--path", works[0].paths[-1], "--invert-paths")


def filter_repo_folder(world: World) -> Outcome:
    """git filter-repo --to-subdirectory-filter"""
    works = [world.work() for _ in range(3)]
    outcome = _filter_repo(world, works, "--to-subdirectory-filter", "inner")
    world.git("mv", "inner/.kagura", "inner/kagura.toml", "inner/.gitattributes", ".")
    world.commit("Records at the top again", KAGURA_DISABLE="1")
    outcome.moved = {path: f"inner/{path}" for work in works for path in work.paths}
    # It adds the records' files once more.
    outcome.also[world.box.head] = set().union(*(work.links(set()) for work in works))
    return outcome


def filter_trees(world: World) -> Outcome:
    """git filter-branch --tree-filter"""
    works = [world.work() for _ in range(3)]
    gone = world.random.choice(works[0].paths)
    remove = f'rm -f -- "{gone}"' if gone != SHARED else f"sed -i '1i # licence' {SHARED}"
    return _filter(world, works, "--tree-filter", remove)


def filter_folder(world: World) -> Outcome:
    """git filter-branch --subdirectory-filter"""
    works = [world.work() for _ in range(3)]
    outcome = _filter(world, works, "--subdirectory-filter", "src")
    paths = {path for work in works for path in work.paths}
    outcome.moved = {path: path.removeprefix("src/") for path in paths}
    return outcome


def restack(world: World) -> Outcome:
    """commit-tree + update-ref"""
    base = world.box.head
    works = [world.work() for _ in range(3)]
    trees = [world.git("rev-parse", f"{work.sha}^{{tree}}") for work in works]
    world.git("switch", "-q", "-c", "new", base)
    parent = world.git("commit-tree", "-p", base, "-m", "Nothing yet", f"{base}^{{tree}}")
    dated = world.random.random() < 0.5
    made = []
    for work, tree in zip(works, trees, strict=True):
        date = world.git("log", "-1", "--format=%ad", "--date=raw", work.sha)
        env = {"GIT_AUTHOR_DATE": date} if dated else {}
        parent = world.git("commit-tree", "-p", parent, "-m", work.subject, tree, **env)
        made.append(parent)
    world.pause()
    world.git("update-ref", "refs/heads/main", parent)
    world.git("switch", "-q", "main")
    return Outcome({sha: [work] for sha, work in zip(made, works, strict=True)})


def other_program(world: World) -> Outcome:
    """a commit by a program that runs no hooks, then git commit"""
    work, ws = world.start(), world.open()
    world.edit_section(3, f"by another program {world.words(2)}")
    world._explain(ws, work, SHARED, "edit", always=True)
    world._record(ws, work)
    world.git("add", "-A")
    tree = world.git("write-tree")
    work.sha = world.git("commit-tree", "-p", "HEAD", "-m", work.subject, tree)
    words = world.random.choice(((), ("-m", "refresh"), ("-m", "commit: x")))
    world.git("update-ref", *words, "HEAD", work.sha)
    after = world.work(section=8)
    world.pause()
    return Outcome({work.sha: [work], after.sha: [after]})


def mail(world: World) -> Outcome:
    """git format-patch, git am"""
    base = world.box.head
    works = [world.work() for _ in range(2)]
    patches = world.git("format-patch", "--stdout", "--binary", f"{base}..HEAD")
    world.git("switch", "-q", "-c", "mailed", base)
    world.clutter()
    world.pause()
    world.git("am", "-q", stdin=patches + "\n")
    return _and_originals(world, _rewritten(world, works))


def collected(world: World) -> Outcome:
    """gc --prune=now after a squash"""
    works = [world.work() for _ in range(3)]
    world.pause()
    world.git("reset", "-q", "--soft", "HEAD~2")
    head = world.commit("Two in one")
    session = world.box.working.active_session()
    outcome = Outcome({works[0].sha: [works[0]], head: works[1:]})
    outcome.also = {head: {("session", session)}} if session else {}
    _relink(world)
    world.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    world.git("gc", "-q", "--prune=now")
    return outcome


def _relink(world: World) -> None:
    from kagura_git.services.relink import relink

    relink(world.open())


def replaced(world: World) -> Outcome:
    """git replace --graft"""
    works = [world.work(section=n) for n in (1, 4, 8)]
    world.pause()
    world.git("replace", "--graft", works[2].sha, works[0].sha)
    shown = [works[2], works[0]]
    return Outcome({work.sha: [work] for work in shown})


def branch_recovered(world: World) -> Outcome:
    """branch deleted, brought back from the reflog"""
    base = world.box.head
    world.git("switch", "-q", "-c", "topic")
    works = [world.work() for _ in range(2)]
    world.pause()
    world.git("switch", "-q", "main")
    world.git("branch", "-q", "-D", "topic")
    assert world.box.head == base
    world.git("branch", "-q", "topic", "HEAD@{1}")
    world.git("switch", "-q", "topic")
    return Outcome({work.sha: [work] for work in works})


def trailers_off(world: World) -> Outcome:
    """cherry-pick, with trailers turned off"""
    world.box.write("kagura.toml", "[hooks]\ntrailers = false\n")
    world.clutter()
    world.git("switch", "-q", "-c", "topic")
    works = [world.work() for _ in range(2)]
    assert all("Kagura-" not in world.box.message(work.sha) for work in works)
    world.git("switch", "-q", "main")
    world.pause()
    world.git("cherry-pick", "main..topic")
    return _and_originals(world, _rewritten(world, works))


def forged(world: World) -> Outcome:
    """a trailer that names what does not exist"""
    work = world.work()
    world.pause()
    forged = "Kagura-Session: S-f0rgedxx\nKagura-Decision: D-f0rgedxx"
    world.box.write("src/forged.py", world.text(1))
    world.git("add", "-A")
    head = world.commit(f"Not what it says\n\n{forged}")
    session = world.box.working.active_session()
    also = {head: {("session", session)}} if session else {}
    return Outcome({work.sha: [work]}, also)


def filter_and_mail(world: World) -> Outcome:
    """two rewrites in a row"""
    works = [world.work() for _ in range(2)]
    outcome = _filter(world, works, "--msg-filter", "sed '1s/$/ (rewritten)/'")
    first = next(iter(outcome.links))
    patches = world.git("format-patch", "--stdout", "--binary", f"{first}^..HEAD")
    world.git("switch", "-q", "-c", "mailed", f"{first}^")
    world.clutter()
    world.git("am", "-q", stdin=patches + "\n")
    twice = _rewritten(world, works)
    twice.links.update(outcome.links)
    return replace(twice)


OPERATIONS = (
    filter_messages, filter_trees, filter_folder,
    filter_repo_messages, filter_repo_path, filter_repo_folder,
    restack, other_program, mail, filter_and_mail, collected, replaced, branch_recovered,
    trailers_off, forged,
)  # fmt: skip
