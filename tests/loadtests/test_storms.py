"""Storms as people run them: a process of its own, real sockets, and every verdict that needs a storm."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import psutil
import pytest

from camsim import resources

ROOT = Path(__file__).parents[2]
LOCUSTFILE = ROOT / "loadtests" / "camsim_loadtests" / "locustfile.py"
# Where the verdict is not what is tested: a busy machine makes the driver late, and the run then says so.
PASSED_OR_BUSY = {0, 3}


def test_a_storm_that_keeps_its_thresholds_passes_and_leaves_three_reports(receiver, storm):
    target = receiver()

    ran = storm(target, "--readback", target.readback, "--fail-on", "p95<2s", "--fail-on", "lost==0", tries=5)

    assert ran.code == 0, ran.err
    document = ran.document
    jsonschema.validate(document, resources.load("schemas", "storm.json"))
    assert (document["outcome"], document["ledger"]["acknowledged"], document["readback"]["punches"]) == (
        "passed",
        50,
        50,
    )
    assert ElementTree.parse(ran.folder / "junit.xml").getroot().get("failures") in ("0", None)
    page = (ran.folder / "storm.html").read_text()
    assert page.count("<svg") == 3
    assert "http" not in page.replace(target.origin, "")


def test_a_stall_shows_in_the_latency_and_loses_nothing(receiver, storm, act):
    first_at = []

    def stalls(number, message):
        if number == 1:
            first_at[:] = [time.monotonic()]
        since = time.monotonic() - first_at[0] if number else 0.0
        return act(wait_s=2.6 - since) if 0.4 < since < 2.6 else act()

    target = receiver(stalls)
    ran = storm(
        target,
        "--duration",
        "3s",
        "--readback",
        target.readback,
        "--fail-on",
        "p99<1s",
        "--fail-on",
        "lost==0",
        tries=5,
    )

    assert ran.code == 1, ran.err
    document = ran.document
    assert document["latency"]["p99"] > 1.5
    assert [row["passed"] for row in document["thresholds"]] == [False, True]
    assert (document["readback"]["missing"], document["readback"]["doubled"]) == (0, 0)
    assert document["outages"]


def test_a_punch_lost_after_its_acknowledgement_is_named_by_user_and_time(receiver, storm, act):
    lost = []

    def loses_one(number, message):
        if number == 30:
            lost[:] = [message["RealTime"]["PunchLog"]]
            return act(store=0)
        return act()

    target = receiver(loses_one)
    ran = storm(target, "--readback", target.readback, "--settle", "300ms")

    assert ran.code == 1, ran.err
    (found,) = ran.document["readback"]["missing_named"]
    assert found["user"] == lost[0]["UserId"]
    assert found["what"] in {_instant(lost[0]["LogTime"])}
    assert ran.document["ledger"]["undelivered"] == 0
    assert f"user {found['user']} {found['what']}" in " ".join(ran.out.split())


def test_a_punch_stored_twice_fails_the_run(receiver, storm, act):
    target = receiver(lambda number, message: act(store=2 if number == 7 else 1))

    ran = storm(target, "--readback", target.readback)

    assert ran.code == 1, ran.err
    assert ran.document["readback"]["doubled"] == 1


def test_a_target_that_dies_leaves_undelivered_punches_and_fails(receiver, storm, act):
    def dies(number, message):
        if number == 20:
            target.server.socket.close()
        if number >= 20:
            raise ConnectionAbortedError
        return act()

    target = receiver(dies)
    ran = storm(target, "--drain-limit", "500ms")

    assert ran.code == 1, ran.err
    document = ran.document
    assert document["ledger"]["undelivered"] == document["ledger"]["total"] - document["ledger"]["acknowledged"] > 0
    assert document["ledger"]["undelivered_named"][0]["user"].isdigit()
    assert "connection refused" in {row["kind"] for row in document["errors"]}
    assert document["drain_s"] is None


def test_errors_are_retried_and_told_by_kind_with_an_example(receiver, storm, act):
    target = receiver(lambda number, message: act(status=503, text="busy", store=0) if number % 10 == 5 else act())

    ran = storm(target, "--readback", target.readback)

    assert ran.code in PASSED_OR_BUSY, ran.err
    (error,) = ran.document["errors"]
    assert error["kind"] == "HTTP 503"
    assert "503" in error["example"]["why"]
    assert ran.document["counts"]["retries"] == error["count"] > 0


def test_lost_acknowledgements_and_duplicates_are_sent_again_and_stored_once(receiver, storm):
    target = receiver()

    ran = storm(target, "--lost-ack", "0.2", "--duplicates", "0.3", "--readback", target.readback)

    assert ran.code in PASSED_OR_BUSY, ran.err
    counts = ran.document["counts"]
    assert counts["lost_acks"] == counts["retries"] > 0
    assert counts["duplicates"] > 0
    assert len(target.bodies) == 50 + counts["retries"] + counts["duplicates"] + 1  # and the canary
    assert ran.document["readback"]["doubled"] == 0


def test_two_processes_send_the_punches_of_one(receiver, storm):
    one, two = receiver(), receiver()

    first, _ = storm(one, "--start", "1700000000", wait=False)
    second = storm(two, "--start", "1700000000", "--processes", "2")
    first.communicate(timeout=60)

    assert {first.returncode, second.code} <= PASSED_OR_BUSY, second.err
    assert second.document["driver"]["workers_done"] == 2
    assert _punches(one) == _punches(two)
    assert set(_punches(two).values()) == {1}


def test_a_driver_that_was_late_is_no_judge(receiver, storm):
    target = receiver()
    process, folder = storm(target, "--duration", "2s", wait=False)
    until = time.monotonic() + 30
    while len(target.bodies) < 10 and time.monotonic() < until:
        time.sleep(0.01)
    (locust,) = psutil.Process(process.pid).children()
    locust.send_signal(signal.SIGSTOP)
    time.sleep(0.4)
    locust.send_signal(signal.SIGCONT)
    process.communicate(timeout=60)

    assert process.returncode == 3
    document = json.loads((folder / "storm.json").read_text())
    assert document["outcome"] == "could-not-judge"
    assert "more than 50 ms late" in document["doubts"][0]


def test_workers_of_another_machine_join_a_master(receiver, storm, free_port):
    target = receiver()
    port = ["--master-port", str(free_port)]
    master, folder = storm(target, "--master", "--expect-workers", "1", *port, "--fail-on", "lost==0", wait=False)
    worker, _ = storm("", "--worker", *port, wait=False)
    _, err = master.communicate(timeout=60)
    worker.communicate(timeout=60)

    assert master.returncode in PASSED_OR_BUSY, err
    assert json.loads((folder / "storm.json").read_text())["ledger"]["complete"]


def test_the_locustfile_runs_under_locust_itself_with_its_web_page(receiver, free_port):
    target = receiver()
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(LOCUSTFILE),
        "--host",
        target.url,
    ]
    options = ["--storm-rate", "20", "--storm-duration", "1", "--autostart", "--autoquit", "1"]
    process = subprocess.Popen(
        [*command, *options, "--web-port", str(free_port)],
        cwd=ROOT,
        text=True,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    page = _page(f"http://127.0.0.1:{free_port}/")
    heard = {row.laddr.ip for row in psutil.Process(process.pid).net_connections() if row.status == "LISTEN"}
    _, log = process.communicate(timeout=60)

    assert heard == {"127.0.0.1"}
    assert "storm_profile" in page
    assert process.returncode == 0, log
    assert len(target.bodies) == 20
    assert "'complete': True" in log


def test_locust_itself_asks_whose_the_target_is():
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--host", "http://169.254.169.254/"]

    ran = subprocess.run([*command, "--storm-duration", "1"], cwd=ROOT, text=True, capture_output=True, timeout=60)

    assert (ran.returncode, "169.254.169.254" in ran.stderr) == (4, True), ran.stderr


def test_a_killed_parent_takes_its_workers_with_it(receiver, storm):
    target = receiver()
    process, _ = storm(target, "--duration", "40s", "--processes", "2", wait=False)
    until = time.monotonic() + 30
    while len(target.bodies) < 10 and time.monotonic() < until:
        time.sleep(0.05)
    family = psutil.Process(process.pid).children(recursive=True)
    heard = {row.laddr.ip for one in family for row in one.net_connections() if row.status == "LISTEN"}
    process.kill()
    process.communicate(timeout=30)
    _, alive = psutil.wait_procs(family, timeout=30)

    assert (len(family), heard, alive) == (3, {"127.0.0.1"}, [])


@pytest.mark.parametrize("option", [["--profile", "encrypted"], ["--protocol", "v2"]])
def test_a_reference_receiver_keeps_every_punch_of_other_forms(storm, option):
    from camsim.receiver.running import start

    key = "0123456789abcdef0123456789abcdef"
    keyed = "encrypted" in option
    with start("memory", tokens=["camsimStormAuthToken000000000000"], key=key if keyed else None) as target:
        secret = ["--security-key", key] if keyed else []
        ran = storm(target, *option, *secret, "--readback", target.readback_url)

    assert ran.code in PASSED_OR_BUSY, ran.err
    assert ran.document["readback"]["punches"] == 50


def _instant(text):
    from camsim.protocol.timestamps import local, parse

    return local(parse(text).epoch_s).replace(" ", "T") + "Z"


def _punches(target):
    canary = 1
    bodies = [json.loads(body)["RealTime"] for body in target.bodies[canary:]]
    return Counter((body["PunchLog"]["UserId"], body["PunchLog"]["LogTime"], body["OperationID"]) for body in bodies)


def _page(url):
    until = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def test_a_flood_of_commands_is_answered_by_the_simulator(storm, tmp_path):
    ready = tmp_path / "ready.json"
    token = "camsimStormAuthToken000000000000"
    command = [sys.executable, "-m", "camsim", "serve", "--devices", "10", "--users", "5", "--auth-token", token]
    options = ["--latency", "0s", "--port", "0", "--management-port", "0", "--ready-file", str(ready)]
    with subprocess.Popen(
        [*command, *options], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as gateway:
        try:
            until = time.monotonic() + 30
            while not ready.exists() and time.monotonic() < until:
                time.sleep(0.05)
            url = json.loads(ready.read_text())["gateway_url"]
            ran = storm(url, "--profile", "rest-flood")
        finally:
            gateway.terminate()

    assert ran.code in PASSED_OR_BUSY, ran.err
    assert ran.document["ledger"]["complete"]
    assert ran.document["errors"] == []


def test_a_storm_that_is_stopped_leaves_no_process_behind(receiver, storm):
    target = receiver()
    process, _ = storm(target, "--duration", "60s", "--processes", "2", wait=False)
    until = time.monotonic() + 30
    while len(target.bodies) < 5 and time.monotonic() < until:
        time.sleep(0.05)
    helpers = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    _, err = process.communicate(timeout=30)

    assert process.returncode == 3
    assert "interrupted" in err
    assert len(helpers) == 3
    assert psutil.wait_procs(helpers, timeout=10)[1] == []
