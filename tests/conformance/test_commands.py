"""Every command and every exit code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from certifying import TOKEN, adapter
from typer.testing import CliRunner, Result

from camsim.receiver import Running, start
from camsim_conformance.command import app
from camsim_conformance.mutants import policy
from camsim_conformance.target.profile import parse_people

FAST = ("--auth-token", TOKEN, "--settle", "0.2")


def camsim(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def certify(receiver: Running, *words: object) -> Result:
    return camsim("certify", receiver.url, *FAST, *words)


@pytest.fixture
def broken() -> Iterator[Running]:
    with start(tokens=[TOKEN], broken=policy("no-dedupe")) as made:
        yield made


# --- certify ----------------------------------------------------------------------------------------------------------


def test_0_for_a_target_that_passes(receiver: Running) -> None:
    done = certify(receiver, "--requirement", "CB-DUP-*", "--readback", receiver.readback_url)
    assert (done.exit_code, "Passed. No grade: only a part of the requirements" in done.stdout) == (0, True)


def test_1_for_a_violation_with_quote_expected_stored_curl_and_replay(broken: Running, tmp_path: Path) -> None:
    words = ("--requirement", "CB-DUP-001", "--readback", broken.readback_url, "--out", tmp_path)
    done = certify(broken, *words)
    assert done.exit_code == 1
    for text in ("FAIL", "UserID + LogTime", "V3:1170", "expected", "2 rows", "curl", "camsim replay"):
        assert text in done.stdout


def test_1_for_an_expired_waiver(receiver: Running, tmp_path: Path) -> None:
    file = waivers(tmp_path, expires="2020-01-31")
    assert certify(receiver, "--requirement", "CB-ACK-001", "--waivers", file).exit_code == 1


def waivers(folder: Path, name: str = "CB-DUP-001", expires: str = "2999-01-31") -> Path:
    file = folder / "waivers.toml"
    file.write_text(f'[[waiver]]\nid = "{name}"\nreason = "fixed soon"\nowner = "payroll"\nexpires = {expires}\n')
    return file


@pytest.mark.parametrize(
    "words",
    [
        ("certify", "ftp://127.0.0.1/", *FAST),
        ("certify", "http://127.0.0.1:1/"),
        ("certify", "http://127.0.0.1:1/", *FAST, "--features", "teleport"),
        ("certify", "http://127.0.0.1:1/", *FAST, "--features", "aes"),
        ("certify", "http://127.0.0.1:1/", *FAST, "--security-key", "short"),
        ("certify", "http://127.0.0.1:1/", *FAST, "--protocol", "v9"),
        ("certify", "http://127.0.0.1:1/", *FAST, "--level", "perhaps"),
        ("certify", "http://127.0.0.1:1/", *FAST, "--requirement", "CB-NO-SUCH-*"),
        ("certify", "http://127.0.0.1:1/", *FAST, "--settle", "-1"),
        ("certify", "http://127.0.0.1:1/", *FAST, "--device", "colour=red"),
        ("certify", "http://127.0.0.1:1/", *FAST, "--users", "1,2"),
        ("certify", "http://127.0.0.1:1/", *FAST, "--readback", "nowhere"),
        ("certify", "http://127.0.0.1:1/", *FAST, "--waivers", "/no/such/file"),
        ("certify", "http://127.0.0.1:1/", *FAST, "--storm", "/no/such/file"),
        ("certify", "http://127.0.0.1:1/", *FAST, "--ca", "/no/such/file"),
        ("certify", "http://127.0.0.1:1/", *FAST, "--sign-key", "/no/such/file"),
        ("certify", "http://127.0.0.1:1/", *FAST, "--no-such-option"),
        ("explain", "CB-NO-999"),
        ("diff", "/no/such", "/no/such"),
        ("replay", "/no/such", "CB-DUP-001/twice", "--auth-token", TOKEN),
        ("verify", "/no/such", "--key", "/no/such"),
        ("requirements", "--protocol", "v9"),
        ("mutants", "run", "--only", "no-such-mutant"),
        ("mutants", "run", "--readback", "cmd:./x"),
    ],
    ids=lambda words: " ".join(words[:1] + words[-2:]),
)
def test_2_for_wrong_usage_with_one_line_and_nothing_sent(words: tuple[str, ...]) -> None:
    done = camsim(*words)
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert done.stderr


def test_a_wrong_key_is_never_shown() -> None:
    secret = "not-a-key-but-a-secret"
    assert secret not in camsim("certify", "http://127.0.0.1:1/", *FAST, "--security-key", secret).output


def test_3_for_a_target_that_does_not_answer() -> None:
    done = camsim("certify", "http://127.0.0.1:9/", *FAST, "--json")
    assert (done.exit_code, json.loads(done.stdout)["outcome"]) == (3, "incomplete")


def test_3_for_a_lying_adapter(receiver: Running) -> None:
    with adapter(lambda kind, users: {kind: []}) as url:
        assert certify(receiver, "--requirement", "CB-DUP-001", "--readback", url).exit_code == 3


@pytest.mark.parametrize(
    "words", [("http://93.184.216.34/",), ("http://127.0.0.1:9/", "--readback", "http://93.184.216.34/")]
)
def test_4_for_a_target_that_is_not_private(words: tuple[str, ...]) -> None:
    done = camsim("certify", words[0], *FAST, *words[1:])
    assert (done.exit_code, "--i-own-this" in done.stderr) == (4, True)


def test_a_waived_failure_passes_and_certifies_nothing(broken: Running, tmp_path: Path) -> None:
    words = ("--requirement", "CB-DUP-001", "--readback", broken.readback_url, "--waivers", waivers(tmp_path), "--json")
    done = certify(broken, *words)
    told = json.loads(done.stdout)
    assert (done.exit_code, told["grade"], told["requirements"][0]["verdict"]) == (0, "none", "FAIL")
    assert "waived" in told["not_shown"]


# --- the others -------------------------------------------------------------------------------------------------------


def test_explain_says_what_is_asked_and_who_asks_it() -> None:
    done = camsim("explain", "cb-ord-001")
    assert done.exit_code == 0
    assert "Design your application to accept punches that arrive out of chronological order." in done.stdout


def test_requirements_are_listed_as_text_and_json() -> None:
    assert "CB-DUP-001" in camsim("requirements").stdout
    assert {row["id"][:2] for row in json.loads(camsim("requirements", "--protocol", "v2", "--json").stdout)} == {"V2"}


def test_replay_sends_the_kept_bytes_and_fills_the_secret(
    failed: tuple[dict[str, Any], Path], receiver: Running
) -> None:
    _, out = failed
    done = camsim("replay", out, "CB-DUP-001/twice", "--auth-token", TOKEN, "--url", receiver.url, "--same")
    assert (done.exit_code, done.stdout.count("HTTP 200")) == (0, 2)
    assert receiver.counts()["punch"] == 1


def test_replay_fails_on_an_answer_that_is_no_acknowledgement(failed: tuple[dict[str, Any], Path]) -> None:
    _, out = failed
    with start(tokens=[TOKEN], broken=policy("ack-empty")) as wrong:
        done = camsim("replay", out, "CB-DUP-001/twice", "--auth-token", TOKEN, "--url", wrong.url, "--same")
    assert (done.exit_code, "no acknowledgement" in done.stdout) == (1, True)


def test_replay_names_a_late_answer(failed: tuple[dict[str, Any], Path], receiver: Running) -> None:
    words = ("replay", failed[1], "CB-DUP-001/twice", "--auth-token", TOKEN, "--url", receiver.url)
    done = camsim(*words, "--deadline", "0.001ms")
    assert (done.exit_code, "--deadline 2s" in done.stderr) == (2, True)
    done = camsim(*words, "--deadline", "1ms")
    late = [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("  late:")]
    assert (done.exit_code == 1) is bool(late)


def test_replay_names_the_cases_there_are(failed: tuple[dict[str, Any], Path]) -> None:
    done = camsim("replay", failed[1], "CB-DUP-001/nothing", "--auth-token", TOKEN)
    assert (done.exit_code, "CB-DUP-001/" in done.stderr) == (2, True)


@pytest.mark.parametrize("how", [(), ("--same",)])
def test_replay_of_a_dead_target_is_no_verdict(failed: tuple[dict[str, Any], Path], how: tuple[str, ...]) -> None:
    words = ("replay", failed[1], "CB-DUP-001/twice", "--auth-token", TOKEN, "--url", "http://127.0.0.1:9/", *how)
    assert camsim(*words).exit_code == 3


def test_certify_says_how_much_it_will_send_before_it_does(receiver: Running) -> None:
    done = certify(receiver, "--requirement", "CB-DUP-001")
    assert re.search(r"  \d+ cases, \d+ requests, about \d+ s", done.stderr)
    assert done.stderr.index(" requests") < done.stderr.index("sending")


def test_diff_reads_a_result_of_the_first_schema(passed: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    old = json.loads(json.dumps(passed[0]))
    old["schemaVersion"] = 1
    for name in ("exports", "causes", "factors"):
        del old[name]
    for row in old["requirements"]:
        del row["causes"]
        row["verdict"] = "FAIL" if row["id"] == "CB-DUP-001" else row["verdict"]
    (tmp_path / "result.json").write_text(json.dumps(old))
    done = camsim("diff", tmp_path, passed[1])
    assert (done.exit_code, "better  CB-DUP-001: FAIL -> PASS" in done.stdout) == (0, True)


def test_diff_tells_a_regression(passed: tuple[dict[str, Any], Path], failed: tuple[dict[str, Any], Path]) -> None:
    worse = camsim("diff", passed[1], failed[1])
    assert (worse.exit_code, "CB-DUP-001: PASS -> FAIL" in worse.stdout) == (1, True)
    assert camsim("diff", failed[1], passed[1]).exit_code == 0
    assert camsim("diff", passed[1], passed[1], "--json").stdout.strip().startswith("{")


def test_mutants_are_listed() -> None:
    assert "no-dedupe" in camsim("mutants", "list").stdout
    assert json.loads(camsim("mutants", "list", "--json").stdout)["benign"]


def test_mutants_run_tells_whether_the_adapter_kills_them() -> None:
    done = camsim("mutants", "run", "--only", "outs-as-ins", "--workers", "1", "--json")
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert done.exit_code == 0
    assert "CB-PUNCH-002" in rows["outs-as-ins"]["failed"]


def test_a_long_list_of_users_is_no_file_name() -> None:
    people = [str(10_000 + n) for n in range(400)]
    assert list(parse_people(",".join(people))) == people
