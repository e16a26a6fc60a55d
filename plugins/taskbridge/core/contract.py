"""What TaskBridge needs of a system's object, and whether the object as the system describes it has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from taskbridge.core.finding import Finding, Level, ok, problem, warning


@dataclass(frozen=True)
class FieldShape:
    """A field as the integration user may use it. `values` are the active ones of a picklist, in their order."""

    name: str
    createable: bool = True
    updateable: bool = True
    external_id: bool = False
    unique: bool = False
    restricted: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class ObjectShape:
    """An object as the integration user may use it. A field that is hidden from that user is not among them."""

    name: str
    readable: bool
    createable: bool
    updateable: bool
    deletable: bool
    fields: Mapping[str, FieldShape] = field(default_factory=dict)


@dataclass(frozen=True)
class FieldNeed:
    """A field that is read; and set when a record is created, changed later, given one of `values`.

    `without`: what it means when the field is not there or may not be used so; empty where nothing goes without it.
    """

    name: str
    create: bool = False
    update: bool = False
    values: tuple[str, ...] = ()
    without: str = ""


@dataclass(frozen=True)
class ObjectNeed:
    """An object, its fields, the rights, and the field that carries the marker (G2), if one has to.

    `shared` names the object on which the marker field is defined, for the remedy.
    """

    name: str
    fields: tuple[FieldNeed, ...]
    marker: str | None = None
    shared: str = ""
    rights: tuple[str, ...] = ("read", "create", "edit", "delete")


@dataclass(frozen=True)
class Contract:
    """An object's description, judged. Both are empty for a system that describes nothing."""

    name: str = ""  # of the object
    findings: tuple[Finding, ...] = ()
    readable: bool = True  # every field that is read can be seen
    values: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # of picklists that are mapped, by field
    absent: frozenset[str] = frozenset()  # fields that are done without

    @property
    def breaches(self) -> tuple[Finding, ...]:
        """What keeps TaskBridge from working."""
        return tuple(found for found in self.findings if found.level is Level.PROBLEM)

    @property
    def sentence(self) -> str:
        """The breaches in one sentence, for an error."""
        named = ". ".join(map(str, self.breaches))
        return f"salesforce_default: {self.name} lacks what the sync needs. {named}. Nothing is written until then"


def judge(shape: ObjectShape | None, need: ObjectNeed) -> Contract:
    """The description against the need, a finding for each right, field and picklist; None: no such object."""
    if shape is None:
        rights = ", ".join(need.rights)
        return Contract(
            need.name,
            (
                problem(
                    need.name,
                    f"the object {need.name} is not to be seen",
                    f"{need.name}, with the rights {rights}",
                    f"grant the integration user the rights {rights} on {need.name}",
                ),
            ),
            readable=False,
        )
    absent = frozenset(each.name for each in need.fields if each.without and not _usable(shape, each))
    needed = replace(need, fields=tuple(each for each in need.fields if each.name not in absent))
    findings = [*_rights(shape, needed), *_fields(shape, needed), *_picklists(shape, needed)]
    findings += [_done_without(shape.name, each) for each in need.fields if each.name in absent]
    if need.marker is not None:
        findings.append(_marker(shape, need.marker, need.shared))
    values = {
        each.name: shape.fields[each.name].values
        for each in needed.fields
        if each.values and each.name in shape.fields
    }
    wanted = {each.name for each in needed.fields} | {need.marker or need.fields[0].name}
    readable = shape.readable and wanted <= shape.fields.keys()
    return Contract(need.name, tuple(findings), readable, values, absent)


