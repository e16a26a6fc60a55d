"""Creating the missing record of a pair (C1, C7, F1, F7, G2, K4, K5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import constant
from taskbridge.core.draft import Draft
from taskbridge.core.fields import NO_SUBJECT
from taskbridge.core.records import MARKER_PREFIX
from taskbridge.core.rules import Rules
from taskbridge.core.terms import ALL_FIELDS, FIELDS, MERGED_FIELDS, TEMPLATE_INPUTS, LinkState, Op, Side
from taskbridge.core.view import View

_COPIED: Final = (*FIELDS, "remote_id", "person")
_KNOWN: Final = ("title", *TEMPLATE_INPUTS)


def originals_of_pairs(source: Side, pairs: View, *, again: bool) -> View:
    """The records on `source` of these pairs, to be copied; `again`: under the pair's next generation, as neither
    system takes the marker of a deleted record twice (G2). Reads what `compare` answers, adds what
    `originals_of_newcomers` adds."""
    prefix = source.prefix
    generation = next_generation(pairs) if again else pairs.cell("generation")
    columns = {name: pairs.cell(name) for name in ("link_id", "origin")} | {"generation": generation}
    columns |= {name: pairs.cell(f"{prefix}_now_{name}") for name in FIELDS}
    columns |= {name: pairs.cell(f"{prefix}_read_{name}") for name in ("remote_id", "person")}
    if source is Side.SALES_CONNECT:
        columns |= {name: pairs.cell(f"sc_now_{name}") for name in TEMPLATE_INPUTS}
    columns |= {f"known_{name}": pairs.cell(f"sc_{name}") for name in _KNOWN}
    return View(columns, pd.Index(pairs.places))


def originals_of_newcomers(source: Side, rows: View, rules: Rules) -> View:
    """Staged records of `source` that begin a pair. Adds `link_id`, `origin`, `generation`, and what the Sales Connect
    record of the pair was like as far as it had one: `known_title`, `known_type` and so on."""
    length = len(rows)
    wanted = (*_COPIED, *TEMPLATE_INPUTS) if source is Side.SALES_CONNECT else _COPIED
    columns = {name: rows.cell(name) for name in wanted} | {
        "link_id": _link_ids(source, rules.systems[source], rows.cell("remote_id")),
        "origin": constant(source, length),
        "generation": constant(1, length, pa.int32()),
        **{f"known_{name}": pa.nulls(length, pa.string()) for name in _KNOWN},
    }
    return View(columns, pd.Index(rows.places))


def _link_ids(side: Side, system: str, remote_ids: pa.Array) -> pa.Array:
    """The names of the pairs that begin with these records of an account or org."""
    return pc.binary_join_element_wise(f"{side.prefix}:{system}:", remote_ids, "")


def plan_creates(
    source: Side,
    originals: View,
    rules: Rules,
    draft: Draft,
    *,
    rule: str,
    lost: bool,
    new: bool = False,
) -> None:
    """Plans a record on the other side of `source` for each of the originals. `lost`: it replaces one that was
    deleted. `new`: the index of the originals is their place among the staged rows, else that of their pair."""
    length = len(originals)
    if not length:
        return
    target, people = source.other, rules.people
    users = people.place(source, originals.cell("owner"))
    inputs = _inputs(source, originals)
    written = {name: rules.crossing.create(target, name, originals.cell(name)) for name in MERGED_FIELDS}
    written["title"] = _title(source, originals, inputs, rules)
    sc_user = people.of("sc_user_id", users)
    _begin(source, originals, sc_user, draft)
    # The limits count a first import for nothing (G3). One that was planned before and never done still is one.
    first_import = people.owed(users) & (source is Side.SALESFORCE and not lost)
    here, nowhere = originals.places, np.full(length, -1, np.int64)
    seq = draft.add_actions(
        {
            "link_id": originals.cell("link_id"),
            "side": constant(target, length),
            "op": constant(Op.CREATE, length),
            "marker": marker(originals.cell("link_id"), originals.cell("generation")),
            "rule": constant(rule, length),
            "sc_user_id": sc_user,
            "first_import": pa.array(first_import),
            "mask": constant(ALL_FIELDS, length, pa.int32()),
            "person": _person(target, originals, rules),
            **written,
        },
        nowhere if new else here,
        here if new else nowhere,
    )
    _follow(source, originals, {"seq": seq}, inputs, written, draft)


def _begin(source: Side, originals: View, sc_user: pa.Array, draft: Draft) -> None:
    """The pair is stored as pending before anything is sent, so that a create is known before it is sent (G2)."""
    pair = {name: originals.cell(name) for name in ("link_id", "origin", "generation")}
    owned = {f"{source.prefix}_id": originals.cell("remote_id"), "owner": sc_user}
    draft.add_new_links(pair | owned, len(originals))


def _follow(
    source: Side,
    originals: View,
    waits: Mapping[str, pa.Array],
    inputs: Mapping[str, pa.Array],
    written: Mapping[str, pa.Array],
    draft: Draft,
) -> None:
    """Both records as they are then become the base."""
    length, target = len(originals), source.other
    everything = constant(ALL_FIELDS, length, pa.int32())
    draft.add_changes(
        {
            **waits,
            "link_id": originals.cell("link_id"),
            "state": constant(LinkState.LINKED, length),
            "sc_mask": everything,
            "sf_mask": everything,
            "inputs": constant(True, length, pa.bool_()),
            **{f"sc_{name}": values for name, values in inputs.items()},
            **{f"{source.prefix}_{name}": originals.cell(name) for name in FIELDS},
            **{f"{target.prefix}_{name}": written[name] for name in FIELDS},
        },
        length,
    )


def next_generation(pairs: View) -> pa.Array:
    return pc.add(pairs.cell("generation"), pa.scalar(1, pa.int32()))


def marker(link_id: pa.Array, generation: pa.Array) -> pa.Array:
    """What the created record carries, so that it can be found again (G2)."""
    return pc.binary_join_element_wise(MARKER_PREFIX, link_id, ":", pc.cast(generation, pa.string()), "")


def _title(source: Side, originals: View, inputs: Mapping[str, pa.Array], rules: Rules) -> pa.Array:
    title = originals.cell("title")
    if source is Side.SALES_CONNECT:
        return rules.template.render({"title": title, **inputs}, len(originals))
    return pc.coalesce(originals.cell("known_title"), title, pa.scalar(NO_SUBJECT))


def _inputs(source: Side, originals: View) -> dict[str, pa.Array]:
    if source is Side.SALES_CONNECT:
        return {name: originals.cell(name) for name in TEMPLATE_INPUTS}
    return as_was_known({name: originals.cell(f"known_{name}") for name in TEMPLATE_INPUTS})


def as_was_known(inputs: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """The template inputs of an SC record that is created: as the pair's was, if it had one (K5), else those of an
    import (F7)."""
    return {**inputs, "type": pc.fill_null(inputs["type"], "custom")}


def _person(target: Side, originals: View, rules: Rules) -> pa.Array:
    """Whom a new record is about; Salesforce is told by setting only."""
    told = target is Side.SALES_CONNECT or rules.policy.fill_person
    return originals.cell("person") if told else pa.nulls(len(originals), pa.string())
