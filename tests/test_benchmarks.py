"""The benchmarks run and measure something; their figures are judged by make bench, not here."""

from __future__ import annotations

import re

import pytest

from benchmarks import charon, config, flood, gap, handshake, kernel, large, scale, show, stages, start
from benchmarks.figure import Figure


def test_a_handshake_costs_more_than_its_cryptography() -> None:
    assert handshake.measure(handshakes=20, rounds=1, warm_up=2).value > 1


def test_charon_is_measured_or_said_not_to_be() -> None:
    line = charon.compare(handshakes=3, rounds=1, warm_up=1)
    assert "RAW where the engine costs" in line or "not measured, since" in line, line


@pytest.mark.parametrize("dialect", ["ios", "asa"])
def test_both_grammars_read_lines_of_every_mode(dialect: str) -> None:
    figure = config.measure(dialect, lines=200, rounds=1)
    assert figure.value > 0
    modes = {mode for mode, _ in config.sample_lines(dialect, 200)}
    assert len(modes) >= 5, "whole sections of the samples are read by one grammar only"


def test_a_command_is_answered_by_a_running_engine() -> None:
    assert start.measure(rounds=1).value > 0


def test_a_large_configuration_is_read_run_shown_stored_and_pasted() -> None:
    found = list(large.figures(20))
    assert [figure.unit for figure in found] == ["s", "x the text", *["ms"] * 2, "s", *["ms"] * 3, "s"]
    assert "20 tunnels run" in found[0].name


def test_all_sas_are_shown() -> None:
    assert show.measure(sas=10, rounds=1).value > 0


def test_the_loops_gaps_are_seen() -> None:
    assert gap.measure(sas=20).value > 0


def test_a_sign_of_life_in_a_flood_is_measured() -> None:
    assert flood.measure(rate=500, seconds=0.3).value > 0


def test_an_appliance_of_many_peers_is_measured() -> None:
    assert scale.memory(sas=5).value >= 0
    assert scale.one_more(sas=20, rounds=1, handshakes=2).value > 0
    assert all(scale.checks(query, sas=5).value > 0 for query in scale.CHECK_BOUNDS)


def test_all_child_sas_of_a_crowd_are_rekeyed_in_their_lives() -> None:
    assert scale.rekeys(sas=20, lifetime=120).value >= 1


@pytest.mark.live
def test_the_stages_of_a_packet_and_an_sa_of_the_kernel_are_measured() -> None:
    [line] = stages.measure(rounds=1)
    assert re.search(r"choose and seal \d", line)
    [figure] = kernel.measure(children=5)
    assert isinstance(figure, Figure)
    assert figure.value > 0


def test_a_figure_says_whether_it_is_as_wanted() -> None:
    assert "wanted: at most 3: MISSED" in str(Figure("start", 3.1, "x", 3, "in turn"))
    assert "wanted: at least 2: met" in str(Figure("read", 2.0, "x", 2, "in turn", least=True))
