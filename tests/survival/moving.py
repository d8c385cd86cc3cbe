"""Cherry-pick, revert, squash and reset: what moves commits without git's notes following."""

from __future__ import annotations

from tests.survival.world import SHARED, Outcome, Work, World


def _topic(world: World, count: int, *, sections: tuple[int, ...] = ()) -> list[Work]:
    """Make works on a branch of their own; main moves on in half of the trials."""
    world.git("switch", "-q", "-c", "topic")
    chosen = sections or (None,) * count
    works = [world.work(section=section) for section in chosen]
    world.git("switch", "-q", "main")
    if world.random.random() < 0.5:
        world.clutter()
    world.pause()
    return works


def _and_originals(world: World, outcome: Outcome) -> Outcome:
    """Add that the works' own commits, where a branch still holds them, keep their links."""
    for work in world.works:
        branches = world.git("branch", "--contains", work.sha, ok=False)
        if branches and not branches.startswith("error"):
            outcome.links.setdefault(work.sha, []).append(work)
    return outcome


def _active(world: World) -> set[tuple[str, ...]]:
    """Return the link to the session that is active now, which an ordinary commit gets."""
    session = world.box.working.active_session()
    return {("session", session)} if session else set()


def cherry_pick(world: World) -> Outcome:
    """git cherry-pick"""
    works = _topic(world, 2)
    world.git("cherry-pick", works[1].sha, ok=False)
    _settle(world, works[1])
    return _and_originals(world, Outcome({world.box.head: [works[1]]}))


def _settle(world: World, work: Work) -> None:
    """Solve the conflict of a pick that needs the commit before it, where there is one."""
    if world.git("status", "--porcelain", "--untracked-files=no"):
        world.git("checkout", work.sha, "--", SHARED)
        world.git("add", "-A")
        world.git("cherry-pick", "--continue", GIT_EDITOR="true")


def cherry_pick_x(world: World) -> Outcome:
    """git cherry-pick -x"""
    works = _topic(world, 2)
    world.git("cherry-pick", "-x", works[1].sha)
    return _and_originals(world, Outcome({world.box.head: [works[1]]}))


def cherry_pick_range(world: World) -> Outcome:
    """git cherry-pick A..B"""
    works = _topic(world, 3)
    world.git("cherry-pick", "main..topic")
    line = world.git("rev-list", "--reverse", "--max-count=3", "HEAD").split()
    made = {sha: [work] for sha, work in zip(line, works, strict=True)}
    return _and_originals(world, Outcome(made))


def cherry_pick_conflict(world: World) -> Outcome:
    """git cherry-pick, conflict, --continue"""
    (work,) = _topic(world, 1, sections=(5,))
    world.clutter(section=5)
    world.git("cherry-pick", work.sha, ok=False)
    assert "UU" in world.git("status", "--porcelain"), "the pick should have stopped"
    world.git("checkout", "-q", "--ours", SHARED)
    world.edit_section(5, "both")
    world.git("add", "-A")
    world.git("cherry-pick", "--continue", GIT_EDITOR="true")
    return _and_originals(world, Outcome({world.box.head: [work]}))


def revert(world: World) -> Outcome:
    """git revert"""
    work = world.work()
    world.pause()
    world.git("revert", "--no-edit", "HEAD")
    return Outcome({work.sha: [work]})


def revert_revert(world: World) -> Outcome:
    """revert of a revert"""
    work = world.work()
    world.pause()
    world.git("revert", "--no-edit", "HEAD")
    world.git("revert", "--no-edit", "HEAD")
    if world.random.random() < 0.5:
        world.git("commit", "-q", "--amend", "-m", "Bring it back", KAGURA_DISABLE="1")
    return Outcome({work.sha: [work]})


def revert_elsewhere(world: World) -> Outcome:
    """pick, revert and revert of it on another branch"""
    (work,) = _topic(world, 1)
    world.git("cherry-pick", work.sha)
    picked = world.box.head
    world.git("revert", "--no-edit", "HEAD")
    world.git("revert", "--no-edit", "HEAD")
    if world.random.random() < 0.5:
        world.git("branch", "-q", "-D", "topic")
        world.git("commit", "-q", "--amend", "-m", "Bring it back", KAGURA_DISABLE="1")
    return _and_originals(world, Outcome({picked: [work]}))


