"""What every adapter does with messages that stand in one place: branches, what is shown, what is mended."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from backend.errors import Conflict, SessionBusy
from backend.ports.approvals import Approval
from backend.ports.stores import Conversation, Run, StoredMessage, User
from backend.storage.sqlite_database import SqliteDatabase
from backend.storage.stores import Stores, memory_stores, sql_stores

CONV = Conversation(id="conv_1", user_id="user_bob", created_at_ms=1, updated_at_ms=1)
NUMBERS = itertools.count()


def message(message_id: str, run_id: str | None = None) -> StoredMessage:
    """Make a message that says its own name."""
    said = {"role": "user", "content": message_id}
    return StoredMessage(id=message_id, conversation_id="conv_1", message=said, run_id=run_id)


def a_run() -> Run:
    """Make a run of its own."""
    return Run(
        id=f"run_{next(NUMBERS)}",
        user_id="user_bob",
        conversation_id="conv_1",
        model="m",
        route="chat",
        state="running",
        started_at_ms=5,
    )


async def turn(
    stores: Stores, asked: list[str], said: list[str], *, replaces: str | None = None
) -> None:
    """Take a turn: what is asked comes at its beginning, what is said at its end."""
    run = a_run()
    new = [message(one, run.id) for one in asked]
    await stores.conversations.begin_turn(run, new, title_if_empty="t", replaces=replaces)
    ended = replace(run, state="completed", finished_at_ms=6)
    await stores.conversations.end_turn(ended, [message(one, run.id) for one in said])


async def shown(stores: Stores) -> list[str]:
    """Give the ids of what is shown."""
    return [one.id for one in await stores.conversations.messages("user_bob", "conv_1")]


async def parents(stores: Stores) -> dict[str, str | None]:
    """Give what each message follows, as they were written."""
    found = await stores.conversations.all_messages("user_bob", "conv_1")
    return {one.id: one.parent_id for one in found}


@pytest.fixture
async def talk(stores):
    """Stores in which Bob has asked two questions and edited the second."""
    await stores.conversations.create(CONV)
    await turn(stores, ["q1"], ["a1"])
    await turn(stores, ["q2"], ["a2"])
    await turn(stores, ["q3"], ["a3"], replaces="q2")
    return stores


async def test_what_replaces_a_message_hangs_where_it_hangs(talk):
    """The replaced one stays, with all that followed it."""
    assert await shown(talk) == ["q1", "a1", "q3", "a3"]
    assert await parents(talk) == {
        "q1": None, "a1": "q1", "q2": "a1", "a2": "q2", "q3": "a1", "a3": "q3",
    }  # fmt: skip


async def test_an_answer_given_anew_hangs_at_its_question(talk):
    """While it is given, the question is the last that is shown."""
    run = a_run()
    await talk.conversations.begin_turn(run, [], title_if_empty="t", replaces="a3")
    assert await shown(talk) == ["q1", "a1", "q3"]
    ended = replace(run, state="completed", finished_at_ms=6)
    await talk.conversations.end_turn(ended, [message("a4")])
    assert await shown(talk) == ["q1", "a1", "q3", "a4"]
    assert (await parents(talk))["a4"] == "q3"
    head = (await talk.conversations.get("user_bob", "conv_1")).head_id
    assert head == "a4"


async def test_a_run_that_says_nothing_leaves_shown_what_was_there(talk):
    """Whether it ends or its process dies."""
    await turn(talk, [], [], replaces="a3")
    assert await shown(talk) == ["q1", "a1", "q3", "a3"]
    await talk.conversations.begin_turn(a_run(), [], title_if_empty="t", replaces="a3")
    assert await talk.runs.interrupt_running(9) == 1
    assert await shown(talk) == ["q1", "a1", "q3", "a3"]
    await turn(talk, ["q4"], [], replaces="q3")
    assert await shown(talk) == ["q1", "a1", "q4"]


async def test_the_first_message_can_be_replaced(talk):
    """Then nothing comes before the new one."""
    await turn(talk, ["q0"], ["a0"], replaces="q1")
    assert await shown(talk) == ["q0", "a0"]


async def test_a_message_that_is_not_there_cannot_be_replaced(talk):
    """Also one of another conversation; the turn has not begun."""
    await talk.conversations.create(replace(CONV, id="conv_2"), [message("other")])
    for replaced in ("q0", "other"):
        with pytest.raises(Conflict):
            await talk.conversations.begin_turn(
                a_run(), [message("x")], title_if_empty="t", replaces=replaced
            )
    assert (await talk.conversations.get("user_bob", "conv_1")).active_run_id is None
    assert await shown(talk) == ["q1", "a1", "q3", "a3"]
    assert "x" not in await parents(talk)


async def test_a_version_is_shown_up_to_what_was_written_last_behind_it(talk):
    """From the middle too; what is added then goes on from there."""
    assert await talk.conversations.show("user_bob", "conv_1", "q2")
    assert await shown(talk) == ["q1", "a1", "q2", "a2"]
    await talk.conversations.append(
        "user_bob", "conv_1", [message("q4")], title_if_empty="", now_ms=70
    )
    assert await shown(talk) == ["q1", "a1", "q2", "a2", "q4"]
    assert await talk.conversations.show("user_bob", "conv_1", "a3")
    assert await talk.conversations.show("user_bob", "conv_1", "q1")
    assert await shown(talk) == ["q1", "a1", "q2", "a2", "q4"]


async def test_showing_a_version_does_not_move_the_time_of_use(talk):
    """Looking is no use."""
    before = await talk.conversations.get("user_bob", "conv_1")
    await talk.conversations.show("user_bob", "conv_1", "q2")
    after = await talk.conversations.get("user_bob", "conv_1")
    assert after == replace(before, head_id="a2")


async def test_only_ones_own_messages_are_shown_and_never_during_a_turn(talk):
    """A foreign message is a missing one."""
    await talk.conversations.create(replace(CONV, id="conv_2"), [message("other")])
    assert not await talk.conversations.show("user_ann", "conv_1", "q2")
    for missing in ("other", "q0"):
        assert not await talk.conversations.show("user_bob", "conv_1", missing)
    assert list(await talk.conversations.all_messages("user_ann", "conv_1")) == []
    await talk.conversations.begin_turn(a_run(), [], title_if_empty="t")
    with pytest.raises(SessionBusy):
        await talk.conversations.show("user_bob", "conv_1", "q2")
    assert await shown(talk) == ["q1", "a1", "q3", "a3"]


async def test_what_follows_a_dropped_message_follows_the_one_before_it(talk):
    """In every version; no other version appears in its place."""

    async def drop(message_id: str) -> None:
        assert await talk.conversations.edit_message(
            "user_bob", "conv_1", message_id, lambda _: None, now_ms=9
        )

    await drop("a1")
    assert await shown(talk) == ["q1", "q3", "a3"]
    assert await parents(talk) == {"q1": None, "q2": "q1", "a2": "q2", "q3": "q1", "a3": "q3"}
    await drop("a3")
    assert await shown(talk) == ["q1", "q3"]
    await drop("q3")
    assert await shown(talk) == ["q1"]
    await drop("q1")
    assert await shown(talk) == ["q2", "a2"]
    for last in ("a2", "q2"):
        await drop(last)
    assert await shown(talk) == []
    assert (await talk.conversations.get("user_bob", "conv_1")).head_id is None
    await turn(talk, ["q9"], ["a9"])
    assert await shown(talk) == ["q9", "a9"]


async def test_a_run_that_had_waited_keeps_its_place_in_its_version(talk):
    """Though another one is shown, and a turn goes on there."""
    run = a_run()
    call = Approval(
        id="apr_1",
        run_id=run.id,
        user_id="user_bob",
        call_id="call_1",
        tool="send",
        arguments={},
        reason="",
        created_at_ms=7,
        expires_at_ms=100,
    )
    await talk.conversations.begin_turn(run, [message("q4")], title_if_empty="t")
    await talk.approvals.pause(replace(run, state="waiting"), [message("a4")], [call], {})
    assert await shown(talk) == ["q1", "a1", "q3", "a3", "q4", "a4"]
    await talk.approvals.decide("user_bob", run.id, "call_1", approve=True, note="", now_ms=10)
    await talk.approvals.take("user_bob", run.id)
    await talk.conversations.begin_turn(a_run(), [], title_if_empty="t", replaces="a4")
    done = replace(message("a4"), message={"role": "assistant", "content": "Done."})
    await talk.conversations.end_turn(replace(run, state="completed", finished_at_ms=20), [done])
    assert await shown(talk) == ["q1", "a1", "q3", "a3", "q4"]
    [kept] = [
        one for one in await talk.conversations.all_messages("user_bob", "conv_1") if one.id == "a4"
    ]
    assert kept == replace(done, parent_id="q4")


async def test_of_many_versions_at_once_exactly_one_begins(talk):
    """The others are told that the session is busy."""
    outcomes = await asyncio.gather(
        *(
            talk.conversations.begin_turn(
                a_run(), [message(f"v{n}")], title_if_empty="", replaces="q2"
            )
            for n in range(20)
        ),
        return_exceptions=True,
    )
    assert outcomes.count(None) == 1
    assert await shown(talk) == ["q1", "a1", f"v{outcomes.index(None)}"]


async def test_a_head_that_is_lost_gives_way_to_the_newest_message(migrated_file, tmp_path):
    """Damaged data is shown as far as it goes, and ends where a circle would begin."""
    shutil.copy(migrated_file, tmp_path / "steward.db")
    database = SqliteDatabase(f"sqlite+aiosqlite:///{tmp_path}/steward.db")
    stores = sql_stores(database)
    await stores.users.add(User(id="user_bob", username="Bob", password_hash="h"))
    await stores.conversations.create(CONV, [message(one) for one in "abcd"])

    async def damage(statement: str) -> None:
        await database.write(lambda connection: connection.execute(text(statement)) and None)

    await damage("UPDATE conversations SET head_id = 'nowhere'")
    assert await shown(stores) == ["a", "b", "c", "d"]
    await damage("UPDATE messages SET parent_id = 'nowhere' WHERE id = 'c'")
    assert await shown(stores) == ["c", "d"]
    await damage("UPDATE messages SET parent_id = 'd' WHERE id = 'a'")
    await damage("UPDATE messages SET parent_id = 'b' WHERE id = 'c'")
    assert await shown(stores) == ["a", "b", "c", "d"]
    assert await stores.conversations.show("user_bob", "conv_1", "b")
    await stores.aclose()


class Model:
    """What is expected, told as plainly as can be: who follows whom, and what is shown last."""

    def __init__(self) -> None:
        self.follows: dict[str, str | None] = {}
        self.head: str | None = None

    def path(self) -> list[str]:
        """Give what is shown."""
        way: list[str] = []
        at = self.head
        while at is not None:
            way.insert(0, at)
            at = self.follows[at]
        return way

    def add(self, names: list[str], behind: str | None) -> None:
        """Add messages one behind the other."""
        self.head = behind
        for name in names:
            self.follows[name], self.head = self.head, name

    def newest_of(self, root: str | None) -> str | None:
        """Give the last written message whose way leads over `root`, or from nowhere."""
        for name in reversed(list(self.follows)):
            way, at = [None], name
            while at is not None:
                way.append(at)
                at = self.follows[at]
            if root in way:
                return name
        return root

    def drop(self, gone: str) -> None:
        """Drop a message."""
        before = self.follows.pop(gone)
        self.follows = {one: before if it == gone else it for one, it in self.follows.items()}
        if self.head == gone:
            self.head = before or next(reversed(self.follows), None)


STEP = st.tuples(
    st.sampled_from(["turn", "append", "edit", "anew", "silent", "drop", "show"]),
    st.integers(0, 1_000),
)


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def kind(request):
    """The adapter under test."""
    return request.param


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEP, max_size=25))
def test_whatever_happens_the_tree_is_that_of_a_simple_model(steps, kind, migrated_file, tmp_path):
    """Turns, additions, other versions, deletions and switches in any order."""
    asyncio.run(_replayed(steps, kind, migrated_file, tmp_path))


async def _replayed(steps, kind, migrated_file, tmp_path) -> None:
    stores = memory_stores()
    path = tmp_path / f"steward{next(NUMBERS)}.db"
    if kind == "sqlite":
        shutil.copy(migrated_file, path)
        stores = sql_stores(SqliteDatabase(f"sqlite+aiosqlite:///{path}"))
    await stores.users.add(User(id="user_bob", username="Bob", password_hash="h"))
    await stores.conversations.create(CONV)
    model = Model()
    for number, (what, which) in enumerate(steps):
        await _step(stores, model, what, which, number)
        assert await shown(stores) == model.path()
        assert await parents(stores) == model.follows
    await stores.aclose()


async def _step(stores: Stores, model: Model, what: str, which: int, number: int) -> None:
    conversations, path = stores.conversations, model.path()
    asked, said = f"q{number}", f"a{number}"
    if what == "append":
        await conversations.append(
            "user_bob", "conv_1", [message(asked)], title_if_empty="", now_ms=1
        )
        model.add([asked], model.head)
    elif what == "turn" or not path:
        await turn(stores, [asked], [said])
        model.add([asked, said], model.head)
    elif what in {"edit", "anew", "silent"}:
        replaced = path[which % len(path)]
        new = [asked] if what == "edit" else []
        answer = [] if what == "silent" else [said]
        await turn(stores, new, answer, replaces=replaced)
        model.add([*new, *answer], model.follows[replaced])
        if what == "silent":
            model.head = model.newest_of(model.head)
    else:
        name = list(model.follows)[which % len(model.follows)]
        if what == "drop":
            await conversations.edit_message("user_bob", "conv_1", name, lambda _: None, now_ms=1)
            model.drop(name)
        else:
            await conversations.show("user_bob", "conv_1", name)
            model.head = model.newest_of(name)