def new_values(
    before: Mapping[str, tuple[str, ...]], now: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Values that a picklist has now and had not before, by field."""
    return {
        name: added
        for name, values in now.items()
        if name in before and (added := tuple(value for value in values if value not in before[name]))
    }


def _rights(shape: ObjectShape, need: ObjectNeed) -> Iterator[Finding]:
    granted = {
        "read": shape.readable,
        "create": shape.createable,
        "edit": shape.updateable,
        "delete": shape.deletable,
    }
    for right in need.rights:
        subject = f"{shape.name}: {right}"
        if granted[right]:
            yield ok(subject, "allowed")
        else:
            yield problem(
                subject,
                "not allowed",
                "allowed",
                f"grant the integration user '{right.title()}' on {shape.name} by a permission set",
            )


def _fields(shape: ObjectShape, need: ObjectNeed) -> Iterator[Finding]:
    for each in need.fields:
        if each.create or each.update:
            yield _field(shape, each)
    only_read = [each.name for each in need.fields if not each.create and not each.update]
    hidden = [name for name in only_read if name not in shape.fields]
    if hidden:
        yield _hidden(shape.name, ", ".join(hidden))
    else:
        yield ok("fields that are only read", f"all {len(only_read)} to be seen")


def _usable(shape: ObjectShape, need: FieldNeed) -> bool:
    found = shape.fields.get(need.name)
    return (
        found is not None and (found.createable or not need.create) and (found.updateable or not need.update)
    )


def _done_without(object_name: str, need: FieldNeed) -> Finding:
    use = "to be seen and set" if need.create else "to be seen"
    return warning(
        f"field {need.name}",
        f"not there, or hidden from the integration user: {need.without}",
        use,
        f"if that is not wanted, give the integration user access to {object_name}.{need.name} (field-level security)",
    )


def _field(shape: ObjectShape, need: FieldNeed) -> Finding:
    found = shape.fields.get(need.name)
    if found is None:
        return _hidden(shape.name, need.name)
    lacking = [
        word
        for word, needed, given in (
            ("set on create", need.create, found.createable),
            ("edited", need.update, found.updateable),
        )
        if needed and not given
    ]
    if lacking:
        return problem(
            f"field {need.name}",
            f"to be seen, but not to be {' or '.join(lacking)}",
            "to be seen and edited",
            f"give the integration user edit access to {shape.name}.{need.name} (field-level security)",
        )
    return ok(f"field {need.name}", "to be seen and edited" if need.update else "to be seen and set")


def _hidden(object_name: str, names: str) -> Finding:
    return problem(
        f"field {names}",
        "not there, or hidden from the integration user",
        "to be seen",
        f"create it, or give the integration user access to {object_name}.{names} (field-level security)",
    )


def _marker(shape: ObjectShape, name: str, shared: str) -> Finding:
    subject = f"marker field {name}"
    found = shape.fields.get(name)
    wanted = "a Text(255) field: External ID, Unique, to be seen and set"
    where = f" on {shared}" if shared else ""
    if found is None:
        return problem(
            subject,
            "not there, or hidden from the integration user",
            wanted,
            f"create it{where}, give the integration user edit access to it on {shape.name}, or name another "
            "field in the setting salesforce_marker_field",
        )
    faults = [
        word
        for word, given in (
            ("not an External ID", found.external_id),
            ("not Unique", found.unique),
            ("not to be set", found.createable),
        )
        if not given
    ]
    if faults:
        return problem(
            subject,
            ", ".join(faults),
            wanted,
            f"mark the field{where} as External ID and Unique, and give the integration user edit access to it "
            f"on {shape.name}: without it a create could happen twice",
        )
    return ok(subject, "External ID, Unique, to be seen and set")


def _picklists(shape: ObjectShape, need: ObjectNeed) -> Iterator[Finding]:
    for each in need.fields:
        if each.values and each.name in shape.fields:
            yield _picklist(shape, each, shape.fields[each.name])


def _picklist(shape: ObjectShape, need: FieldNeed, found: FieldShape) -> Finding:
    subject = f"values of {need.name}"
    kind = "restricted" if found.restricted else "not restricted"
    missing = [value for value in need.values if value not in found.values]
    if not missing:
        return ok(subject, f"{', '.join(need.values)} are active; the picklist is {kind}")
    seen = f"{', '.join(missing)} missing or inactive among {', '.join(found.values)}; the picklist is {kind}"
    remedy = f"add or activate {', '.join(missing)} in the picklist {shape.name}.{need.name}"
    if found.restricted:
        return problem(subject, seen, f"{', '.join(need.values)}, active", f"{remedy}, with these API names")
    # What is not restricted takes any text, but people are not offered it, and it may close no task.
    return warning(subject, seen, f"{', '.join(need.values)}, active", f"{remedy}, with these API names")