def squash_merge(world: World) -> Outcome:
    """git merge --squash"""
    works = _topic(world, 3)
    world.git("merge", "-q", "--squash", "topic")
    world.git("commit", "-q", "--no-edit", GIT_EDITOR="true")
    head = world.box.head
    return _and_originals(world, Outcome({head: works}, {head: _active(world)}))


def squash_merge_message(world: World) -> Outcome:
    """git merge --squash, message of one's own"""
    works = _topic(world, world.random.choice((1, 2, 3)))
    world.git("merge", "-q", "--squash", "topic")
    head = world.commit("The whole topic")
    return _and_originals(world, Outcome({head: works}, {head: _active(world)}))


def squash_merge_deleted(world: World) -> Outcome:
    """git merge --squash, branch deleted"""
    works = _topic(world, 2)
    world.git("merge", "-q", "--squash", "topic")
    head = world.commit("The whole topic")
    world.git("branch", "-q", "-D", "topic")
    return _and_originals(world, Outcome({head: works}, {head: _active(world)}))


def _server(world: World, message: str) -> str:
    """Squash the branch as a hosting site does: in its own copy, without hooks or notes."""
    site = world.folder / "site"
    world.git("clone", "-q", str(world.box.top), str(site))
    there = World(world.folder, world.box.env, 0)
    there.box.top, there._minutes = site, 500
    there.git("merge", "-q", "--squash", "origin/topic")
    there.git("commit", "-q", "-m", message)
    world.git("fetch", "-q", str(site), "main")
    world.git("reset", "-q", "--hard", "FETCH_HEAD")
    return world.box.head


def _listed(world: World, works: list[Work]) -> str:
    """Return the message a hosting site proposes: each commit's own, as a list."""
    parts = ["The topic (#12)"]
    for work in works:
        subject, _, body = world.box.message(work.sha).strip().partition("\n\n")
        parts.append(f"* {subject}" + (f"\n\n{body}" if body else ""))
    return "\n\n".join(parts)


def server_squash(world: World) -> Outcome:
    """server squash, trailers kept, git fetch, reset --hard"""
    works = _topic(world, 3)
    head = _server(world, _listed(world, works))
    return _and_originals(world, Outcome({head: works}))


def server_squash_pulled(world: World) -> Outcome:
    """server squash, trailers lost, git pull"""
    works = _topic(world, 3)
    remote = world.folder / "remote.git"
    world.git("clone", "-q", "--bare", str(world.box.top), str(remote))
    world.git("remote", "add", "origin", str(remote))
    world.git("fetch", "-q", "origin")
    world.git("branch", "-q", "--set-upstream-to=origin/main")
    here = world.box.head
    head = _server(world, "The topic (#12)")
    world.git("push", "-q", "--no-verify", "origin", f"{head}:refs/heads/main")
    world.git("reset", "-q", "--hard", here)
    world.git("pull", "-q", "--ff-only")
    assert world.box.head == head
    return _and_originals(world, Outcome({head: works}))


def server_squash_bare(world: World) -> Outcome:
    """server squash, trailers lost, git fetch, reset --hard"""
    works = _topic(world, 3)
    head = _server(world, "The topic (#12)")
    return _and_originals(world, Outcome({head: works}))


def reset_soft(world: World) -> Outcome:
    """git reset --soft, commit as one"""
    works = [world.work() for _ in range(world.random.choice((1, 2, 3)))]
    world.pause()
    world.git("reset", "-q", "--soft", f"HEAD~{len(works)}")
    head = world.commit("All at once")
    return Outcome({head: works}, {head: _active(world)})


