"""Every command of both dialects does something, or says why not when it is entered.

Each is tried on a base configuration, in each mode of its kind, with each of its words and values. What it does must be
seen in the intent or in a complaint; or be said when it is typed; or stand in one of the tables here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from ikecli.language import load
from ikecli.language.negation import explicit, head, negated_pattern
from ikecli.language.notation import Declaration
from ikecli.language.reference import describe, syntax
from tests.grammar.bench import NO_CONFIGURATION, Bench, Trial, Way
from tests.grammar.samples import Sample, Sampler

TESTS: Final = Path(__file__).parent.parent

PASSWORDS: Final = "config/test_secrets.py::test_passwords_are_hashes_that_verify"
NAMES: Final = "config/test_lists_asa.py::test_a_name_stands_for_its_address_only_while_names_are_used"
SMART: Final = (
    "config/test_smart.py::test_to_disable_a_default_forgets_its_own_values_and_to_configure_it_brings_it_back"
)
FIREWALL_LOG: Final = "config/test_syslog.py::test_how_sessions_of_a_firewall_print_the_log"
ELSEWHERE: Final[Mapping[str, str]] = {
    "ios archive: *": "daemon/test_archive.py::test_the_archive_keeps_its_maximum_and_secrets_sealed",
    "ios config: service timestamps*": "config/test_syslog.py::test_stamps_of_lines",
    "ios config: logging buffered*": "config/test_syslog.py::test_the_buffer_shows_its_newest_lines",
    "ios config: logging monitor*": "config/test_syslog.py::test_how_sessions_print_the_log",
    "ios config: enable*": PASSWORDS,
    "ios config: service password-encryption": (
        "config/test_secrets.py::test_service_password_encryption_is_for_what_is_no_secret"
    ),
    "ios config: username NAME*": PASSWORDS,
    "ios config: ip nat inside source list * > INTERFACE": "lab/test_nat.py::test_what_is_translated_is_shown",
    "ios ikev2-proposal: pqc > optional": ("lab/test_post_quantum.py::test_what_is_optional_or_in_common_is_agreed_on"),
    "ios config: no alias exec *": "transcripts/walk.txt::no alias exec p",
    "ios config: alias exec NAME*": "transcripts/greeting.txt::alias exec sas show crypto ikev2 sa",
    "ios config: privilege exec *": (
        "daemon/test_levels.py::test_a_request_is_granted_or_refused_as_privilege_lines_say"
    ),
    "ios config: route-map NAME * > <0-65535>": "transcripts/filters.txt::route-map BELIEVED deny 20",
    "ios config: crypto ikev2 diagnose error*": "transcripts/limits.txt::crypto ikev2 diagnose error",
    "ios config: crypto logging *": "debug/test_lines.py::test_a_router_logs_sessions_as_it_is_told_to",
    "ios config: banner *": "shell/test_session.py::test_banners_are_for_a_person_alone",
    "ios config: no crypto {ikev2 proposal *": SMART,
    "ios config: crypto ipsec ipv4-deny*": "config/test_denies.py::test_a_router_does_so",
    "ios config: crypto ipsec optional retry*": (
        "config/test_words_ios.py::test_packets_go_in_clear_without_an_sa_only_where_that_is_said"
    ),
    "ios interface: tunnel protection ipsec profile > shared": (
        "lab/test_tunnels.py::test_tunnels_between_the_same_ends_are_told_apart_by_their_key"
    ),
    "ios vrf-family: exit-address-family": "config/test_words_ios.py::test_an_address_family_may_say_unicast",
    "asa config: domain-name*": "config/test_lists_asa.py::test_the_domain_is_in_the_identity_by_hostname",
    "asa config: enable password*": PASSWORDS,
    "asa config: username NAME*": PASSWORDS,
    "asa config: crypto * set ikev2 pre-shared-key *": (
        "config/test_keys_asa.py::test_of_two_keys_for_one_peer_the_first_holds"
    ),
    "asa config: names": NAMES,
    "asa config: name {A.B.C.D | X:X::X:X} NAME*": NAMES,
    "asa config: *banner {motd | login | exec}*": "transcripts/greeting.txt::banner",
    "asa config: logging timestamp*": FIREWALL_LOG,
    "asa config: logging buffered*": FIREWALL_LOG,
    "asa config: logging buffer-size*": FIREWALL_LOG,
    "asa config: logging monitor*": FIREWALL_LOG,
    "asa interface: security-level*": "show/shown.py::show.nameif",
}
"""What changes something else than the intent, and the test that shows it: a file, and what stands in it."""

TEXTS: Final = (
    "* description*", "* remark*", "ios ip-sla-echo: tag*", "ios ip-sla-echo: owner*",
    "ios config: access-list * > LINE", "ios config: ip* route * > name",
    "ios config: ip* route * > LABEL",
)  # fmt: skip
"""What is written for people to read in the configuration."""

ALIKE: Final[Mapping[str, str]] = {
    "asa interface: ip address > dhcp": "the machine's DHCP client brings its default route with setroute or without",
    "ios config: route-map NAME * > permit": "an entry permits unless it says deny",
    "* > 0": "what follows is the key or password itself in any case",
    "ios config: logging host A.B.C.D > transport": "UDP is the default",
    "ios ikev2-profile: config-mode set": "as config-exchange set send, which is the default",
    "asa config: crypto isakmp identity > auto": "with pre-shared keys it is the address",
    "asa config: crypto ikev2 fragmentation > preferred-method": "the one that is served is preferred",
    "asa config: logging host INTERFACE A.B.C.D > INTERFACE": "the routing table says where a server is",
    "asa config: access-list NAME * > any4": "any is of IPv4, as the help says",
    "asa config: object-group service NAME > *": "whose ports they are is said by the line that names the group",
    "asa service-group: port-object * > range": "of a single port",
}
"""What means the same as not to say it, and why."""


ENOUGH: Final = 3
"""Lines of a command that are taken back."""


def needed(patterns: Mapping[str, str], title: str) -> str:
    """Return the pattern that a title fits, or nothing."""
    return next((pattern for pattern in patterns if fnmatchcase(title, pattern)), "")


@cache
def bench(dialect: str) -> Bench:
    return Bench(dialect)


def modes() -> list[tuple[str, str]]:
    return [
        (dialect, name) for dialect in ("ios", "asa") for name in load(dialect).modes if name not in NO_CONFIGURATION
    ]


def commands(dialect: str, name: str) -> list[Declaration]:
    return [each for each in load(dialect).modes[name].file.declarations if not each.target.part]


def inert(declaration: Declaration) -> bool:
    return declaration.target.operator in ("~", "~>")


def listed(declaration: Declaration) -> bool:
    """Tell whether each line is added to a list."""
    return declaration.target.operator == "+" and declaration.target.path[-1].keys is None


def title_of(dialect: str, declaration: Declaration) -> str:
    return f"{dialect} {declaration.mode}: {syntax(declaration.pattern if listed(declaration) else head(declaration))}"


class Judge:
    """Finds out which words of a command do something."""

    def __init__(self, on: Bench, declaration: Declaration) -> None:
        self.bench, self.declaration = on, declaration
        self.title = title_of(on.store.dialect, declaration)
        self.sampler = Sampler(on.store.dialect, on.store.names)
        self.effective = declaration.target.operator == ">"
        self.leaves: dict[str, str] = {}
        helped = {each.declaration: dict(each.words) for each in describe(on.store.language.modes[declaration.mode])}
        self.taken = {word for word, text in helped[declaration].items() if text.startswith("Taken")}

    def places(self) -> Iterator[tuple[Way, list[Sample]]]:
        for way in self.bench.ways[self.declaration.mode]:
            for keys in self.sampler.keys(self.declaration, self.bench.owner(way)):
                yield way, self.sampler.samples(self.declaration, keys)

    def silent(self) -> list[str]:
        """Return what does nothing and says nothing of it."""
        done: set[str] = set(self.taken)
        for way, samples in self.places():
            self._try(way, samples, done)
            if self.effective and not self.leaves.keys() - done:
                break
        found = [] if self.effective else [self.title]
        return found + [f"{self.title} > {leaf}" for leaf in self.leaves if leaf not in done]

    def _try(self, way: Way, samples: list[Sample], done: set[str]) -> None:
        base = self.bench.trial(way)
        tried: dict[int, Trial] = {}

        def trial(at: int) -> Trial:
            if at not in tried:
                tried[at] = self.bench.trial(way, samples[at].line)
                assert_read(tried[at], samples[at].line)
            return tried[at]

        self._whole(way, base, trial(0), samples[0].line)
        for at, sample in enumerate(samples[1:], 1):
            if sample.leaf in done:
                continue
            self.leaves[sample.leaf] = sample.line
            one, other = trial(at), trial(sample.than)
            self.effective = self.effective or differ(one, base)
            told = sample.than and (other.messages, other.complaints) != (trial(0).messages, trial(0).complaints)
            if differ(one, other) or self.declaration.target.operator == "-" or told:
                done.add(sample.leaf)

    def _whole(self, way: Way, base: Trial, first: Trial, line: str) -> None:
        if self.declaration.target.operator == "-":
            self.effective |= any(
                self.bench.trial(way, *set_before).draft != self.bench.trial(way, *set_before, line).draft
                for set_before in ((), *self._setting())
            )
        elif not self.effective:
            negated = negated_pattern(self.declaration) is not None
            without = self.bench.trial(way, f"no {line}") if negated else base
            self.effective = differ(first, base) or first.intent != without.intent

    def _setting(self) -> Iterator[tuple[str]]:
        """Yield lines that set what the command clears."""
        cleared = {self.declaration.target.path, *self.declaration.target.also}
        for other in commands(self.bench.store.dialect, self.declaration.mode):
            if other.target.operator in ("=", "+") and other.target.path in cleared:
                yield from ((sample.line,) for sample in self.sampler.samples(other, {})[:2])


def differ(one: Trial, other: Trial) -> bool:
    """Tell whether two trials had different effects, or what was said differed."""
    return (one.intent, one.complaints, one.messages) != (other.intent, other.complaints, other.messages)


def assert_read(trial: Trial, line: str) -> None:
    """A line is accepted, or refused for a reason that is no matter of its words."""
    (outcome,) = trial.outcomes
    assert outcome.accepted or (outcome.messages and outcome.error is None), (line, outcome)


@pytest.mark.parametrize(("dialect", "name"), modes())
def test_what_has_no_effect_says_so(dialect: str, name: str) -> None:
    silent = [
        title
        for declaration in commands(dialect, name)
        if not inert(declaration)
        for title in Judge(bench(dialect), declaration).silent()
    ]
    excused = dict.fromkeys(TEXTS, "") | ELSEWHERE | ALIKE
    unexplained = [title for title in silent if not needed(excused, title)]
    assert not unexplained, unexplained
    here = [pattern for pattern in (*ELSEWHERE, *ALIKE) if pattern.startswith(f"{dialect} {name}:")]
    assert [pattern for pattern in here if not any(fnmatchcase(title, pattern) for title in silent)] == []


@pytest.mark.parametrize(("dialect", "name"), modes())
def test_what_is_kept_without_effect_says_why(dialect: str, name: str) -> None:
    on = bench(dialect)
    sampler = Sampler(dialect, on.store.names)
    way = on.ways[name][0]
    base = on.trial(way)
    for declaration in filter(inert, commands(dialect, name)):
        for sample in sampler.samples(declaration, {}):
            trial = on.trial(way, sample.line, resolved=False)
            if declaration.target.refused:
                assert declaration.target.reason.casefold() in trial.messages[0].casefold(), sample.line
            elif trial.verdict == "inert":
                assert trial.messages[0] == f"NOTE: kept, no effect: {declaration.target.reason}.", sample.line
                if not explicit(declaration):
                    taken = on.trial(way, sample.line, f"no {sample.line}", resolved=False)
                    assert taken.draft == base.draft, sample.line
            else:
                assert on.trial(way, sample.line).complaints != base.complaints, sample.line


@pytest.mark.parametrize(("dialect", "name"), modes())
def test_what_is_typed_is_written_reads_back_and_is_undone(dialect: str, name: str) -> None:
    on = bench(dialect)
    sampler = Sampler(dialect, on.store.names)
    for declaration in commands(dialect, name):
        way = on.ways[name][0]
        keys = sampler.keys(declaration, on.owner(way))[0]
        lines = [sample.line for sample in sampler.samples(declaration, keys)]
        for some in [lines] if listed(declaration) else [[line] for line in lines]:
            assert on.comes_back(way, some), some
        for line in lines[:ENOUGH]:
            undone(on, declaration, way, line)


def undone(on: Bench, declaration: Declaration, way: Way, line: str) -> None:
    """`no` in front of a line takes it back, whatever was there before."""
    if inert(declaration) or negated_pattern(declaration) is None or declaration.target.fixed:
        return
    taken, without, base = (
        on.trial(way, *lines, resolved=False) for lines in ((line, f"no {line}"), (f"no {line}",), ())
    )
    if taken.verdict == without.verdict == "accepted":
        assert taken.draft in (without.draft, base.draft), line


@pytest.mark.parametrize(("dialect", "name"), modes())
def test_each_word_and_value_is_offered_with_its_help(dialect: str, name: str) -> None:
    on = bench(dialect)
    mode = load(dialect).modes[name]
    sampler = Sampler(dialect, on.store.names)
    for declaration in commands(dialect, name):
        words = sampler.samples(declaration, {})[0].words
        for at, word in enumerate(words):
            offered = mode.ask(" ".join((*words[:at], "")), on.store.names)
            assert all(each.help or each.live or each.label == "<cr>" for each in offered), words[: at + 1]
            fits = [each for each in offered if not each.completes or word.startswith(each.label)]
            assert fits, words[: at + 1]


def test_what_is_said_to_be_shown_elsewhere_is() -> None:
    for place in ELSEWHERE.values():
        file, _, what = place.partition("::")
        assert what in (TESTS / file).read_text(), place