def reset_soft_merge(world: World) -> Outcome:
    """git reset --soft over a merge, commit as one"""
    base = world.box.head
    works = _topic(world, 2)
    works.append(world.work(section=11))
    world.git("merge", "-q", "--no-ff", "--no-edit", "topic")
    if world.random.random() < 0.5:
        world.git("branch", "-q", "kept")
    world.pause()
    world.git("reset", "-q", "--soft", base)
    head = world.commit("All at once")
    return _and_originals(world, Outcome({head: works}, {head: _active(world)}))


def reset_soft_split(world: World) -> Outcome:
    """git reset --soft, commit split in two"""
    work = world.work()
    world.pause()
    world.git("reset", "-q", "--soft", "HEAD~1")
    world.git("reset", "-q", "--", SHARED)
    one = world.commit("Most of it")
    world.git("add", "-A")
    two = world.commit("The rest")
    parts = _parted(world, work, one, two)
    return Outcome(parts, {sha: _active(world) for sha in parts})


def _parted(world: World, work: Work, one: str, two: str) -> dict[str, list[Work]]:
    """Divide a work: the records and all other files are in the first part."""
    reasons = {path: text for path, text in work.reasons.items() if path != SHARED}
    first = Work(work.subject, work.session, work.decisions, work.errors, reasons)
    rest = {path: text for path, text in work.reasons.items() if path == SHARED}
    second = Work(work.subject, work.session if SHARED in work.paths else None, reasons=rest)
    if not work.session and not rest:
        return {one: [first], two: []}
    return {one: [first], two: [second]}


def same_by_chance(world: World) -> Outcome:
    """the same small change made twice, independently"""
    work = world.start()
    ws = world.open()
    world.git("switch", "-q", "-c", "topic")
    world.box.write("VERSION", "1.1\n")
    world._explain(ws, work, "VERSION", "create", always=True)
    world.finish(work)
    world.open().working.finish_session()
    world.git("switch", "-q", "main")
    world.clutter()
    world.box.write("VERSION", "1.1\n")
    world.git("add", "VERSION")
    world.commit("Name the version", KAGURA_DISABLE="1")
    if world.random.random() < 0.5:
        world.git("branch", "-q", "-D", "topic")
    return _and_originals(world, Outcome())


def cherry_pick_unseen(world: World) -> Outcome:
    """git cherry-pick, by a program that runs no hooks"""
    works = _topic(world, 2)
    world.box.env["KAGURA_DISABLE"] = "1"
    world.git("cherry-pick", "main..topic")
    line = world.git("rev-list", "--reverse", "--max-count=2", "HEAD").split()
    made = {sha: [work] for sha, work in zip(line, works, strict=True)}
    return _and_originals(world, Outcome(made))


def squash_unseen(world: World) -> Outcome:
    """git merge --squash, by a program that runs no hooks"""
    works = _topic(world, world.random.choice((1, 2, 3)))
    world.box.env["KAGURA_DISABLE"] = "1"
    world.git("merge", "-q", "--squash", "topic")
    head = world.commit("The whole topic")
    return _and_originals(world, Outcome({head: works}))


def reset_unseen(world: World) -> Outcome:
    """git reset --soft, commit as one, by a program that runs no hooks"""
    works = [world.work() for _ in range(world.random.choice((1, 2, 3)))]
    world.box.env["KAGURA_DISABLE"] = "1"
    world.git("reset", "-q", "--soft", f"HEAD~{len(works)}")
    return Outcome({world.commit("All at once"): works})


def pick_by_hand(world: World) -> Outcome:
    """git cherry-pick --no-commit, message of one's own"""
    works = _topic(world, 2)
    world.git("cherry-pick", "--no-commit", works[0].sha)
    head = world.commit("By hand")
    return _and_originals(world, Outcome({head: [works[0]]}, {head: _active(world)}))


OPERATIONS = (
    cherry_pick, cherry_pick_x, cherry_pick_range, cherry_pick_conflict, cherry_pick_unseen,
    pick_by_hand, revert, revert_revert, revert_elsewhere, squash_merge, squash_merge_message,
    squash_merge_deleted, squash_unseen, server_squash, server_squash_pulled,
    server_squash_bare, reset_soft, reset_soft_merge, reset_soft_split, reset_unseen,
    same_by_chance,
)  # fmt: skip
